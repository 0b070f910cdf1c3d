from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from chalicelib.metering.inputs.meter_input import Weather
from chalicelib.metering.preparation.quality.climate import check_weather

UTC = ZoneInfo("UTC")
YEAR = pd.date_range("2016-01-01", periods=24 * 366, freq="h", tz="UTC")
NORMAL_YEAR = pd.date_range("2015-01-01", periods=8760, freq="h", tz="UTC")


def weather(index: pd.DatetimeIndex, mean: float = 52.0, amplitude: float = 25.0) -> Weather:
    day = index.dayofyear + index.hour / 24
    return Weather("724390", pd.Series(mean - amplitude * np.cos(2 * np.pi * day / 366), index=index))


def names(observed: Weather, normal: Weather) -> list[str]:
    return [found.qualified_name.rpartition(".")[2] for found in check_weather(observed, normal)]


NORMAL = weather(NORMAL_YEAR)


@pytest.mark.parametrize("warmer", [-8.0, 0.0, 8.0])
def test_a_warm_or_cold_year_of_the_same_place_is_accepted(warmer: float) -> None:
    assert names(weather(YEAR, 52.0 + warmer), NORMAL) == []


def test_celsius_read_as_fahrenheit_is_found_and_so_is_the_reverse() -> None:
    assert names(weather(YEAR, (52 - 32) / 1.8, 25 / 1.8), NORMAL) == ["weather_mismatch", "weather_in_celsius"]
    assert names(weather(YEAR, 52 * 1.8 + 32, 25 * 1.8), NORMAL) == ["weather_mismatch"]


def test_another_climate_is_found() -> None:
    assert names(weather(YEAR, 75.0, 10.0), NORMAL) == ["weather_mismatch"]


def test_both_in_celsius_are_found_by_their_summer() -> None:
    celsius = weather(YEAR, 11.0, 14.0), weather(NORMAL_YEAR, 11.0, 14.0)
    assert names(*celsius) == ["weather_in_celsius"]


def test_a_winter_is_compared_with_the_winter_of_the_normal_year() -> None:
    winter = weather(YEAR).temperature
    winter = winter[(YEAR.month <= 3) | (YEAR.month >= 11)]
    assert names(Weather("724390", winter), NORMAL) == []


def test_a_constant_temperature_for_days_is_reported() -> None:
    observed = weather(YEAR)
    observed.temperature.loc["2016-03-01":"2016-03-04"] = 50.0
    (found,) = check_weather(observed, NORMAL)
    assert found.data["days"] == ["2016-03-01 to 2016-03-04"]


def test_too_little_weather_is_not_compared() -> None:
    assert names(Weather("724390", weather(YEAR, -50).temperature.iloc[: 24 * 80]), NORMAL) == []


def test_a_gap_in_the_normal_year_is_reported() -> None:
    (found,) = check_weather(weather(YEAR), Weather("724390", NORMAL.temperature.iloc[:-24]))
    assert found.qualified_name == "datastore.data_quality.normal_year_filled"
    assert found.data == {"station": "724390", "hours": 24, "longest_gap": 48, "dates": ["12-31"]}
