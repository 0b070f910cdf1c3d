"""Whether a station's stored temperatures are enough for a run.

They are enough when 90% of the days of each modeling period have at least half of their hours. Hours next to a stored
hour count as available, since a run fills them (CalTRACK 2.2.1.2, 2.2.2.3 and 2.3.3). A normal year may have short
gaps.
"""

from collections import Counter
from datetime import timedelta
from functools import lru_cache

from chalicelib.instants import EPOCH, moment
from chalicelib.jobs.inputs.instants import HOUR
from chalicelib.store.series.series import Column

MIN_COVERAGE = 0.9  # fraction of a period's days; also of a year's hours, below which a source is asked for more
MIN_DAY_COVERAGE = 0.5  # fraction of a day's hours
HOURS_OF_YEAR = 8760


def has_enough(column: Column, hours: range) -> bool:
    """Whether the stored temperatures are enough for the hours (since 1970 UTC) of a modeling period."""
    stored = stored_hours(column)
    if len(stored.intersection(hours)) >= MIN_COVERAGE * len(hours):
        return True
    usable = stored | {hour + 1 for hour in stored} | {hour - 1 for hour in stored}
    needed, known = (Counter(hour // 24 for hour in part) for part in (hours, usable.intersection(hours)))
    enough = sum(known[day] >= MIN_DAY_COVERAGE * count for day, count in needed.items())
    return enough >= MIN_COVERAGE * len(needed)


def stored_hours(column: Column) -> frozenset[int]:
    """The hours since 1970 UTC that have a temperature."""
    return _stored_hours(column.starts.tobytes())


@lru_cache(maxsize=8)  # 2 MB each; the runs of a portfolio share a small number of stations
def _stored_hours(starts: bytes) -> frozenset[int]:
    return frozenset(start // HOUR for start in memoryview(starts).cast("q"))


@lru_cache(maxsize=16)  # the runs of a portfolio share a small number of normal years
def missing_year_hours(starts: bytes) -> list[int]:
    """The hours of the year, counted from January 1 UTC, for which no year has an instant."""
    stored = {(one.month, one.day, one.hour) for one in map(moment, memoryview(starts).cast("q"))}
    year = [EPOCH + timedelta(hours=hour) for hour in range(HOURS_OF_YEAR)]
    return [hour for hour, one in enumerate(year) if (one.month, one.day, one.hour) not in stored]


def longest_run(hours: list[int]) -> int:
    """The length of the longest run of consecutive hours of a year, which may extend across New Year."""
    present, longest, run = set(hours), 0, 0
    if not present:  # nearly always
        return 0
    for hour in range(2 * HOURS_OF_YEAR):
        run = run + 1 if hour % HOURS_OF_YEAR in present else 0
        longest = max(longest, run)
    return min(longest, HOURS_OF_YEAR)
