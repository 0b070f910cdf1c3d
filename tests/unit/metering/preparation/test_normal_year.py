from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from chalicelib.metering import MeterFailure
from chalicelib.metering.inputs.meter_input import Weather
from chalicelib.metering.preparation.normal_year import normal_temperatures


def normal(year: int, tz: str = "UTC") -> Weather:
    """Return a year in which the temperature is the number of the hour."""
    index = pd.date_range(f"{year}-01-01", periods=8760, freq="h", tz="UTC")
    return Weather("724390", pd.Series(range(8760), index=index, dtype=float))


@pytest.mark.parametrize("year", [1999, 2015, 2019])
@pytest.mark.parametrize("tz", ["UTC", "America/Chicago", "Asia/Tokyo"])
def test_any_source_year_becomes_365_local_days_of_2015(year: int, tz: str) -> None:
    hours = normal_temperatures(normal(year), ZoneInfo(tz))
    assert sorted(hours) == list(range(8760))
    days = hours.resample("D").count()
    assert len(days) == 365
    assert (days.index[0].isoformat()[:16], days.index[-1].isoformat()[:10]) == ("2015-01-01T00:00", "2015-12-31")
    assert hours.iloc[0] == {"UTC": 0, "America/Chicago": 6, "Asia/Tokyo": 8751}[tz]


def test_months_of_several_years_are_combined() -> None:
    whole = normal(2015).temperature
    index = [at.replace(year=1990 + at.month) for at in whole.index]
    scattered = Weather("724390", pd.Series(whole.to_numpy(), index=pd.DatetimeIndex(index)).resample("h").mean())
    pd.testing.assert_series_equal(
        normal_temperatures(scattered, ZoneInfo("UTC")), normal_temperatures(normal(2015), ZoneInfo("UTC"))
    )


def test_a_gap_of_two_days_is_interpolated_and_a_longer_one_is_rejected() -> None:
    index = pd.date_range("2015-01-01", periods=8760, freq="h", tz="UTC")
    daily = pd.Series(index.hour.astype(float), index=index)  # every day is the same
    whole = normal_temperatures(Weather("724390", daily), ZoneInfo("UTC"))
    for first, last in ((0, 48), (8736, 8760), (4000, 4048)):
        filled = normal_temperatures(Weather("724390", daily.drop(index[first:last])), ZoneInfo("UTC"))
        pd.testing.assert_series_equal(filled, whole)
    with pytest.raises(MeterFailure, match="station 724390 lacks 49 of its 8,760 hours, from 01-01 to 01-03"):
        normal_temperatures(Weather("724390", daily.iloc[49:]), ZoneInfo("UTC"))


def test_a_gap_may_extend_across_new_year() -> None:
    whole = normal(2015)
    hours = whole.temperature.drop(whole.temperature.index[[*range(24), *range(8736, 8760)]])
    filled = normal_temperatures(Weather("724390", hours), ZoneInfo("UTC"))
    before, after = 8735.0, 24.0  # the hours around the gap, three days apart
    assert filled.iloc[-1] == pytest.approx(before + (after - 1 + 24 - before) / 3)


def test_the_29th_of_february_is_ignored() -> None:
    index = pd.date_range("2016-01-01", periods=8784, freq="h", tz="UTC")
    leap = index[(index.month == 2) & (index.day == 29)]
    hours = pd.Series(50.0, index=index)
    hours[leap] = 120.0
    assert normal_temperatures(Weather("724390", hours), ZoneInfo("UTC")).max() == 50.0
