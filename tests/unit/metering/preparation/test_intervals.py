from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.metering import MeterFailure
from chalicelib.metering.inputs.frequency import find_frequency
from chalicelib.metering.preparation.intervals import whole_days, whole_months
from tests.unit.metering.readings import every, readings

CHICAGO = ZoneInfo("America/Chicago")


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


def test_a_trace_without_a_complete_day_is_rejected() -> None:
    trace = readings(every("h", "2016-01-01", "2016-01-02"))
    trace.loc[5:, "value"] = np.nan
    days = whole_days(trace, find_frequency(trace), CHICAGO)
    assert days["value"].isna().all()
    with pytest.raises(MeterFailure, match="readings for more than half of the day on no day at all"):
        whole_months(days, CHICAGO)
