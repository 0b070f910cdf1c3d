"""Readings with a start and an end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.files.bills import WARNINGS, Records, records, with_exclusive_ends
from chalicelib.files.options import Options
from chalicelib.files.parsed import REJECTED
from chalicelib.files.parsing import parse
from chalicelib.files.recognition import recognize
from chalicelib.files.times import resolve


def bills(
    *rows: str, header: str = "Account,Start Date,End Date,Usage (kWh),Read Type", timezone: str = "UTC"
) -> tuple[Records, list[str]]:
    """The records of bills, and the warnings about their ends."""
    body = "\n".join([header, *rows, ""]).encode()
    layout = recognize(body, Options("trace_records"))
    found = parse(body[layout.header_bytes :], layout, layout.header_lines + 1)
    assert found.rejected.is_empty(), found.rejected
    exclusive, warnings = with_exclusive_ends(found.rows)
    resolved, rejected = resolve(exclusive, {}, timezone)
    assert rejected.is_empty()
    return records(resolved), warnings["detail"].to_list()


def starts(found: Records) -> list[tuple[Any, ...]]:
    """The key, the day of the start, and the value of each record."""
    days = pl.from_epoch("start", "us").dt.strftime("%m-%d")
    return found.rows.select("key", days, "value").rows()


def test_bills_that_follow_each_other_end_with_a_record_without_a_value() -> None:
    found, warnings = bills("A,1/15/2016,2/14/2016,10,Actual", "A,2/14/2016,3/15/2016,11,Estimated")
    assert starts(found) == [("A", "01-15", 10.0), ("A", "02-14", 11.0), ("A", "03-15", None)]
    assert found.rows["closing"].to_list() == [False, False, True]
    assert found.rows["estimated"].to_list() == [False, True, False]
    assert found.rejected.is_empty()
    assert found.warnings.is_empty()
    assert warnings == []


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = [
        "A,1/15/2016,2/14/2016,10,",
        "B,1/1/2016,2/1/2016,1,",
        "A,2/14/2016,3/15/2016,11,",
        "B,2/1/2016,3/1/2016,2,",
    ]
    assert starts(bills(*rows)[0]) == starts(bills(*rows[::-1])[0])


def test_ends_that_are_the_day_before_the_next_start_are_the_last_day() -> None:
    found, warnings = bills(
        "A,1/15/2016,2/14/2016,10,", "A,2/15/2016,3/14/2016,11,", "A,3/15/2016,3/15/2016,1,", "B,1/1/2016,1/31/2016,5,"
    )
    assert starts(found) == [
        ("A", "01-15", 10.0), ("A", "02-15", 11.0), ("A", "03-15", 1.0), ("A", "03-16", None),
        ("B", "01-01", 5.0), ("B", "02-01", None),
    ]  # fmt: skip
    assert warnings == [
        "The ends of the readings of 2 traces, such as A, are taken as their last day, since most are one day "
        "before the next start."
    ]
    assert found.warnings.is_empty()


def test_each_trace_has_its_own_convention() -> None:
    found, warnings = bills(
        "A,1/1/2016,1/31/2016,1,", "A,2/1/2016,2/29/2016,2,", "B,1/1/2016,2/1/2016,3,", "B,2/1/2016,3/1/2016,4,"
    )
    assert [day for key, day, value in starts(found) if value is None] == ["03-01", "03-01"]
    assert len(warnings) == 1
    assert "trace A" in warnings[0]


def test_a_day_between_two_bills_of_many_is_a_gap() -> None:
    found, warnings = bills(
        "A,1/13/2016,2/1/2016,1,", "A,2/1/2016,3/1/2016,2,", "A,3/1/2016,3/31/2016,3,", "A,4/1/2016,5/1/2016,4,"
    )
    assert warnings == []
    assert ("A", "03-31", None) in starts(found)
    assert found.warnings.rows() == [(5, "Trace A has no reading from 2016-03-31 to 2016-04-01.")]


def test_intervals_whose_ends_are_a_minute_before_the_next_start() -> None:
    header = "meter,date,start time,end time,kWh"
    found, warnings = bills("M,2016-01-05,00:00,00:59,1", "M,2016-01-05,01:00,01:59,2", header=header)
    assert [datetime.fromtimestamp(start / 1e6, UTC).hour for start in found.rows["start"]] == [0, 1, 2]
    assert "last minute" in warnings[0]


def test_an_overlapping_bill_is_rejected_with_both_lines_and_their_dates() -> None:
    found, _ = bills(
        "A,1/15/2016,2/15/2016,10,",
        "A,2/10/2016,3/15/2016,11,",
        "A,2/15/2016,3/15/2016,12,",
        "A,3/15/2016,4/15/2016,13,",
    )
    assert starts(found) == [("A", "01-15", 10.0), ("A", "02-15", 12.0), ("A", "03-15", 13.0), ("A", "04-15", None)]
    line, column, value, reason = found.rejected.row(0)
    assert (line, column, value) == (3, "start", "2016-02-10")
    assert "from 2016-02-10 to 2016-03-15 overlaps that in line 2, from 2016-01-15 to 2016-02-15" in reason


def test_a_rejected_bill_does_not_reject_those_after_it() -> None:
    found, _ = bills(
        "A,1/15/2016,2/15/2016,1,", "A,1/20/2016,12/31/2016,99,", "A,2/15/2016,3/15/2016,2,", "A,3/15/2016,4/15/2016,3,"
    )
    assert found.rejected["line"].to_list() == [3]


def test_bills_with_the_same_start_and_end_are_reported() -> None:
    found, _ = bills("A,1/15/2016,2/14/2016,10,", "A,1/15/2016,2/14/2016,12,")
    assert starts(found) == [("A", "01-15", 10.0), ("A", "01-15", 12.0), ("A", "02-14", None)]
    assert found.warnings.rows() == [
        (3, "Trace A has two readings that start at 2016-01-15, in lines 2 and 3; the last one counts.")
    ]


def test_an_end_before_its_start_is_rejected() -> None:
    found, _ = bills("A,2/14/2016,1/15/2016,10,", "A,2/14/2016,2/14/2016,10,")
    assert found.rejected.select("line", "column", "value").rows() == [
        (2, "end", "2016-01-15"),
        (3, "end", "2016-02-14"),
    ]
    assert found.rows.is_empty()


def test_rows_without_an_end_are_kept() -> None:
    found, _ = bills("A,1/15/2016,,10,", "A,2/15/2016,,11,")
    assert starts(found) == [("A", "01-15", 10.0), ("A", "02-15", 11.0)]
    assert found.rejected.schema == REJECTED
    assert found.warnings.schema == WARNINGS


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 100), st.integers(-2, 40)), min_size=1, max_size=25))
def test_records_never_overlap_and_none_is_lost(given_bills: list[tuple[str, int, int]]) -> None:
    day = datetime(2016, 1, 1)
    rows = [
        f"{key},{day + timedelta(start):%Y-%m-%d},{day + timedelta(start + length):%Y-%m-%d},1,"
        for key, start, length in given_bills
    ]
    found, _ = bills(*rows)
    assert found.rows.filter(~pl.col("closing")).height + found.rejected.height == len(rows)
    readings = found.rows.filter(~pl.col("closing")).unique(["key", "start", "end"]).sort("key", "start")
    following = readings.with_columns(after=pl.col("start").shift(-1).over("key"))
    assert (following["after"].is_null() | (following["end"] <= following["after"])).all()
    for key in readings["key"].unique():
        mine = found.rows.filter(key=key)
        ends = set(mine["end"].drop_nulls())
        assert ends <= set(mine["start"])  # every reading ends where another record starts
