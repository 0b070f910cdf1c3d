"""Read normal years as published: TMY3 (NREL) and CZ2010 (California Energy Commission), which has the same format.

Line 1: USAF id, name, state, hours from UTC to local standard time, latitude, longitude, elevation (m). Line 2: the
column names. Then 8760 lines: date, hour 1 to 24 (hour 1 is from midnight to 1:00), and the dry-bulb temperature in °C,
among other columns. Source: User's Manual for TMY3 Data Sets, NREL/TP-581-43156.
"""

import csv
import io
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from chalicelib.api.http.fields import STATION
from chalicelib.api.http.problems import MAX_ERRORS, ErrorItem, Problem, error, invalid, raise_if_any
from chalicelib.api.http.quoting import quoted
from chalicelib.api.shared.temperatures import fahrenheit
from chalicelib.instants import microseconds
from chalicelib.store.series.series import Column
from chalicelib.vocabulary import TEMPERATURE_LIMITS

DATE, TIME, DRY_BULB = "Date (MM/DD/YYYY)", "Time (HH:MM)", "Dry-bulb (C)"
HOURS = 8760
MINUTE = 60_000_000  # microseconds
START = microseconds(datetime(2015, 1, 1, tzinfo=UTC))  # any year of 365 days: a normal year has no calendar year
COLDEST, HOTTEST = TEMPERATURE_LIMITS["C"]
MAX_SHOWN = 20  # characters of the file's text that a message quotes


def read(text: str, requested: str | None) -> tuple[str, Column]:
    """The station and its 8760 hours in °F; `requested` is the station to use if line 1 has none.

    Raises the 400 Problem with the line and the column of each error.
    """
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        header, names = next(lines, []), [name.strip() for name in next(lines, [])]
        station = _station(header, requested)
        offset = _offset(header)
        missing = [name for name in (DATE, TIME, DRY_BULB) if name not in names]
        if missing:
            listed = " and no ".join(missing)
            raise _problem(f"Line 2 has no column {listed}; send a TMY3 or CZ2010 file as it was published.")
        celsius = _hours(lines, names)
    except csv.Error as problem:
        raise _problem(f"Line {lines.line_num} is not valid CSV: {problem}.") from None
    column = Column()
    for minute, value in sorted(((hour * 60 - offset) % (HOURS * 60), value) for hour, value in celsius.items()):
        column.append(START + minute * MINUTE, fahrenheit(value, "C"))
    return station, column


def _station(header: list[str], requested: str | None) -> str:
    named = header[0].strip() if header else ""
    if not re.fullmatch(STATION, named):
        if requested is None:
            raise _problem(
                f"Line 1, column 1: {quoted(named, MAX_SHOWN)} is not a USAF id of six characters, with which a TMY3"
                " or CZ2010 file begins; give the station as the parameter station."
            )
        return requested
    if requested not in (None, named):
        raise _problem(
            f"Line 1, column 1: the file is for station {named}, but the parameter station is {requested}; leave the"
            " parameter out, or send the file of that station."
        )
    return named


def _offset(header: list[str]) -> int:
    """Minutes from UTC to local standard time."""
    given = header[3].strip() if len(header) > 3 else ""
    hours = _number(given)
    if hours is None or not -12 <= hours <= 14:
        raise _problem(
            f"Line 1, column 4: {quoted(given, MAX_SHOWN)} is not a time zone in hours from UTC such as -8.0."
        )
    return round(hours * 60)


def _hours(lines: Iterator[list[str]], names: list[str]) -> dict[int, float]:
    """The temperatures in °C by the hour of the year, in local standard time."""
    positions = {name: names.index(name) for name in (DATE, TIME, DRY_BULB)}
    found: dict[int, float] = {}
    errors: list[ErrorItem] = []
    for line, row in enumerate(lines, start=3):
        if len(errors) >= MAX_ERRORS:
            break
        if not any(row):
            continue

        def add_error(name: str, given: str, why: str, line: int = line) -> None:
            where = f"Line {line}, column {positions[name] + 1} ({name})"
            errors.append(error(f"{where}: {quoted(given, MAX_SHOWN)} {why}."))

        date, time, value = (row[place].strip() if place < len(row) else "" for place in positions.values())
        day, hour, celsius = _day(date), _hour(time), _number(value)
        if day is None:
            add_error(DATE, date, "is not a day MM/DD/YYYY of a year of 365 days")
        if hour is None:
            add_error(TIME, time, "is not an hour from 01:00 to 24:00")
        if celsius is None or not COLDEST <= celsius <= HOTTEST:
            range_ = f"{COLDEST:g} to {HOTTEST:g} °C"
            add_error(DRY_BULB, value, f"is not a temperature from {range_}; a normal year has one for every hour")
        elif day is not None and hour is not None:
            if day * 24 + hour - 1 in found:
                add_error(TIME, time, f"of {date} is a duplicate; each hour may occur only once")
            found[day * 24 + hour - 1] = celsius
    raise_if_any(errors)
    missing = sorted(set(range(HOURS)) - set(found))
    if missing:
        first = datetime.fromordinal(datetime(2015, 1, 1).toordinal() + missing[0] // 24)
        raise _problem(
            f"The file lacks {len(missing):,} of the {HOURS:,} hours of a year; the first missing hour is"
            f" {first:%m/%d}, {missing[0] % 24 + 1:02d}:00. Send the complete file."
        )
    return found


def _day(text: str) -> int | None:
    """Days since January 1, whatever the year."""
    parts = re.fullmatch(r"(\d{1,2})/(\d{1,2})/\d{2,4}", text, re.ASCII)
    try:
        return None if parts is None else datetime(2015, int(parts[1]), int(parts[2])).timetuple().tm_yday - 1
    except ValueError:
        return None


def _hour(text: str) -> int | None:
    parts = re.fullmatch(r"(\d{1,2}):00", text, re.ASCII)
    return int(parts[1]) if parts and 1 <= int(parts[1]) <= 24 else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _problem(detail: str) -> Problem:
    return invalid(error(detail))
