"""The data-quality report of a meter run or a check, as responses show it."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.api.http.fields import Timestamp

Count = Annotated[int, Field(ge=0)]


class Outlier(TypedDict):
    """A day or a bill whose value is far from comparable ones."""

    date: Annotated[str, Field(description="Its start date, in the project's time zone.")]
    value: Annotated[float, Field(description="The consumption, in the report's `unit`.")]
    limit: Annotated[float, Field(description="The value beyond which it is an outlier, in the same unit.")]


class Outliers(TypedDict):
    """The outliers of a period."""

    count: Annotated[Count, Field(description="How many days or bills are outliers.")]
    excluded: Annotated[
        bool, Field(description='Whether they count as missing, because of formatter_kwargs {"outliers": "exclude"}.')
    ]
    readings: Annotated[list[Outlier], Field(description="The most extreme ones, at most 20.")]


class DataQuality(TypedDict):
    """The quality of the readings and temperatures of one period. Counts are of the readings as they were posted."""

    start: Annotated[Timestamp, Field(description="The start of the first reading of the period.")]
    end: Annotated[Timestamp, Field(description="The end of the last reading of the period.")]
    frequency: Annotated[
        str, Field(description="How often the trace is read: `hourly`, `15min`, `daily`, `billing_monthly`, ...")
    ]
    timezone: Annotated[str, Field(description="The time zone of the days, and of all dates in this report.")]
    unit: Annotated[str, Field(description="The unit of the values, KWH or THERM.")]
    posted_unit: Annotated[str, Field(description="The unit in which the readings were posted.")]
    readings: Annotated[Count, Field(description="How many readings the period should have at this frequency.")]
    missing: Annotated[Count, Field(description="Readings that are absent or have no value.")]
    filled: Annotated[Count, Field(description="Hours or days in which a missing part was filled in.")]
    estimated: Annotated[
        Count,
        Field(
            description="Readings that the utility estimated, or that apportion the consumption across a gap between "
            "register reads."
        ),
    ]
    zero: Annotated[Count, Field(description="Readings of 0.")]
    zero_is_reading: Annotated[
        bool, Field(description="Whether 0 is a valid reading. If not, a 0 of electricity counts as missing.")
    ]
    negative: Annotated[Count, Field(description="Readings below 0.")]
    duplicate: Annotated[Count, Field(description="Readings for which one request had several different values.")]
    outliers: Outliers
    temperature_hours: Annotated[
        Count | None, Field(description="The hours of the period; null: the temperatures were not checked.")
    ]
    temperatures_missing: Annotated[Count | None, Field(description="Hours of the period without a temperature.")]
    temperatures_filled: Annotated[Count | None, Field(description="How many of the missing hours were filled in.")]
    days_without_temperature: Annotated[
        Count | None,
        Field(description="Days that are not used because fewer than half of their hours have a temperature."),
    ]
    weather_station: Annotated[str | None, Field(description="The station of the observed temperatures.")]
    weather_station_km: Annotated[
        float | None,
        Field(description="Its distance in km from the ZIP code it was matched to; null: the station was given."),
    ]
    weather_normal_station: Annotated[str | None, Field(description="The station of the normal year.")]
    weather_normal_station_km: Annotated[
        float | None,
        Field(description="Its distance in km from the ZIP code it was matched to; null: the station was given."),
    ]


class DataQualities(TypedDict):
    """The data quality of each period; null if it has no readings, or they were not checked."""

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
