from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.metering.inputs.meter_input import MeterInput, Project, Trace, Weather
from chalicelib.metering.preparation.temperatures import Temperatures, period_temperatures

DAYS = 30
CHICAGO = ZoneInfo("America/Chicago")
FIRST = pd.Timestamp("2016-07-01", tz=CHICAGO).tz_convert("UTC")
INDEX = pd.date_range(FIRST - pd.Timedelta(days=2), periods=24 * (DAYS + 4), freq="h")
SERIES = pd.Series(70 + 10 * np.sin(2 * np.pi * np.arange(len(INDEX)) / 24), index=INDEX)
NOW = pd.Timestamp("2016-12-01", tz="UTC")


def filled(temperature: "pd.Series[float]", *, by_day: bool = True) -> Temperatures:
    starts = pd.date_range(FIRST, periods=DAYS, freq="D")
    readings = pd.DataFrame({"start": starts, "end": starts + pd.Timedelta(days=1), "value": 1.0})
    trace = Trace("ELECTRICITY_CONSUMPTION_SUPPLIED", "KWH", "KWH", readings)
    project = Project(CHICAGO, None, NOW, NOW, None)
    weather = Weather("724390", temperature.resample("h").mean())
    return period_temperatures(readings, MeterInput(trace, project, weather, weather), by_day=by_day)


def daily(temperatures: Temperatures) -> "pd.Series[float]":
    return temperatures.hours.resample("D").mean().iloc[2:-2]


def test_complete_weather_is_unchanged() -> None:
    found = filled(SERIES)
    assert (found.count, found.missing, found.filled, len(found.days_without)) == (24 * DAYS, 0, 0, 0)
    assert (found.hours.to_numpy() == SERIES.to_numpy()).all()


def test_a_missing_hour_is_interpolated() -> None:
    at = INDEX[100]
    found = filled(SERIES.drop(at))
    assert (found.missing, found.filled) == (1, 1)
    assert found.hours[at] == pytest.approx(SERIES.iloc[100], abs=0.5)
    line = (SERIES.iloc[99] + SERIES.iloc[101]) / 2
    assert filled(SERIES.drop(at), by_day=False).hours[at] == pytest.approx(line)


def test_a_day_needs_half_of_its_hours() -> None:
    day = np.flatnonzero(INDEX.tz_convert(CHICAGO).day == 10)
    gone = SERIES.drop(INDEX[day[1:15]])  # 14 hours; the first and last are next to a known one
    found = filled(gone)
    assert (found.missing, found.filled, len(found.days_without)) == (14, 14, 0)
    known = filled(gone, by_day=False).hours[INDEX[day]]
    assert known.notna().sum() == 12
    assert daily(found).notna().all()
    found = filled(SERIES.drop(INDEX[day[1:16]]))
    assert [f"{at:%m-%d}" for at in found.days_without] == ["07-10"]
    assert daily(found).isna().sum() == 1


def test_a_long_gap_loses_only_its_own_days() -> None:
    gone = SERIES[(FIRST + pd.Timedelta(days=5) > INDEX) | (FIRST + pd.Timedelta(days=9) <= INDEX)]
    found = filled(gone)
    assert [f"{at:%m-%d}" for at in found.days_without] == ["07-06", "07-07", "07-08", "07-09"]
    assert daily(found).isna().sum() == 4


def test_for_hourly_models_only_hours_next_to_known_ones_are_filled() -> None:
    found = filled(SERIES.drop(INDEX[100:105]), by_day=False)
    assert found.hours.isna().sum() == 3


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.33))
def test_a_third_of_the_hours_may_be_missing_at_random(seed: int, share: float) -> None:
    kept = np.random.default_rng(seed).random(len(SERIES)) >= share
    kept[[0, -1]] = True
    found = filled(SERIES[kept])
    assert found.missing == found.filled
    assert (daily(found) - daily(filled(SERIES))).abs().max() < 2.5  # F; temperatures vary by 20 F within a day
