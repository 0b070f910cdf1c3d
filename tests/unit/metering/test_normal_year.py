from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from chalicelib.metering import MeterFailure
from chalicelib.metering.normal_year import normal_temperatures
from chalicelib.metering.serialized import Weather


def normal(year: int, tz: str = "UTC") -> Weather:
    """A year in which the temperature is the number of the hour."""
    index = pd.date_range(f"{year}-01-01", periods=8760, freq="h", tz="UTC")
    return Weather("724390", pd.Series(range(8760), index=index, dtype=float))


@pytest.mark.parametrize("year", [1999, 2015, 2019])
@pytest.mark.parametrize("tz", ["UTC", "America/Chicago", "Asia/Tokyo"])
def test_whichever_year_it_came_from_it_is_365_local_days_of_2015(year: int, tz: str) -> None:
    hours = normal_temperatures(normal(year), ZoneInfo(tz))
    assert sorted(hours) == list(range(8760))
    days = hours.resample("D").count()
    assert len(days) == 365
    assert (days.index[0].isoformat()[:16], days.index[-1].isoformat()[:10]) == ("2015-01-01T00:00", "2015-12-31")
    assert hours.iloc[0] == {"UTC": 0, "America/Chicago": 6, "Asia/Tokyo": 8751}[tz]


def test_months_of_several_years_make_one() -> None:
    whole = normal(2015).temperature
    index = [at.replace(year=1990 + at.month) for at in whole.index]
    scattered = Weather("724390", pd.Series(whole.to_numpy(), index=pd.DatetimeIndex(index)).resample("h").mean())
    pd.testing.assert_series_equal(
        normal_temperatures(scattered, ZoneInfo("UTC")), normal_temperatures(normal(2015), ZoneInfo("UTC"))
    )


def test_a_year_with_missing_hours_is_refused() -> None:
    whole = normal(2015)
    with pytest.raises(MeterFailure, match="station 724390 lacks 24 of its 8760 hours"):
        normal_temperatures(Weather("724390", whole.temperature.iloc[24:]), ZoneInfo("UTC"))
