"""weather_files/"""

from typing import Annotated, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.endpoints import CSV, WRITE, Call, Example, Reply, Resource
from chalicelib.api.http.fields import OUTPUT, Query, Station
from chalicelib.api.shared import normal_files
from chalicelib.store.series import series

resource = Resource(
    "weather_files",
    "file",
    "Normal years (typical meteorological years) as NREL and the California Energy Commission publish them.",
)


class WeatherFileQuery(Query):
    """The station, if the file does not have it."""

    station: Station | None = Field(
        default=None, description="The station's USAF id, if line 1 of the file does not begin with it."
    )


@with_config(OUTPUT)
class WeatherFileOut(TypedDict):
    """What was read from the file."""

    station: str
    dataset: Literal["normal"]
    records: Annotated[int, Field(ge=0)]


@resource.endpoint(
    "POST",
    "/weather_files/",
    scope=WRITE,
    query=WeatherFileQuery,
    body=Annotated[str, Field(description="A TMY3 or CZ2010 file as it was published, with all 8760 hours.")],
    accepts=CSV,
    returns=WeatherFileOut,
    status=201,
    examples={
        "Burbank": Example(response={"station": "722880", "dataset": "normal", "records": 8760}),
    },
)
def add_weather_file(call: Call[str, WeatherFileQuery]) -> Reply:
    """Add a normal year from a TMY3 or CZ2010 file; it replaces the station's normal year.

    Send the file as it was published. The station and its standard time are read from line 1, and the dry-bulb
    temperatures in °C from the lines after the column names, one per hour from 1 to 24. They are stored in °F;
    `weather_records/?dataset=normal` lists them.
    """
    station, column = normal_files.read(call.body, call.query.station)
    series.replace(series.weather_prefix("normal", station), column)
    return Reply(WeatherFileOut(station=station, dataset="normal", records=len(column)))
