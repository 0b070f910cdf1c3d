"""Normal years as their publishers give them: TMY3 (NREL) and CZ2010 (California Energy Commission), which is alike.

Line 1: USAF id, name, state, hours from UTC to local standard time, latitude, longitude, elevation (m). Line 2: the
columns' names. Then 8760 lines: date, hour 1 to 24 (1 is from midnight to 1:00), and among others the dry-bulb
temperature in °C. Source: User's Manual for TMY3 Data Sets, NREL/TP-581-43156.
"""

import csv
import io
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from chalicelib.api.http.fields import STATION
from chalicelib.api.http.problems import ErrorItem, Problem, error, invalid, refuse_any
from chalicelib.api.http.times import microseconds
from chalicelib.api.shared.temperatures import fahrenheit
from chalicelib.store.series.series import Column
from chalicelib.vocabulary import TEMPERATURE_LIMITS

DATE, TIME, DRY_BULB = "Date (MM/DD/YYYY)", "Time (HH:MM)", "Dry-bulb (C)"
HOURS = 8760
MINUTE = 60_000_000  # microseconds
START = microseconds(datetime(2015, 1, 1, tzinfo=UTC))  # any year that is not a leap year: its own does not matter
COLDEST, HOTTEST = TEMPERATURE_LIMITS["C"]
MOST_SHOWN = 20  # characters of a file's own text in a sentence


def read(text: str, asked: str | None) -> tuple[str, Column]:
    """The station and its 8760 hours in °F; `asked` is the station where line 1 names none.

    Raises the 400 Problem with the line and the column of each error.
    """
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        header, names = next(lines, []), [name.strip() for name in next(lines, [])]
        station = _station(header, asked)
        offset = _offset(header)
        lacking = [name for name in (DATE, TIME, DRY_BULB) if name not in names]
        if lacking:
            raise _problem(f"Line 2 names the columns of a TMY3 or CZ2010 file, and has no {' and no '.join(lacking)}.")
        celsius = _hours(lines, names)
    except csv.Error as problem:
        raise _problem(f"Line {lines.line_num} is not CSV: {problem}.") from None
    column = Column()
    for minute, value in sorted(((hour * 60 - offset) % (HOURS * 60), value) for hour, value in celsius.items()):
        column.append(START + minute * MINUTE, fahrenheit(value, "C"))
    return station, column


def _station(header: list[str], asked: str | None) -> str:
    named = header[0].strip() if header else ""
    if not re.fullmatch(STATION, named):
        if asked is None:
            raise _problem(
                f"Line 1, column 1: {_shown(named)} is no USAF id of six characters, with which a TMY3 or CZ2010 file"
                " begins; say which station it is by the parameter station."
            )
        return asked
    if asked not in (None, named):
        raise _problem(f"Line 1, column 1: the file is of station {named}, and the parameter station says {asked}.")
    return named


def _offset(header: list[str]) -> int:
    """Minutes from UTC to local standard time."""
    given = header[3].strip() if len(header) > 3 else ""
    hours = _number(given)
    if hours is None or not -12 <= hours <= 14:
        raise _problem(f"Line 1, column 4: {_shown(given)} is no time zone in hours from UTC, such as -8.0.")
    return round(hours * 60)


def _hours(lines: Iterator[list[str]], names: list[str]) -> dict[int, float]:
    """°C by the hour of the year in local standard time."""
    places = {name: names.index(name) for name in (DATE, TIME, DRY_BULB)}
    found: dict[int, float] = {}
    errors: list[ErrorItem] = []
    for line, row in enumerate(lines, start=3):
        if not any(row):
            continue

        def wrong(name: str, given: str, why: str, line: int = line) -> None:
            where = f"Line {line}, column {places[name] + 1} ({name})"
            errors.append(error(f"{where}: {_shown(given)} {why}."))

        date, time, value = (row[place].strip() if place < len(row) else "" for place in places.values())
        day, hour, celsius = _day(date), _hour(time), _number(value)
        if day is None:
            wrong(DATE, date, "is no day MM/DD/YYYY of a year of 365 days")
        if hour is None:
            wrong(TIME, time, "is no hour from 01:00 to 24:00")
        if celsius is None or not COLDEST <= celsius <= HOTTEST:
            wrong(DRY_BULB, value, f"is no temperature from {COLDEST:g} to {HOTTEST:g} °C, and a normal year has all")
        elif day is not None and hour is not None:
            if day * 24 + hour - 1 in found:
                wrong(TIME, time, f"of {date} has come before")
            found[day * 24 + hour - 1] = celsius
    refuse_any(errors)
    missing = sorted(set(range(HOURS)) - set(found))
    if missing:
        first = datetime.fromordinal(datetime(2015, 1, 1).toordinal() + missing[0] // 24)
        raise _problem(
            f"The file lacks {len(missing):,} of the {HOURS:,} hours of a year; the first is"
            f" {first:%m/%d}, {missing[0] % 24 + 1:02d}:00."
        )
    return found


def _day(text: str) -> int | None:
    """Days since the first of January, whatever the year."""
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


def _shown(text: str) -> str:
    return repr(text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "...")
