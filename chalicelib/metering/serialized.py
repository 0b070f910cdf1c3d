"""Reading the serialized meter input: JSON in the original datastore's format, extended by its weather."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from chalicelib.metering.failure import MeterFailure, WeatherFailure
from chalicelib.vocabulary import full_name, normalised_unit

INPUT_TYPE = "SINGLE_TRACE_SIMPLE_PROJECT"
PROJECT_TYPE = "PROJECT_WITH_SINGLE_MODELING_PERIOD_GROUP"
TRACE_TYPES = ("ARBITRARY", "ARBITRARY_START", "ARBITRARY_END")

_OFFSET = re.compile(r"[Tt ]\d\d.*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$")


@dataclass(frozen=True)
class Trace:
    """`readings`: start and end (UTC), value (in `unit`, NaN = missing) and estimated, ordered and not overlapping."""

    interpretation: str
    unit: str
    readings: pd.DataFrame

    @property
    def is_electricity(self) -> bool:
        """Whether it is a meter of electricity."""
        return self.interpretation.startswith("ELECTRICITY")

    @property
    def is_unconsumed_generation(self) -> bool:
        """Whether it counts what a building sends back to the grid: nothing, before it has panels."""
        return self.interpretation == "ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED"


@dataclass(frozen=True)
class Project:
    """The modeling period group: when the energy efficiency measure went in, and where the building keeps its days."""

    timezone: ZoneInfo
    baseline_start: pd.Timestamp | None
    baseline_end: pd.Timestamp
    reporting_start: pd.Timestamp
    reporting_end: pd.Timestamp | None


@dataclass(frozen=True)
class Weather:
    """Hourly temperatures in degrees Fahrenheit, indexed in UTC; a missing hour is NaN."""

    station: str | None
    temperature: pd.Series


@dataclass(frozen=True)
class MeterInput:
    """What one meter run computes from."""

    trace: Trace
    project: Project
    weather: Weather
    weather_normal: Weather


def read(document: Mapping[str, Any]) -> MeterInput:
    """The parsed input. Raises MeterFailure with the key that is missing or wrong."""
    _expect_type(document, "meter_input", (INPUT_TYPE,))
    return MeterInput(
        trace=_trace(_member(document, "trace")),
        project=_project(_member(document, "project")),
        weather=_weather(document, "weather"),
        weather_normal=_weather(document, "weather_normal"),
    )


def _trace(document: Mapping[str, Any]) -> Trace:
    kind = _expect_type(document, "trace", TRACE_TYPES)
    try:
        interpretation = full_name(_text(document, "trace", "interpretation"))
        unit, factor = normalised_unit(_text(document, "trace", "unit"))
    except ValueError as error:
        raise MeterFailure(f"The trace cannot be read: {error}.") from error
    records = document.get("records")
    if not isinstance(records, Sequence) or isinstance(records, str):
        raise MeterFailure("trace.records is missing; it has to be a list of records.")
    values = _numbers([_field(record, "value", at) for at, record in enumerate(records)], "trace.records") * factor
    edges = {
        edge: _timestamps([_field(record, edge, at) for at, record in enumerate(records)], f"trace.records.{edge}")
        for edge in {"ARBITRARY": ("start", "end"), "ARBITRARY_START": ("start",), "ARBITRARY_END": ("end",)}[kind]
    }
    estimated = [bool(record.get("estimated")) for record in records]
    order = pd.DataFrame({**edges, "value": values, "estimated": np.array(estimated, dtype=bool)})
    key = next(iter(edges))
    order = order.drop_duplicates(key, keep="last").sort_values(key, ignore_index=True)
    if kind == "ARBITRARY_START":
        order["end"] = order["start"].shift(-1)
        order = order.iloc[:-1]
    elif kind == "ARBITRARY_END":
        order["start"] = order["end"].shift(1)
        order = order.iloc[1:]
    readings = order[["start", "end", "value", "estimated"]].reset_index(drop=True)
    if kind != "ARBITRARY":
        _cut_at_gaps(readings, kind)
    wrong = readings["end"] <= readings["start"]
    wrong |= readings["start"] < readings["end"].shift(1)
    if wrong.any():
        at = readings["start"].iloc[int(wrong.to_numpy().argmax())].isoformat()
        raise MeterFailure(f"The trace record that starts at {at} ends before it starts, or overlaps the one before.")
    if readings["value"].notna().sum() == 0:
        raise MeterFailure(
            f"The trace has no readings: it {_without_readings(values, kind)}. Post trace_records with values for it,"
            " at least a year before the project."
        )
    return Trace(interpretation, unit, readings)


def _without_readings(values: "np.ndarray[Any, np.dtype[np.float64]]", kind: str) -> str:
    count = {0: "no records", 1: "one record"}.get(len(values), f"{len(values)} records")
    if np.isnan(values).all():
        of_null = {0: "", 1: ", of value null"}.get(len(values), ", all of value null")
        return f"has {count}{of_null}"
    edge = "last record only ends" if kind == "ARBITRARY_START" else "first record only begins"
    return f"has {count}{'' if len(values) == 1 else ' without a value that counts'}; the {edge} the series"


def _cut_at_gaps(readings: pd.DataFrame, kind: str) -> None:
    """Where records are missing from a series of intervals, a reading ends (or starts) before the gap.

    A bill is left to cover what it covers.
    """
    length = readings["end"] - readings["start"]
    longest = pd.Timedelta(length.median())
    if longest > pd.Timedelta(hours=25):
        return
    length = length.where(length <= longest, longest)
    if kind == "ARBITRARY_START":
        readings["end"] = readings["start"] + length
    else:
        readings["start"] = readings["end"] - length


def _project(document: Mapping[str, Any]) -> Project:
    _expect_type(document, "project", (PROJECT_TYPE,))
    name = document.get("timezone") or "UTC"
    try:
        timezone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError) as error:
        raise MeterFailure(f"project.timezone {name!r} is not an IANA time zone such as America/Chicago.") from error
    group = _member(document, "modeling_period_group", within="project")
    baseline = _member(group, "baseline_period", within="project.modeling_period_group")
    reporting = _member(group, "reporting_period", within="project.modeling_period_group")
    baseline_end = _instant(baseline, "baseline_period", "end")
    reporting_start = _instant(reporting, "reporting_period", "start")
    if baseline_end is None:
        raise MeterFailure("The project has no baseline_period_end: give the date before which nothing was changed.")
    if reporting_start is None:
        raise MeterFailure("The project has no reporting_period_start: give the date from which savings are expected.")
    if reporting_start < baseline_end:
        raise MeterFailure(
            f"The project's reporting period starts at {reporting_start.isoformat()}, "
            f"before its baseline period ends at {baseline_end.isoformat()}."
        )
    return Project(
        timezone=timezone,
        baseline_start=_instant(baseline, "baseline_period", "start"),
        baseline_end=baseline_end,
        reporting_start=reporting_start,
        reporting_end=_instant(reporting, "reporting_period", "end"),
    )


def _weather(document: Mapping[str, Any], name: str) -> Weather:
    weather = document.get(name)
    if not weather or not weather.get("records"):
        station = (weather or {}).get("station")
        of_station = f" of station {station}" if station else ""
        kind = "normal-year" if name == "weather_normal" else "observed"
        raise WeatherFailure(f"There are no {kind} temperatures{of_station}: post its weather_records, then run again.")
    unit = weather.get("unit", "F")
    if unit not in ("F", "C"):
        raise MeterFailure(f"{name}.unit is {unit!r}; it has to be F or C.")
    try:
        times, values = [time for time, _ in weather["records"]], [value for _, value in weather["records"]]
    except (TypeError, ValueError) as error:
        raise MeterFailure(f"{name}.records has to be a list of [timestamp, temperature] pairs.") from error
    where = f"{name}.records"
    hours = _hours(tuple(times), where) if set(map(type, times)) == {str} else _timestamps(times, where)
    temperature = pd.Series(_numbers(values, where), index=hours)
    if unit == "C":
        temperature = temperature * 9 / 5 + 32
    temperature = temperature[~temperature.index.duplicated(keep="last")].sort_index()
    # eemeter takes a series with a gap in its index for one that is not hourly: gaps have to be rows
    return Weather(weather.get("station"), temperature.resample("h").mean())


def _numbers(values: Sequence[Any], where: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
    try:
        numbers = np.array(values, dtype=float).reshape(len(values))
    except (TypeError, ValueError) as error:
        raise MeterFailure(f"A value in {where} is not a number: {error}.") from error
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _timestamps(texts: Sequence[Any], where: str) -> pd.DatetimeIndex:
    for at, text in enumerate(texts):
        if not isinstance(text, str) or not (text.endswith("Z") or _OFFSET.search(text)):
            _bad_timestamp(text, f"number {at} of {where}")
    try:
        return pd.DatetimeIndex(pd.to_datetime(list(texts), format="ISO8601", utc=True)).as_unit("ns")
    except (ValueError, OverflowError) as error:
        raise MeterFailure(f"A timestamp in {where} is not ISO 8601: {error}.") from error


@lru_cache(maxsize=8)  # the runs of a portfolio share their weather's hours
def _hours(texts: tuple[Any, ...], where: str) -> pd.DatetimeIndex:
    return _timestamps(texts, where)


def _instant(period: Mapping[str, Any], name: str, edge: str) -> pd.Timestamp | None:
    text = period.get(edge)
    if text is None:
        return None
    instant: pd.Timestamp = _timestamps([text], f"{name}.{edge}")[0]
    return instant


def _bad_timestamp(text: Any, where: str) -> NoReturn:
    raise MeterFailure(
        f"The timestamp {text!r}, {where}, has to be ISO 8601 with an offset, such as 2016-01-01T00:00:00+00:00."
    )


def _member(document: Mapping[str, Any], key: str, within: str = "meter_input") -> Mapping[str, Any]:
    member = document.get(key)
    if not isinstance(member, Mapping):
        raise MeterFailure(f"{within}.{key} is missing; it has to be an object.")
    return member


def _field(record: Any, key: str, at: int) -> Any:
    if not isinstance(record, Mapping) or key not in record:
        raise MeterFailure(f"trace.records number {at} has no {key!r}.")
    return record[key]


def _text(document: Mapping[str, Any], name: str, key: str) -> str:
    text = document.get(key)
    if not isinstance(text, str):
        raise MeterFailure(f"{name}.{key} is missing.")
    return text


def _expect_type(document: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str:
    kind = document.get("type")
    if kind not in allowed:
        raise MeterFailure(f"{name}.type is {kind!r}; it has to be {' or '.join(allowed)}.")
    return str(kind)
