from zoneinfo import ZoneInfo

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.metering.frequency import find_frequency
from chalicelib.metering.periods import baseline_readings, reporting_readings
from chalicelib.metering.serialized import Project

CHICAGO = ZoneInfo("America/Chicago")
DAY = pd.Timedelta(days=1)


def project(end: str, start: str, first: str | None = None, last: str | None = None) -> Project:
    def at(date: str | None) -> pd.Timestamp | None:
        return None if date is None else pd.Timestamp(date, tz=CHICAGO)

    return Project(CHICAGO, at(first), pd.Timestamp(end, tz=CHICAGO), pd.Timestamp(start, tz=CHICAGO), at(last))


def bills(lengths: list[int]) -> pd.DataFrame:
    edges = [pd.Timestamp("2015-01-10", tz=CHICAGO).tz_localize(None)]
    for length in lengths:
        edges.append(edges[-1] + length * DAY)
    index = pd.DatetimeIndex(edges).tz_localize(CHICAGO).tz_convert("UTC")
    return pd.DataFrame({"start": index[:-1], "end": index[1:], "value": 1.0})


def days_of(readings: pd.DataFrame) -> int:
    local = [pd.DatetimeIndex(readings[edge]).tz_convert(CHICAGO).tz_localize(None) for edge in ("start", "end")]
    return int((local[1].max() - local[0].min()) / DAY)


def test_the_365_days_next_to_the_project() -> None:
    trace = bills([1] * 1000)
    at = project("2016-06-01", "2016-07-01")
    before = baseline_readings(trace, find_frequency(trace), at)
    after = reporting_readings(trace, find_frequency(trace), at)
    assert (len(before), before["end"].max()) == (365, at.baseline_end)
    assert (len(after), after["start"].min()) == (365, at.reporting_start)


def test_a_period_that_ends_within_a_day_has_365_whole_days_too() -> None:
    trace = bills([1] * 1000)
    at = project("2016-06-01 18:00", "2016-07-01 09:00")
    assert len(baseline_readings(trace, find_frequency(trace), at)) == 365
    assert len(reporting_readings(trace, find_frequency(trace), at)) == 365


@given(st.lists(st.integers(26, 35), min_size=30, max_size=30))
def test_whole_bills_are_as_near_to_a_year_as_they_come_and_never_above(lengths: list[int]) -> None:
    trace = bills(lengths)
    at = project("2016-06-01", "2016-06-15")
    for chosen, inside in (
        (baseline_readings(trace, find_frequency(trace), at), trace[trace["end"] <= at.baseline_end]),
        (reporting_readings(trace, find_frequency(trace), at), trace[trace["start"] >= at.reporting_start]),
    ):
        assert days_of(chosen) <= 365
        assert set(chosen.index) <= set(inside.index)
        one_more = chosen.index.union([min(chosen.index) - 1 if max(chosen.index) < 25 else max(chosen.index) + 1])
        if set(one_more) <= set(inside.index):
            assert days_of(trace.loc[one_more]) > 365


@given(st.lists(st.integers(25, 70), min_size=50, max_size=50))
def test_the_bills_nearest_to_a_year_are_never_too_few(lengths: list[int]) -> None:
    trace = bills(lengths)
    at = project("2016-12-01", "2016-12-15")
    for chosen, inside in (
        (
            baseline_readings(trace, find_frequency(trace), at, nearest=True),
            trace[trace["end"] <= at.baseline_end],
        ),
        (
            reporting_readings(trace, find_frequency(trace), at, nearest=True),
            trace[trace["start"] >= at.reporting_start],
        ),
    ):
        assert 330 <= days_of(chosen) <= 400
        assert set(chosen.index) <= set(inside.index)
        distance = abs(days_of(chosen) - 365)
        at_project = chosen.index.max() == inside.index.max()
        longer = [min(chosen.index) - 1] if at_project else [max(chosen.index) + 1]
        if set(longer) <= set(inside.index):
            assert abs(days_of(trace.loc[chosen.index.union(longer)]) - 365) >= distance
        shorter = chosen.iloc[1:] if at_project else chosen.iloc[:-1]
        assert abs(days_of(shorter) - 365) >= distance


def test_a_bill_without_a_reading_next_to_the_project_costs_no_other() -> None:
    trace = bills([61] * 20)
    at = project("2016-12-01", "2016-12-15")
    last = trace[trace["end"] <= at.baseline_end].index.max()
    first = trace[trace["start"] >= at.reporting_start].index.min()
    trace.loc[[last, first], "value"] = None
    before = baseline_readings(trace, find_frequency(trace), at, nearest=True)
    after = reporting_readings(trace, find_frequency(trace), at, nearest=True)
    assert before.index.tolist() == list(range(last - 6, last))
    assert after.index.tolist() == list(range(first + 1, first + 7))


def test_narrower_periods_are_honoured() -> None:
    trace = bills([1] * 1000)
    at = project("2016-06-01", "2016-07-01", first="2016-05-01", last="2016-07-11")
    assert len(baseline_readings(trace, find_frequency(trace), at)) == 31
    assert len(reporting_readings(trace, find_frequency(trace), at)) == 10


def test_an_old_trace_does_not_reach_further_back_than_a_reading() -> None:
    trace = bills([1] * 300)
    assert baseline_readings(trace, find_frequency(trace), project("2017-06-01", "2017-07-01")).empty


def test_a_trace_that_begins_after_the_project_has_no_baseline() -> None:
    trace = bills([30] * 12)
    assert baseline_readings(trace, find_frequency(trace), project("2015-01-01", "2015-02-01")).empty
