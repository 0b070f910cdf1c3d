"""The data-quality report of a meter run or a check, as responses show it."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.api.http.fields import Timestamp

Count = Annotated[int, Field(ge=0)]


class Outlier(TypedDict):
    """A day or a bill far from all others like it."""

    date: Annotated[str, Field(description="The date on which it starts, in the project's time zone.")]
    value: Annotated[float, Field(description="What was used, in `unit` of the report.")]
    limit: Annotated[float, Field(description="The value, in the same unit, beyond which it is an outlier.")]


class Outliers(TypedDict):
    """The outliers of a period."""

    count: Annotated[Count, Field(description="How many days or bills are outliers.")]
    excluded: Annotated[
        bool, Field(description='Whether they count as missing: formatter_kwargs {"outliers": "exclude"}.')
    ]
    readings: Annotated[list[Outlier], Field(description="The farthest, at most 20.")]


class DataQuality(TypedDict):
    """What the readings and temperatures of one period are like. Counts are of the readings as they were posted."""

    start: Annotated[Timestamp, Field(description="The start of the first reading of the period.")]
    end: Annotated[Timestamp, Field(description="The end of the last reading of the period.")]
    frequency: Annotated[
        str, Field(description="How often the trace is read: `hourly`, `15min`, `daily`, `billing_monthly`, ...")
    ]
    timezone: Annotated[str, Field(description="The time zone of days, and of all dates here.")]
    unit: Annotated[str, Field(description="The unit of the values, KWH or THERM.")]
    posted_unit: Annotated[str, Field(description="The unit in which the readings were posted.")]
    readings: Annotated[Count, Field(description="The readings that the period should have by the frequency.")]
    missing: Annotated[Count, Field(description="Readings that are not there, or have no value.")]
    filled: Annotated[Count, Field(description="Hours or days of which a missing part was filled up.")]
    estimated: Annotated[
        Count, Field(description="Readings that the utility estimated, or that are a share of a gap in register reads.")
    ]
    zero: Annotated[Count, Field(description="Readings of 0.")]
    zero_is_reading: Annotated[
        bool, Field(description="Whether 0 is a reading. Where it is not, a 0 of electricity counts as missing.")
    ]
    negative: Annotated[Count, Field(description="Readings below 0.")]
    duplicate: Annotated[Count, Field(description="Readings that came with several different values in one request.")]
    outliers: Outliers
    temperature_hours: Annotated[
        Count | None, Field(description="The hours of the period; null: the temperatures were not looked at.")
    ]
    temperatures_missing: Annotated[Count | None, Field(description="Hours of the period without a temperature.")]
    temperatures_filled: Annotated[Count | None, Field(description="Of these, the hours that were filled up.")]
    days_without_temperature: Annotated[
        Count | None,
        Field(description="Days that do not count, since less than half of their hours have a temperature."),
    ]
    weather_station: Annotated[str | None, Field(description="The station of the observed temperatures.")]
    weather_station_km: Annotated[
        float | None,
        Field(description="How far it is from the ZIP code by which it was chosen; null: it was named."),
    ]
    weather_normal_station: Annotated[str | None, Field(description="The station of the normal year.")]
    weather_normal_station_km: Annotated[
        float | None,
        Field(description="How far it is from the ZIP code by which it was chosen; null: it was named."),
    ]


class DataQualities(TypedDict):
    """The data quality of each period; null where it has no readings, or they were not looked at."""

    baseline: DataQuality | None
    reporting: DataQuality | None


EXAMPLE: DataQuality = {
    "start": "2015-01-01T06:00:00.000000Z",
    "end": "2016-01-01T06:00:00.000000Z",
    "frequency": "daily",
    "timezone": "America/Chicago",
    "unit": "KWH",
    "posted_unit": "KWH",
    "readings": 365,
    "missing": 2,
    "filled": 0,
    "estimated": 0,
    "zero": 0,
    "zero_is_reading": False,
    "negative": 0,
    "duplicate": 0,
    "outliers": {
        "count": 1,
        "excluded": False,
        "readings": [{"date": "2015-07-04", "value": 412.5, "limit": 127.1}],
    },
    "temperature_hours": 8760,
    "temperatures_missing": 12,
    "temperatures_filled": 12,
    "days_without_temperature": 0,
    "weather_station": "724390",
    "weather_station_km": None,
    "weather_normal_station": "724390",
    "weather_normal_station_km": None,
}
