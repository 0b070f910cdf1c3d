"""Read the temperatures in a GHCNh file, in any of the layouts that NCEI has published.

According to NCEI's GHCNh documentation (v1.1.0), temperatures are in °C at an instant in UTC, and the meaning of a
quality code depends on the data source. The instant is DATE, or Year, Month, Day, Hour and Minute; the station is
STATION or Station_ID; the separator is a pipe in the files and a comma from NCEI's access service. The columns differ
between versions, and concatenated files repeat the header line.
"""

import csv
import io
from datetime import UTC, datetime
from typing import NamedTuple

import pandas as pd
from aws_lambda_powertools import Logger

from chalicelib.weather.download import Unusable
from chalicelib.weather.normal import COLDEST, HOTTEST

VALUE, QUALITY, ORIGIN = "temperature", "temperature_quality_code", "temperature_source_code"
DATE, PARTS = ("date",), ("year", "month", "day", "hour", "minute")
STATIONS = ("station", "station_id")
MISSING = {9999.0, 9999.9, 999.9}  # sentinel values for a missing temperature, with either sign
# Quality codes for suspect, erroneous or removed values (table 3): in these data sources, and in all others.
# A lower-case letter: one of GHCNh's own checks failed.
_FIRST_SOURCES = ("220", "221", "222", "223", "347", "348")
_BAD_OF_FIRST, _BAD = "235", "2367"

logger = Logger()


class _Layout(NamedTuple):
    """The separator and the column positions of a file; None for a column that it does not have."""

    separator: str
    value: int
    time: tuple[int, ...]
    station: int | None
    quality: int | None
    origin: int | None


def temperatures(content: bytes, name: str, station: str, year: int) -> pd.Series:
    """Return a station's observed temperatures in a year (°C, indexed by instant in UTC).

    Rows without a temperature or with a bad quality code are left out. So are unreadable rows; the log has their count
    and the first of them. Raises Unusable if columns are missing or no row can be read.
    """
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", errors="replace")
    layout = _first_layout(next(lines, ""), name)
    now = datetime.now(UTC)
    observed: list[tuple[datetime, float]] = []
    read = bad = 0
    first = ""
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        if VALUE in line.lower() and (repeated := _layout(line)):
            layout = repeated
            continue
        try:
            observation = _observation(line, layout, station)
            if observation and (observation[0].year != year or observation[0] > now):
                raise ValueError(f"{observation[0]:%Y-%m-%dT%H:%MZ} is in the future or not in {year}")
        except ValueError as problem:
            bad += 1
            first = first or f"line {number}, cannot be read: {problem}"
            continue
        read += 1
        if observation:
            observed.append(observation)
    if bad and not read:
        raise Unusable(f"{name}, {first}. None of its {bad:,} rows can be read.")
    if bad:
        logger.warning("skipped unreadable rows", file=name, rows=read + bad, skipped=bad, first=first)
    times = pd.to_datetime([at for at, _ in observed], utc=True)
    return pd.Series([value for _, value in observed], index=pd.DatetimeIndex(times), dtype=float)


def _first_layout(line: str, name: str) -> _Layout:
    layout = _layout(line)
    if layout is None:
        names = _names(line)
        missing = [label for label, present in (("DATE", _time(names)), (VALUE, VALUE in names)) if not present]
        raise Unusable(f"{name} has no column {' and no '.join(missing)}: its first line is {line.strip()[:80]!r}.")
    return layout


def _layout(line: str) -> _Layout | None:
    """Return the layout that a header line defines; None if the line is not a header."""
    names = _names(line)
    if VALUE not in names or not (time := _time(names)):
        return None
    station = next((names.index(column) for column in STATIONS if column in names), None)
    quality, origin = (names.index(column) if column in names else None for column in (QUALITY, ORIGIN))
    return _Layout(_separator(line), names.index(VALUE), time, station, quality, origin)


def _time(names: list[str]) -> tuple[int, ...]:
    """Return the positions of the columns of the instant; empty if they are missing."""
    for columns in (DATE, PARTS):
        if set(columns) <= set(names):
            return tuple(names.index(column) for column in columns)
    return ()


def _names(line: str) -> list[str]:
    return [cell.strip().lower() for cell in _cells(line, _separator(line))]


def _separator(line: str) -> str:
    return "|" if "|" in line else ","


def _cells(line: str, separator: str) -> list[str]:
    """Split a row into cells. Quotation marks have no meaning in pipe-separated files: remarks contain single ones."""
    if separator == "|":
        return line.split("|")
    try:
        return next(csv.reader([line]))
    except csv.Error:  # a cell is too long
        return line.split(",")


def _observation(line: str, layout: _Layout, station: str) -> tuple[datetime, float] | None:
    """Return the instant and temperature; None if the temperature is missing or flagged as bad. Raises ValueError."""
    cells = [cell.strip() for cell in _cells(line, layout.separator)]

    def at(column: int | None) -> str:
        return "" if column is None else cells[column]

    try:
        text, row_station = at(layout.value), at(layout.station)
        if not text or not _is_good(at(layout.quality), at(layout.origin)):
            return None
        time = [at(column) for column in layout.time]
    except IndexError:
        raise ValueError(f"it has only {len(cells)} columns") from None
    if row_station and row_station != station:
        raise ValueError(f"it belongs to station {row_station}")
    value = _number(text)
    return None if value is None else (_instant(time), value)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a temperature") from None
    if abs(value) in MISSING:
        return None
    if not COLDEST <= value <= HOTTEST:
        raise ValueError(f"{text} is not a temperature from {COLDEST:g} to {HOTTEST:g} °C")
    return value


def _instant(time: list[str]) -> datetime:
    """Parse an instant from DATE or from the five numbers. Raises ValueError, also for a DATE without an hour."""
    try:
        if len(time) == len(PARTS):
            year, month, day, hour, minute = map(int, time)
            return datetime(year, month, day, hour, minute, tzinfo=UTC)
        if len(time[0]) > len("2026-01-01"):
            found = datetime.fromisoformat(time[0])
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{'-'.join(time)!r} is not a date and time")


def _is_good(quality: str, source: str) -> bool:
    code = quality[:1]
    bad = _BAD_OF_FIRST if source[:3] in _FIRST_SOURCES else _BAD
    return not code or not (code.islower() or code in bad)
