import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.metering.preparation.quality.outliers import outlier_limits, recurring

DAYS = 365
TEMPERATURE = 55 - 25 * np.cos(2 * np.pi * np.arange(DAYS) / DAYS)


def heated(seed: int = 0) -> np.ndarray:
    """Return the daily energy of a heated building, with 10 % noise."""
    noise = 1 + 0.1 * np.random.default_rng(seed).standard_normal(DAYS)
    return np.asarray((1 + 0.5 * np.maximum(60 - TEMPERATURE, 0)) * noise)


def found(energy: np.ndarray, temperature: np.ndarray | None) -> list[int]:
    low, high = outlier_limits(energy, temperature)
    return np.flatnonzero((energy < low) | (energy > high)).tolist()


def test_cold_days_of_a_heated_building_are_not_outliers() -> None:
    energy = heated()
    energy[TEMPERATURE < 31] *= 1.5  # a cold spell, beyond CalTRACK's limit
    assert energy.max() > np.median(energy) + 1.5 * (np.quantile(energy, 0.75) - np.quantile(energy, 0.25))
    assert found(energy, TEMPERATURE) == []


@pytest.mark.parametrize("times", [5, 20, 200, -5])
def test_a_glitch_is_an_outlier_in_any_season(times: float) -> None:
    for day in (10, 100, 180):
        energy = heated()
        energy[day] = times * energy.max()
        assert found(energy, TEMPERATURE) == [day]


def test_a_cooling_only_meter_has_no_outliers_among_its_zeros_and_first_warm_days() -> None:
    energy = np.maximum(TEMPERATURE - 65, 0) * (1 + 0.1 * np.random.default_rng(1).standard_normal(DAYS))
    assert (energy == 0).mean() > 0.5
    assert found(energy, TEMPERATURE) == []


def test_zero_consumption_is_not_an_outlier() -> None:
    energy = np.full(DAYS, 10.0)
    energy[50] = 0.0
    assert found(energy, TEMPERATURE) == []


def test_days_without_energy_or_temperature_are_left_out() -> None:
    energy, temperature = heated(), TEMPERATURE.copy()
    energy[3], temperature[4] = np.nan, np.nan
    low, high = outlier_limits(energy, temperature)
    assert np.isinf(high[[3, 4]]).all()
    assert np.isinf(low[[3, 4]]).all()


def test_bills_are_compared_with_all_other_bills() -> None:
    bills = np.array([9.0, 8, 6, 3, 1, 0.5, 0.4, 0.5, 1, 3, 6, 9])  # therms a day
    assert found(bills, None) == []
    bills[6] = 400
    assert found(bills, None) == [6]


def test_occasional_similar_days_are_not_outliers_but_a_repeated_code_is() -> None:
    visits = np.array([38.0, 40, 44, 41, 39])
    assert recurring(visits, 5).all()
    assert not recurring(visits[:4], 5).any()
    assert not recurring(np.full(20, 99_999.0), 5).any()


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 1e6))
def test_limits_scale_with_the_unit(seed: int, factor: float) -> None:
    energy = heated(seed)
    for one, other in zip(
        outlier_limits(energy, TEMPERATURE), outlier_limits(factor * energy, TEMPERATURE), strict=True
    ):
        assert other == pytest.approx(factor * one)
