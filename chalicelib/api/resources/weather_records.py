"""weather_records/"""

from functools import partial
from typing import Annotated, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import MAX_ITEMS, OUTPUT, Body, Instant, Station, Timestamp
from chalicelib.api.http.items import Items
from chalicelib.api.http.paging import LINK, page
from chalicelib.api.http.problems import error, raise_if_any
from chalicelib.api.http.times import timestamp
from chalicelib.api.shared.records import CUT_SHORT, RecordsAccepted, SeriesQuery, cursors, read_page
from chalicelib.api.shared.temperatures import Temperature, Unit, fahrenheit, range_error
from chalicelib.instants import microseconds, moment
from chalicelib.store.series import series
from chalicelib.store.series.series import Column

resource = Resource("weather_records", "record", "The hourly temperatures of weather stations.")

Dataset = Literal["observed", "normal"]


class WeatherRecordIn(Body):
    """A temperature of a station."""

    station: Station = Field(description="The station's USAF id.")
    dataset: Dataset = Field(
        description="`observed`, or `normal`: a typical meteorological year of 8760 hours, whose calendar year is "
        "ignored."
    )
    start: Instant = Field(description="The start of the hour.")
    temperature: Temperature = Field(
        description="From -130 to 140 °F, or -90 to 60 °C. Leave out hours without an observation: null and 999.9 "
        "are refused."
    )
    unit: Unit = Field(description="Degrees Fahrenheit or Celsius.")


@with_config(OUTPUT)
class WeatherRecordOut(TypedDict):
    """A temperature as it is stored, in °F."""

    station: str
    dataset: Dataset
    start: Timestamp
    temperature: float
    unit: Literal["F"]


class WeatherRecordQuery(SeriesQuery):
    """The part of a station's dataset to list."""

    station: Station = Field(description="The station's USAF id.")
    dataset: Dataset = Field(default="observed", description="Observed hours, or the normal year.")


@resource.endpoint(
    "GET",
    "/weather_records/",
    scope=READ,
    query=WeatherRecordQuery,
    returns=list[WeatherRecordOut],
    headers=LINK,
    examples={
        "an hour": Example(
            response=[
                {
                    "station": "724390",
                    "dataset": "observed",
                    "start": "2015-01-01T06:00:00.000000Z",
                    "temperature": 71.2,
                    "unit": "F",
                }
            ]
        )
    },
)
def list_weather_records(call: Call[None, WeatherRecordQuery]) -> Reply:
    """List the temperatures of a station's dataset in °F, ordered by start."""
    query = call.query
    column, more = read_page(partial(series.read, series.weather_prefix(query.dataset, query.station)), query)
    rendered: list[WeatherRecordOut] = [
        {
            "station": query.station,
            "dataset": query.dataset,
            "start": timestamp(moment(start)),
            "temperature": value,
            "unit": "F",
        }
        for start, value in zip(column.starts, column.values, strict=True)
    ]
    return page(call, rendered, cursors(rendered), rendered[-1]["start"] if more else None)


@resource.endpoint(
    "POST",
    "/weather_records/",
    scope=WRITE,
    body=Annotated[list[WeatherRecordIn], Items(MAX_ITEMS)],
    returns=RecordsAccepted,
    status=201,
    errors=CUT_SHORT,
    examples={
        "an hour": Example(
            [
                {
                    "station": "999999",
                    "dataset": "observed",
                    "start": "2015-01-01T06:00:00Z",
                    "temperature": 71.2,
                    "unit": "F",
                }
            ],
            {"records": 1},
        )
    },
)
def add_weather_records(call: Call[list[WeatherRecordIn], NoQuery]) -> Reply:
    """Add temperatures, or replace those of the same station, dataset and start."""
    raise_if_any(
        [
            error(why, index, "temperature")
            for index, record in enumerate(call.body)
            if (why := range_error(record.temperature, record.unit))
        ]
    )
    columns: dict[tuple[str, str], Column] = {}
    for record in call.body:
        column = columns.setdefault((record.dataset, record.station), Column())
        column.append(microseconds(record.start), fahrenheit(record.temperature, record.unit))
    series.append_many({series.weather_prefix(*name): column for name, column in columns.items()})
    return Reply(RecordsAccepted(records=len(call.body)))
