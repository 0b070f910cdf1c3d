import numpy as np
import pandas as pd
import pytest

from chalicelib.metering.models.caltrack.degree_days import bill_means, daily_means, degree_days

CHICAGO = "America/Chicago"


def hours_of(first: str, last: str) -> "pd.Series[float]":
    index = pd.date_range(first, last, freq="h", tz=CHICAGO, inclusive="left")
    return pd.Series(np.random.default_rng(3).normal(50, 10, len(index)), index=index)


def midnight(date: str) -> pd.Timestamp:
    return pd.Timestamp(date, tz=CHICAGO)


@pytest.mark.parametrize("month", ["2016-03", "2016-11", "2016-07"])
def test_means_are_those_of_local_days_of_23_24_or_25_hours(month: str) -> None:
    hours = hours_of(f"{month}-01", f"{month}-29")
    means, share = daily_means(hours, midnight(f"{month}-02"), midnight(f"{month}-28"))
    expected = hours.resample("D").mean()[f"{month}-02" : f"{month}-27"]
    assert means == pytest.approx(expected.to_numpy())
    assert share == pytest.approx(np.ones(26))


def test_a_day_needs_half_of_its_hours() -> None:
    hours = hours_of("2016-07-01", "2016-07-05")
    hours.iloc[:13] = np.nan
    hours.iloc[24 : 24 + 12] = np.nan
    means, share = daily_means(hours, midnight("2016-07-01"), midnight("2016-07-06"))
    assert np.isnan(means).tolist() == [True, False, False, False, True]
    assert means[1] == pytest.approx(hours.iloc[36:48].mean())
    assert share == pytest.approx([11 / 24, 12 / 24, 1, 1, 0])


def test_degree_days_of_bills() -> None:
    heating, cooling = degree_days(np.array([50.0, 60.0, 80.0]), np.array([55.0, 65.0]))
    assert heating.tolist() == [[5, 15], [0, 5], [0, 0]]
    assert cooling.tolist() == [[0, 0], [5, 0], [25, 15]]
    assert bill_means(heating, np.array([0, 0, 1]), 2).tolist() == [[2.5, 10], [0, 0]]
