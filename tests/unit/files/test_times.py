"""Times of a clock on the days on which clocks change."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.files.options import FileError
from chalicelib.files.parsed import TRACE_RECORDS
from chalicelib.files.times import resolve
from chalicelib.instants import microseconds

CHICAGO = "America/Chicago"
ZONES = [
    CHICAGO, "America/New_York", "America/Los_Angeles", "America/St_Johns", "America/Sao_Paulo", "Europe/London",
    "Europe/Berlin", "Australia/Sydney", "Pacific/Auckland", "Africa/Cairo", "Asia/Kolkata", "America/Phoenix", "UTC",
]  # fmt: skip


def table(starts: Sequence[datetime | None], key: str = "M1", **columns: Any) -> pl.DataFrame:
    count = len(starts)
    given = {"line": range(2, count + 2), "key": [key] * count, "local": starts, "value": [1.0] * count} | columns
    data = {name: given.get(name, [None] * count) for name in TRACE_RECORDS}
    return pl.DataFrame(data, schema=TRACE_RECORDS, strict=False)


def starts(rows: pl.DataFrame, timezone: str = CHICAGO) -> list[int]:
    found, rejected = resolve(rows, {}, timezone)
    assert rejected.is_empty(), rejected
    return found["start"].to_list()


@settings(max_examples=60)
@given(st.sampled_from(ZONES), st.integers(2000, 2030), st.sampled_from([15, 30, 60]), st.booleans())
def test_a_complete_series_is_resolved_in_either_order(zone: str, year: int, minutes: int, backwards: bool) -> None:
    first = datetime(year, 1, 1, 12, tzinfo=UTC)
    instants = [first + timedelta(minutes=minutes * step) for step in range(370 * 24 * 60 // minutes)]
    if backwards:
        instants.reverse()
    clock = [instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for instant in instants]
    assert starts(table(clock), zone) == [microseconds(instant) for instant in instants]


def test_the_hour_that_occurs_twice_is_told_by_order() -> None:
    hours = [datetime(2016, 11, 6, hour) for hour in (0, 1, 1, 2)]
    expected = [microseconds(datetime(2016, 11, 6, hour, tzinfo=UTC)) for hour in (5, 6, 7, 8)]
    assert starts(table(hours)) == expected
    assert starts(table(hours[::-1])) == expected[::-1]


def test_traces_are_told_apart_though_their_rows_alternate() -> None:
    hours = [datetime(2016, 11, 6, hour) for hour in (0, 1, 1, 2)]
    both = pl.concat([table(hours, "M1"), table(hours, "M2")]).sort("line", maintain_order=True)
    found, rejected = resolve(both, {"M1": CHICAGO, "M2": "America/New_York"})
    assert rejected.is_empty()
    for key, offset in (("M1", 5), ("M2", 4)):
        expected = [microseconds(datetime(2016, 11, 6, hour, tzinfo=UTC)) for hour in range(offset, offset + 4)]
        assert found.filter(key=key)["start"].to_list() == expected


@pytest.mark.parametrize("hours", [(0, 1, 2), (1,), (0, 1, 1, 1, 2)])
def test_a_repeated_hour_that_order_does_not_decide_is_rejected(hours: tuple[int, ...]) -> None:
    found, rejected = resolve(table([datetime(2016, 11, 6, hour) for hour in hours]), {}, CHICAGO)
    assert len(found) == len([hour for hour in hours if hour != 1])
    assert rejected["value"].unique().to_list() == ["2016-11-06 01:00:00"]
    assert "occurs twice" in rejected["reason"][0]


def test_a_time_that_clocks_skip_is_rejected_or_dropped_if_it_has_no_value() -> None:
    times = [datetime(2016, 3, 13, 1), datetime(2016, 3, 13, 2), datetime(2016, 3, 13, 2, 30)]
    found, rejected = resolve(table(times, value=[1.0, 2.0, None]), {}, CHICAGO)
    assert found["line"].to_list() == [2]
    assert rejected.rows()[0][:3] == (3, "start", "2016-03-13 02:00:00")
    assert "skip" in rejected["reason"][0]


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "America/Havana", "Africa/Cairo", CHICAGO])
def test_a_bare_date_is_the_first_instant_of_the_day(zone: str) -> None:
    days = [datetime(2016, 1, 1) + timedelta(days=day) for day in range(366)]
    expected = [microseconds(day.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)) for day in days]
    assert starts(table(days, date_only=[True] * 366), zone) == expected


def test_the_end_follows_the_start_in_the_hour_that_occurs_twice() -> None:
    begin = [datetime(2016, 11, 6, hour) for hour in (0, 1, 1, 2)]
    end = [datetime(2016, 11, 6, hour) for hour in (1, 1, 2, 3)]
    found, _ = resolve(table(begin, end_local=end), {}, CHICAGO)
    assert found["end"].to_list() == [start + 3_600_000_000 for start in found["start"]]


def test_hours_in_the_order_in_which_they_elapsed() -> None:
    midnight, hour = datetime(2016, 3, 13), 3_600_000_000
    rows = table([midnight] * 25, elapsed=[step * hour for step in range(25)], value=[1.0] * 24 + [None])
    found, rejected = resolve(rows, {}, CHICAGO)
    first = microseconds(datetime(2016, 3, 13, 6, tzinfo=UTC))
    assert found["start"].to_list() == [first + step * hour for step in range(23)]
    assert rejected["line"].to_list() == [25]  # the 24th hour of a day of 23 hours
    autumn = table([datetime(2016, 11, 6)] * 25, elapsed=[step * hour for step in range(25)])
    assert len(starts(autumn)) == 25


def test_times_with_an_offset_need_no_time_zone_and_others_do() -> None:
    rows = table([None, datetime(2016, 1, 1)], instant=[5, None])
    found, rejected = resolve(rows, {"M2": CHICAGO})
    assert found["start"].to_list() == [5]
    assert rejected["line"].to_list() == [3]
    assert "time zone is unknown" in rejected["reason"][0]


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(FileError, match="Mars/Base"):
        resolve(table([datetime(2016, 1, 1)]), {}, "Mars/Base")
