from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.metering import ModelFailure
from chalicelib.metering.inputs.frequency import find_frequency
from chalicelib.metering.inputs.meter_input import Project
from chalicelib.metering.preparation.periods import baseline_readings, reporting_readings
from chalicelib.reporting_window import FIRST_YEAR, LATEST_YEAR, Window

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


def test_periods_have_the_365_days_next_to_the_project() -> None:
    trace = bills([1] * 1000)
    at = project("2016-06-01", "2016-07-01")
    before = baseline_readings(trace, find_frequency(trace), at)
    after = reporting_readings(trace, find_frequency(trace), at)
    assert (len(before), before["end"].max()) == (365, at.baseline_end)
    assert (len(after), after["start"].min()) == (365, at.reporting_start)


def test_a_period_that_ends_during_a_day_also_has_365_complete_days() -> None:
    trace = bills([1] * 1000)
    at = project("2016-06-01 18:00", "2016-07-01 09:00")
    assert len(baseline_readings(trace, find_frequency(trace), at)) == 365
    assert len(reporting_readings(trace, find_frequency(trace), at)) == 365


@given(st.lists(st.integers(26, 35), min_size=30, max_size=30))
def test_bills_cover_as_much_of_a_year_as_possible_and_never_more(lengths: list[int]) -> None:
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


@example([25] * 25 + [67] + [25] * 24)  # a skipped read across the project
@given(st.lists(st.integers(25, 70), min_size=50, max_size=50))
def test_the_bills_closest_to_a_year_are_never_too_few(lengths: list[int]) -> None:
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


def test_a_missing_bill_next_to_the_project_does_not_exclude_others() -> None:
    trace = bills([61] * 20)
    at = project("2016-12-01", "2016-12-15")
    last = trace[trace["end"] <= at.baseline_end].index.max()
    first = trace[trace["start"] >= at.reporting_start].index.min()
    trace.loc[[last, first], "value"] = None
    before = baseline_readings(trace, find_frequency(trace), at, nearest=True)
    after = reporting_readings(trace, find_frequency(trace), at, nearest=True)
    assert before.index.tolist() == list(range(last - 6, last))
    assert after.index.tolist() == list(range(first + 1, first + 7))


def test_shorter_periods_are_respected() -> None:
    trace = bills([1] * 1000)
    at = project("2016-06-01", "2016-07-01", first="2016-05-01", last="2016-07-11")
    assert len(baseline_readings(trace, find_frequency(trace), at)) == 31
    assert len(reporting_readings(trace, find_frequency(trace), at)) == 10


def test_a_trace_that_ended_long_before_the_project_has_no_baseline() -> None:
    trace = bills([1] * 300)
    assert baseline_readings(trace, find_frequency(trace), project("2017-06-01", "2017-07-01")).empty


def test_a_trace_that_begins_after_the_project_has_no_baseline() -> None:
    trace = bills([30] * 12)
    assert baseline_readings(trace, find_frequency(trace), project("2015-01-01", "2015-02-01")).empty


LENGTHS = st.one_of(
    st.lists(st.integers(1, 1), min_size=2, max_size=1200),  # days
    st.lists(st.integers(25, 35), min_size=1, max_size=40),
    st.lists(st.integers(50, 70), min_size=1, max_size=20),
)


def windowed(trace: pd.DataFrame, at: Project, window: Window, nearest: bool) -> pd.DataFrame:
    return reporting_readings(trace, find_frequency(trace), at, window, nearest=nearest)


def without(trace: pd.DataFrame, missing: set[int]) -> pd.DataFrame:
    """Return the trace without some of its values."""
    return trace.assign(value=trace["value"].mask(trace.index.isin(missing)))


@given(LENGTHS, st.integers(-40, 1000), st.booleans(), st.sets(st.integers(0, 60)))
def test_the_latest_year_is_the_first_if_there_is_at_most_one_year(
    lengths: list[int], days: int, nearest: bool, missing: set[int]
) -> None:
    trace = without(bills(lengths), missing)
    start = pd.Timestamp("2015-01-10") + days * DAY
    at = project("2015-01-01", str(start))
    inside = trace[(trace["start"] >= at.reporting_start) & trace["value"].notna()]
    latest = windowed(trace, at, LATEST_YEAR, nearest)
    assert (latest["start"] >= at.reporting_start).all()
    assert latest.empty or latest["end"].max() == inside["end"].max()
    if inside.empty or inside["end"].max() <= (start + 365 * DAY).tz_localize(CHICAGO):
        first = windowed(trace, at, FIRST_YEAR, nearest)
        assert latest.dropna(subset="value").equals(first.dropna(subset="value"))


@given(LENGTHS, st.integers(0, 700), st.integers(1, 366), st.sets(st.integers(0, 60)))
def test_no_window_has_more_than_366_days(lengths: list[int], first: int, days: int, missing: set[int]) -> None:
    trace = without(bills(lengths), missing)
    start = pd.Timestamp("2015-01-10") + first * DAY
    at = project("2015-01-01", "2015-01-10")
    dates = {"start": f"{start:%Y-%m-%d}", "end": f"{start + days * DAY:%Y-%m-%d}"}
    for window, most in ((FIRST_YEAR, 365), (LATEST_YEAR, 365), (dates, days)):
        chosen = windowed(trace, at, window, nearest=False)
        assert chosen.empty or days_of(chosen) <= most <= 366


@given(st.lists(st.integers(25, 70), min_size=50, max_size=50))
def test_the_latest_bills_are_those_closest_to_a_year(lengths: list[int]) -> None:
    trace = bills(lengths)
    at = project("2015-01-01", "2015-01-10")
    latest = windowed(trace, at, LATEST_YEAR, nearest=True)
    assert 330 <= days_of(latest) <= 400
    assert latest.index.max() == trace.index.max()
    longer = trace.loc[latest.index.min() - 1 :]
    assert abs(days_of(longer) - 365) >= abs(days_of(latest) - 365) <= abs(days_of(latest.iloc[1:]) - 365)


def test_the_latest_year_ends_with_the_reporting_period_or_the_last_value() -> None:
    trace = bills([1] * 1500)
    of_period = windowed(trace, project("2016-06-01", "2016-07-01", last="2018-03-01"), LATEST_YEAR, nearest=False)
    assert (len(of_period), of_period["end"].max()) == (365, pd.Timestamp("2018-03-01", tz=CHICAGO))
    known = without(trace, set(range(1400, 1500)))
    of_values = windowed(known, project("2016-06-01", "2016-07-01", last="2019-01-01"), LATEST_YEAR, nearest=False)
    assert (len(of_values), of_values.index.max()) == (365, 1399)
    nothing = windowed(trace.assign(value=None), project("2016-06-01", "2016-07-01"), LATEST_YEAR, nearest=False)
    assert nothing.empty


def test_dates_select_the_complete_readings_in_between() -> None:
    trace = bills([1] * 1500)
    at = project("2016-06-01", "2016-07-01", last="2018-11-01")
    days = windowed(trace, at, {"start": "2017-03-01", "end": "2018-03-01"}, nearest=False)
    assert (len(days), days["start"].min()) == (365, pd.Timestamp("2017-03-01", tz=CHICAGO))
    short = windowed(trace, at, {"start": "2018-09-01", "end": "2019-09-01"}, nearest=False)
    assert (len(short), short["end"].max()) == (61, at.reporting_end)
    monthly = bills([30] * 50)
    months = windowed(monthly, at, {"start": "2017-03-01", "end": "2018-03-01"}, nearest=True)
    assert months["start"].min() >= pd.Timestamp("2017-03-01", tz=CHICAGO)
    assert (len(months), days_of(months)) == (11, 330)


def test_a_window_before_the_reporting_period_is_an_error_with_both_dates() -> None:
    window = {"start": "2016-06-30", "end": "2017-06-30"}
    with pytest.raises(ModelFailure, match=r"2016-06-30T00:00:00-05:00, before .* 2016-07-01T00:00:00-05:00"):
        windowed(bills([1] * 1000), project("2016-06-01", "2016-07-01"), window, nearest=False)
