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
from chalicelib.metering.registers import LONGEST_INTERVAL, consumption, placed
from chalicelib.vocabulary import TEMPERATURE_LIMITS, full_name, normalised_unit

INPUT_TYPE = "SINGLE_TRACE_SIMPLE_PROJECT"
PROJECT_TYPE = "PROJECT_WITH_SINGLE_MODELING_PERIOD_GROUP"
TRACE_TYPES = ("ARBITRARY", "ARBITRARY_START", "ARBITRARY_END")

READINGS = ("consumption", "register")
COLDEST, HOTTEST = TEMPERATURE_LIMITS["F"]
FAR, AROUND = 60.0, 25  # F, from the median of as many hours
STEEP = 30.0  # F, from one hour to the next: without such a step nothing is far

_HALF_DAY = 12 * 3600  # seconds
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_OFFSET = re.compile(r"[Tt ]\d\d.*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$")


@dataclass(frozen=True)
class Trace:
    """The series of a meter.

    readings: start and end (UTC), value (in `unit`, NaN = missing), estimated, and duplicate (whether several values
    were given), ordered and not overlapping. posted_unit: the unit in which the readings were posted. exchanges: of
    register reads, the readings over which the counter was exchanged or reset; None where the readings were posted as
    consumption. is_consumption: whether they were declared to be that. zero_is_reading: whether 0 is a reading of an
    electricity meter, rather than missing. unplaced: readings that cover several intervals, and count as missing.
    """

    interpretation: str
    unit: str
    posted_unit: str
    readings: pd.DataFrame
    exchanges: pd.DataFrame | None = None
    is_consumption: bool = False
    zero_is_reading: bool = False
    unplaced: pd.DataFrame | None = None

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
    """Hourly temperatures in degrees Fahrenheit, indexed in UTC; a missing hour is NaN.

    station_km: how far the station is from the ZIP code by which it was chosen. impossible: how many temperatures were
    given that no place on Earth has, or that are far from all around them; they count as missing.
    """

    station: str | None
    temperature: pd.Series
    station_km: float | None = None
    impossible: int = 0


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
    project = _project(_member(document, "project"))
    return MeterInput(
        trace=_trace(_member(document, "trace"), project.timezone),
        project=project,
        weather=_weather(document, "weather"),
        weather_normal=_weather(document, "weather_normal"),
    )


def _trace(document: Mapping[str, Any], timezone: ZoneInfo) -> Trace:
    kind = _expect_type(document, "trace", TRACE_TYPES)
    try:
        interpretation = full_name(_text(document, "trace", "interpretation"))
        unit, factor = normalised_unit(
            _text(document, "trace", "unit"),
            interpretation,
            document.get("heat_content"),
            document.get("posted_unit"),
        )
    except ValueError as error:
        raise MeterFailure(f"The trace cannot be read: {error}.") from error
    is_register = _is_register(document, kind)
    records = _records(document, kind, factor, timezone)
    values = records["value"].to_numpy()
    if is_register:
        records = consumption(records, kind, interpretation, _register_factor(document, interpretation, factor))
    elif kind == "ARBITRARY_START":
        records["end"] = records["start"].shift(-1)
        records = records.iloc[:-1]
    elif kind == "ARBITRARY_END":
        records["start"] = records["end"].shift(1)
        records = records.iloc[1:]
    readings = records[["start", "end", "value", "estimated", "duplicate"]].reset_index(drop=True)
    exchanges = records[records["exchanged"]] if is_register else None
    unplaced = None
    if kind == "ARBITRARY":
        readings = _without_overlaps(readings)
        readings, unplaced = placed(readings)
    elif not is_register:
        _cut_at_gaps(readings, kind)
    if readings["value"].notna().sum() == 0:
        raise MeterFailure(
            f"The trace has no readings: it {_without_readings(values, kind, exchanges)}. Post trace_records with"
            " values for it, at least a year before the project."
        )
    return Trace(
        interpretation,
        unit,
        str(document.get("posted_unit") or document["unit"]),
        readings,
        exchanges,
        document.get("readings") == "consumption",
        document.get("zero_is_reading") is True,
        unplaced,
    )


def _without_overlaps(readings: pd.DataFrame) -> pd.DataFrame:
    """The readings; a bill ends where the next begins that overlaps it by up to half a day, since bills tell dates.

    Raises MeterFailure for a reading that ends before it starts, or overlaps the next by more.
    """
    backwards = (readings["end"] <= readings["start"]).to_numpy()
    if backwards.any():
        first = readings.iloc[int(backwards.argmax())]
        raise MeterFailure(
            f"The trace record from {first['start'].isoformat()} ends at {first['end'].isoformat()}, not after it."
        )
    overlap = (readings["end"].shift(1) - readings["start"]).dt.total_seconds()
    bills = (readings["end"] - readings["start"]).dt.total_seconds().median() > LONGEST_INTERVAL.total_seconds()
    overlaps = (overlap > (_HALF_DAY if bills else 0)).to_numpy()
    if overlaps.any():
        at = int(overlaps.argmax())
        before, after = readings.iloc[at - 1], readings.iloc[at]
        raise MeterFailure(
            f"The trace record from {before['start'].isoformat()} to {before['end'].isoformat()} overlaps the next,"
            f" from {after['start'].isoformat()} to {after['end'].isoformat()}."
        )
    following = readings["start"].shift(-1)
    return readings.assign(end=readings["end"].where(~(readings["end"] > following), following))


def _records(document: Mapping[str, Any], kind: str, factor: float, timezone: ZoneInfo) -> pd.DataFrame:
    """The records by time: their instants, value (times factor), estimated and duplicate; of one instant the last."""
    records = document.get("records")
    if not isinstance(records, Sequence) or isinstance(records, str):
        raise MeterFailure("trace.records is missing; it has to be a list of records.")
    values = _numbers([_field(record, "value", at) for at, record in enumerate(records)], "trace.records") * factor
    edges = {
        edge: _timestamps(
            [_field(record, edge, at) for at, record in enumerate(records)], f"trace.records.{edge}", timezone
        )
        for edge in {"ARBITRARY": ("start", "end"), "ARBITRARY_START": ("start",), "ARBITRARY_END": ("end",)}[kind]
    }
    flags = {
        name: np.array([bool(record.get(name)) for record in records], dtype=bool)
        for name in ("estimated", "duplicate")
    }
    table = pd.DataFrame({**edges, "value": values, **flags})
    key = next(iter(edges))
    repeated = table[table.duplicated(key, keep=False)]
    if not repeated.empty:
        differ = repeated.groupby(key)["value"].agg(lambda given: given.nunique(dropna=False) > 1)
        table["duplicate"] |= table[key].isin(differ[differ].index)
    return table.drop_duplicates(key, keep="last").sort_values(key, ignore_index=True)


def _is_register(document: Mapping[str, Any], kind: str) -> bool:
    readings = document.get("readings")
    if readings not in (None, *READINGS):
        raise MeterFailure(f"trace.readings is {readings!r}; it has to be {' or '.join(READINGS)}.")
    if readings == "register" and kind == "ARBITRARY":
        raise MeterFailure(
            "Register reads are taken at one instant each: post them as a trace of type ARBITRARY_START or"
            " ARBITRARY_END, not ARBITRARY."
        )
    return bool(readings == "register")


def _register_factor(document: Mapping[str, Any], interpretation: str, factor: float) -> float:
    """What one step of the register is in the unit of the values, which may have been converted before."""
    posted = document.get("posted_unit")
    if not posted or posted == document["unit"]:
        return factor
    try:
        return factor * normalised_unit(posted, interpretation, document.get("heat_content"))[1]
    except ValueError as error:
        raise MeterFailure(f"The trace cannot be read: {error}.") from error


def _without_readings(
    values: "np.ndarray[Any, np.dtype[np.float64]]", kind: str, exchanges: pd.DataFrame | None
) -> str:
    if exchanges is not None and len(exchanges):
        return f"is of register reads, which fall or jump at each of their {len(exchanges)} steps"
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
    if longest > LONGEST_INTERVAL:
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
    baseline_end = _instant(baseline, "baseline_period", "end", timezone)
    reporting_start = _instant(reporting, "reporting_period", "start", timezone)
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
        baseline_start=_instant(baseline, "baseline_period", "start", timezone),
        baseline_end=baseline_end,
        reporting_start=reporting_start,
        reporting_end=_instant(reporting, "reporting_period", "end", timezone),
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
    impossible = (temperature < COLDEST) | (temperature > HOTTEST)
    temperature = temperature.mask(impossible)
    spikes = _spikes(temperature)
    # eemeter takes a series with a gap in its index for one that is not hourly: gaps have to be rows
    hourly = temperature.mask(spikes).resample("h").mean()
    return Weather(weather.get("station"), hourly, weather.get("distance_km"), int((impossible | spikes).sum()))


def _spikes(temperature: "pd.Series[float]") -> "pd.Series[bool]":
    """Which temperatures are far from the median of those around them, such as a code for a missing one."""
    if not (temperature.diff().abs() > STEEP).any():
        return temperature.isna() & False
    return (temperature - temperature.rolling(AROUND, center=True, min_periods=1).median()).abs() > FAR


def _numbers(values: Sequence[Any], where: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
    try:
        numbers = np.array(values, dtype=float).reshape(len(values))
    except (TypeError, ValueError, OverflowError) as error:
        raise MeterFailure(f"A value in {where} is not a number: {error}.") from error
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _timestamps(texts: Sequence[Any], where: str, timezone: ZoneInfo | None = None) -> pd.DatetimeIndex:
    """Instants in UTC; with a time zone also of bare dates, which begin at its midnight."""
    if timezone is not None:
        texts = [_at_midnight(text, timezone) for text in texts]
    for at, text in enumerate(texts):
        if not isinstance(text, str) or not (text.endswith("Z") or _OFFSET.search(text)):
            _bad_timestamp(text, f"number {at} of {where}")
    try:
        return pd.DatetimeIndex(pd.to_datetime(list(texts), format="ISO8601", utc=True)).as_unit("ns")
    except (ValueError, OverflowError) as error:
        raise MeterFailure(f"A timestamp in {where} is not ISO 8601: {error}.") from error


def _at_midnight(text: Any, timezone: ZoneInfo) -> Any:
    """A bare date as the instant at which it begins; whatever else it is as it is."""
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return text
    try:
        return pd.Timestamp(text).tz_localize(timezone, ambiguous=True, nonexistent="shift_forward").isoformat()
    except ValueError:
        return text


@lru_cache(maxsize=8)  # the runs of a portfolio share their weather's hours
def _hours(texts: tuple[Any, ...], where: str) -> pd.DatetimeIndex:
    return _timestamps(texts, where)


def _instant(period: Mapping[str, Any], name: str, edge: str, timezone: ZoneInfo) -> pd.Timestamp | None:
    text = period.get(edge)
    if text is None:
        return None
    instant: pd.Timestamp = _timestamps([text], f"{name}.{edge}", timezone)[0]
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
