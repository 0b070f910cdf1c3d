from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.metering import MeterFailure
from chalicelib.metering.inputs.frequency import (
    combine_estimates,
    find_frequency,
    merge_bills,
    snap_to_midnight,
    whole_days,
    whole_months,
)

CHICAGO = ZoneInfo("America/Chicago")


def readings(starts: pd.DatetimeIndex, values: "list[float] | float" = 1.0) -> pd.DataFrame:
    """Return a reading from each start to the next."""
    starts = starts.tz_convert("UTC")
    return pd.DataFrame({"start": starts[:-1], "end": starts[1:], "value": values})


def every(step: str, start: str, end: str, tz: str = "America/Chicago") -> pd.DatetimeIndex:
    return pd.date_range(start, end, freq=step, tz=tz)


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("15min", "15min"),
        ("30min", "30min"),
        ("h", "hourly"),
        ("D", "daily"),
        ("MS", "billing_monthly"),
        ("2MS", "billing_bimonthly"),
    ],
)
def test_frequency_over_clock_changes(step: str, name: str) -> None:
    assert find_frequency(readings(every(step, "2016-01-01", "2016-12-31"))).name == name


def test_gaps_and_one_odd_bill_do_not_change_the_frequency() -> None:
    bills = every("MS", "2016-01-01", "2017-01-01").delete([3, 4])
    assert find_frequency(readings(bills)).name == "billing_monthly"
    days = every("D", "2016-01-01", "2017-01-01")
    assert find_frequency(readings(days.delete(range(40, 90)))).name == "daily"


def test_quarterly_bills_are_rejected() -> None:
    with pytest.raises(MeterFailure, match="at most 70 days"):
        find_frequency(readings(every("QS", "2015-01-01", "2018-01-01")))


@pytest.mark.parametrize("tz", ["UTC", "America/Chicago", "Asia/Kolkata", "Australia/Lord_Howe"])
@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_whole_days_keep_their_sums_over_clock_changes(tz: str, minutes: int) -> None:
    if (tz, minutes) == ("Australia/Lord_Howe", 60):
        pytest.skip("clocks change by half an hour there, so that one hour belongs to two days")
    starts = every(f"{minutes}min", "2016-01-01", "2017-01-01", tz)
    values = list(np.random.default_rng(1).uniform(0, 2, len(starts) - 1))
    trace = readings(starts, values)
    sums = whole_days(trace, find_frequency(trace), ZoneInfo(tz))
    assert sums["value"].sum() == pytest.approx(sum(values), rel=1e-12)
    assert len(sums) == 366
    hours = (sums["end"] - sums["start"]).dt.total_seconds() / 3600
    assert set(hours) == {"UTC": {24}, "Asia/Kolkata": {24}, "America/Chicago": {23, 24, 25}}.get(tz, {23.5, 24, 24.5})


@given(st.sets(st.integers(0, 71), max_size=60))
def test_a_day_is_filled_if_more_than_half_was_read_and_missing_otherwise(missing: set[int]) -> None:
    starts = every("h", "2016-01-01", "2016-01-04")
    trace = readings(starts, 2.0)
    trace.loc[list(missing), "value"] = np.nan
    if len(missing) == 72:
        return
    sums = whole_days(trace, find_frequency(trace), CHICAGO).set_index("start")["value"]
    for day in range(3):
        read = len(set(range(24 * day, 24 * day + 24)) - missing)
        value = sums.get(starts[24 * day].tz_convert("UTC"), np.nan)
        assert value == pytest.approx(48) if read > 12 else np.isnan(value)


def test_hours_without_consumption_are_readings() -> None:
    trace = readings(every("h", "2016-01-01", "2016-01-02"), [0.0] * 20 + [1.0] * 4)
    assert list(whole_days(trace, find_frequency(trace), CHICAGO)["value"]) == [4.0]


def test_days_given_as_midnight_utc_keep_their_date() -> None:
    trace = readings(every("D", "2016-03-01", "2016-03-31", "UTC"), [float(day) for day in range(1, 31)])
    days = whole_days(trace, find_frequency(trace), CHICAGO)
    assert list(pd.DatetimeIndex(days["start"]).tz_convert(CHICAGO).day) == list(days["value"])
    assert set(pd.DatetimeIndex(days["start"]).tz_convert(CHICAGO).hour) == {0}


@pytest.mark.parametrize("hour", ["00:00:00Z", "06:00:00Z", "01:00:00-05:00"])
def test_a_bill_starts_at_midnight_of_its_date_whatever_its_hour(hour: str) -> None:
    reads = pd.to_datetime([f"2016-{month:02}-17T{hour}" for month in range(1, 13)], utc=True)
    bills = snap_to_midnight(readings(pd.DatetimeIndex(reads)), CHICAGO)
    for edge in ("start", "end"):
        local = pd.DatetimeIndex(bills[edge]).tz_convert(CHICAGO)
        assert set(zip(local.day, local.hour, strict=True)) == {(17, 0)}


def test_a_trace_without_a_complete_day_is_rejected() -> None:
    trace = readings(every("h", "2016-01-01", "2016-01-02"))
    trace.loc[5:, "value"] = np.nan
    days = whole_days(trace, find_frequency(trace), CHICAGO)
    assert days["value"].isna().all()
    with pytest.raises(MeterFailure, match="no day with readings for more than half of it"):
        whole_months(days, CHICAGO)


def with_estimates(values: list[float | None], estimated: list[bool], months: str = "MS") -> pd.DataFrame:
    starts = pd.date_range("2016-01-01", periods=len(values) + 1, freq=months, tz="UTC")
    return pd.DataFrame(
        {
            "start": starts[:-1],
            "end": starts[1:],
            "value": np.array(values, dtype=float),
            "estimated": np.array(estimated, dtype=bool),
        }
    )


def by_bill(bills: pd.DataFrame) -> list[Any]:
    """Return the energy of each combined bill."""
    sums = bills.groupby("bill")["value"].apply(lambda values: values.sum(skipna=False))
    return [None if np.isnan(value) else pytest.approx(value) for value in sums]


def test_estimated_bills_are_combined_with_the_next_actual_read() -> None:
    bills = combine_estimates(with_estimates([10, 20, 30, 40], [False, True, False, False]))
    assert by_bill(bills) == [10, 50, 40]
    assert bills["value"][1] / 29 == pytest.approx(bills["value"][2] / 31)  # a day of February and one of March
    assert combine_estimates(with_estimates([10, 20], [False, False]))["value"].tolist() == [10, 20]


@pytest.mark.parametrize(
    ("values", "estimated", "left"),
    [
        ([10, 20, 30, 40], [False, True, True, False], [10, None]),  # 90 days, longer than any bill
        ([10, 20, 30, 40], [False, False, False, True], [10, 20, 30, None]),  # no actual read follows
        ([10, None, 30, 40], [False, True, False, False], [10, None, 40]),
    ],
)
def test_an_estimate_without_an_actual_read_is_missing(
    values: list[float | None], estimated: list[bool], left: list[float | None]
) -> None:
    assert by_bill(combine_estimates(with_estimates(values, estimated))) == left


def test_combined_bills_are_merged() -> None:
    bills = combine_estimates(with_estimates([10, 20, 30, 40, None], [False, True, False, False, False]))
    joined = merge_bills(bills)
    assert joined["value"].tolist()[:3] == pytest.approx([10, 50, 40])
    assert joined["value"].isna().tolist() == [False, False, False, True]
    assert joined["start"].tolist() == bills["start"][[0, 1, 3, 4]].tolist()
    assert joined["end"].tolist() == bills["end"][[0, 2, 3, 4]].tolist()
    assert joined["bill"].is_unique
    gap = bills.assign(start=bills["start"].where(bills.index != 2, bills["start"] + pd.Timedelta(days=5)))
    assert merge_bills(gap)["value"].isna().tolist() == [False, True, False, True]
