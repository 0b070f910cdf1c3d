"""Read the serialized meter input: JSON in the original datastore's format, extended by weather data."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from chalicelib.metering.failure import MeterFailure, WeatherFailure
from chalicelib.metering.inputs.fields import expect_type, instant, member, numbers, timestamps
from chalicelib.metering.inputs.meter_input import MeterInput, Project, Weather
from chalicelib.metering.inputs.serialized_trace import read_trace
from chalicelib.metering.inputs.shared import once
from chalicelib.vocabulary import TEMPERATURE_LIMITS

INPUT_TYPE = "SINGLE_TRACE_SIMPLE_PROJECT"
PROJECT_TYPE = "PROJECT_WITH_SINGLE_MODELING_PERIOD_GROUP"

COLDEST, HOTTEST = TEMPERATURE_LIMITS["F"]
MAX_DEVIATION, WINDOW_HOURS = 60.0, 25  # F, from the median of this many hours
STEEP = 30.0  # F, from one hour to the next: without such a step there are no spikes


def read(document: Mapping[str, Any]) -> MeterInput:
    """Parse the input. Raises MeterFailure with the key that is missing or wrong."""
    expect_type(document, "meter_input", (INPUT_TYPE,))
    project = _project(member(document, "project"))
    return MeterInput(
        trace=read_trace(member(document, "trace"), project.timezone),
        project=project,
        weather=_weather(document, "weather"),
        weather_normal=_weather(document, "weather_normal"),
    )


def _project(document: Mapping[str, Any]) -> Project:
    expect_type(document, "project", (PROJECT_TYPE,))
    name = document.get("timezone") or "UTC"
    try:
        timezone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError) as error:
        raise MeterFailure(
            f"project.timezone {name!r} is not an IANA time zone; give one such as America/Chicago."
        ) from error
    group = member(document, "modeling_period_group", within="project")
    baseline = member(group, "baseline_period", within="project.modeling_period_group")
    reporting = member(group, "reporting_period", within="project.modeling_period_group")
    baseline_end = instant(baseline, "baseline_period", "end", timezone)
    reporting_start = instant(reporting, "reporting_period", "start", timezone)
    if baseline_end is None:
        raise MeterFailure("The project has no baseline_period_end: set the date when work on the measure began.")
    if reporting_start is None:
        raise MeterFailure("The project has no reporting_period_start: set the date from which savings are expected.")
    if reporting_start < baseline_end:
        raise MeterFailure(
            f"The project's reporting period starts at {reporting_start.isoformat()}, "
            f"before its baseline period ends at {baseline_end.isoformat()}: correct the project's dates."
        )
    return Project(
        timezone=timezone,
        baseline_start=instant(baseline, "baseline_period", "start", timezone),
        baseline_end=baseline_end,
        reporting_start=reporting_start,
        reporting_end=instant(reporting, "reporting_period", "end", timezone),
    )


def _weather(document: Mapping[str, Any], name: str) -> Weather:
    weather = document.get(name)
    if not weather or not weather.get("records"):
        station = (weather or {}).get("station")
        of_station = f" of station {station}" if station else ""
        kind = "normal-year" if name == "weather_normal" else "observed"
        raise WeatherFailure(f"There are no {kind} temperatures{of_station}: post weather_records, then run again.")
    unit = weather.get("unit", "F")
    if unit not in ("F", "C"):
        raise MeterFailure(f"{name}.unit is {unit!r}; it must be F or C.")
    hourly, impossible = _hourly(weather["records"], f"{name}.records", unit)
    return Weather(weather.get("station"), hourly.copy(), weather.get("distance_km"), impossible)


@once
def _hourly(records: Sequence[Any], where: str, unit: str) -> "tuple[pd.Series[float], int]":
    """Return the hourly temperatures (F), and the number of those that count as missing."""
    try:
        times, values = [time for time, _ in records], [value for _, value in records]
    except (TypeError, ValueError) as error:
        raise MeterFailure(f"{where} must be a list of [timestamp, temperature] pairs.") from error
    hours = _hours(tuple(times), where) if set(map(type, times)) == {str} else timestamps(times, where)
    temperature = pd.Series(numbers(values, where), index=hours)
    if unit == "C":
        temperature = temperature * 9 / 5 + 32
    temperature = temperature[~temperature.index.duplicated(keep="last")].sort_index()
    impossible = (temperature < COLDEST) | (temperature > HOTTEST)
    temperature = temperature.mask(impossible)
    spikes = _spikes(temperature)
    # eemeter does not recognize a series with a gap in its index as hourly: gaps must be rows
    hourly = temperature.mask(spikes).resample("h").mean()
    return hourly, int((impossible | spikes).sum())


def _spikes(temperature: "pd.Series[float]") -> "pd.Series[bool]":
    """Return which temperatures are far from the median of those around them, such as a code for a missing value."""
    if not (temperature.diff().abs() > STEEP).any():
        return temperature.isna() & False
    medians = temperature.rolling(WINDOW_HOURS, center=True, min_periods=1).median()
    return (temperature - medians).abs() > MAX_DEVIATION


@lru_cache(maxsize=8)  # the runs of a portfolio share the hours of their weather data
def _hours(texts: tuple[Any, ...], where: str) -> pd.DatetimeIndex:
    return timestamps(texts, where)
