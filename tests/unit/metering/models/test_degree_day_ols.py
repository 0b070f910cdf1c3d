import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.metering.models.degree_day_ols import (
    COOLING_POINTS,
    HEATING_POINTS,
    NONE,
    DegreeDayFit,
    Floats,
    fit_degree_days,
)

Bools = npt.NDArray[np.bool_]


def columns_of(temperature: Floats, weekend: Bools, heating: float | None, cooling: float | None) -> Floats:
    columns = [np.ones(len(temperature)), weekend.astype(float)]
    columns += [] if heating is None else [np.maximum(heating - temperature, 0)]
    columns += [] if cooling is None else [np.maximum(temperature - cooling, 0)]
    return np.column_stack(columns)


def least_squares(temperature: Floats, energy: Floats, weekend: Bools, heating: Floats, cooling: Floats) -> float:
    """Return the smallest sum of squares of all models with at most one point of each kind and no negative slope."""
    found = []
    for heating_point in (None, *heating):
        for cooling_point in (None, *cooling):
            if heating_point is None or cooling_point is None or heating_point <= cooling_point:
                columns = columns_of(temperature, weekend, heating_point, cooling_point)
                coefficients = np.linalg.lstsq(columns, energy, rcond=None)[0]
                if (coefficients[2:] > -1e-9).all():
                    found.append(float(np.square(energy - columns @ coefficients).sum()))
    return min(found)


def predicted(fit: DegreeDayFit, temperature: Floats, weekend: Bools) -> Floats:
    heating = fit.heating_slope * np.maximum(fit.heating_point - temperature, 0)
    cooling = fit.cooling_slope * np.maximum(temperature - fit.cooling_point, 0)
    return np.asarray(fit.intercept + fit.weekend * weekend + heating + cooling)


def year(random: np.random.Generator, n: int = 365) -> tuple[Floats, Bools]:
    temperature = 55 - 28 * np.cos(np.arange(n) * 2 * np.pi / 365) + random.normal(0, 8, n)
    return temperature, np.arange(n) % 7 >= 5


@given(
    st.integers(0, 2**32 - 1),
    st.integers(8, 365),
    st.tuples(st.floats(-1, 3), st.floats(-1, 3)),
    st.sampled_from([COOLING_POINTS, NONE]),
    st.sampled_from(["week", "weekdays", "weekends"]),
)
def test_the_fit_is_the_least_squares_of_the_grid(
    seed: int, n: int, slopes: tuple[float, float], cooling_points: Floats, days: str
) -> None:
    random = np.random.default_rng(seed)
    temperature, weekend = year(random, n)
    weekend = {"week": weekend, "weekdays": weekend & False, "weekends": weekend | True}[days]
    heating, cooling = np.maximum(60 - temperature, 0), np.maximum(temperature - 70, 0)
    energy = 5 + slopes[0] * heating + slopes[1] * cooling + 2 * weekend + random.normal(0, 1, n)
    fit = fit_degree_days(temperature, energy, weekend, cooling_points=cooling_points)
    assert fit.ssr == pytest.approx(
        least_squares(temperature, energy, weekend, HEATING_POINTS, cooling_points), rel=1e-6
    )
    assert np.square(energy - predicted(fit, temperature, weekend)).sum() == pytest.approx(fit.ssr, rel=1e-9)
    assert fit.heating_slope >= 0
    assert fit.cooling_slope >= 0
    assert fit.heating_point <= fit.cooling_point


def test_a_model_on_the_grid_is_recovered() -> None:
    temperature, weekend = year(np.random.default_rng(1))
    energy = predicted(DegreeDayFit(60.0, 0.5, 72.0, 1.5, 10.0, -2.0, 0.0), temperature, weekend)
    fit = fit_degree_days(temperature, energy, weekend)
    assert fit == pytest.approx((60.0, 0.5, 72.0, 1.5, 10.0, -2.0, 0.0), abs=1e-9)


def test_without_a_slope_the_point_is_at_infinity() -> None:
    temperature, weekend = year(np.random.default_rng(2))
    gas = 3 + np.maximum(60 - temperature, 0)
    cold = fit_degree_days(temperature, gas, weekend, cooling_points=NONE)
    assert (cold.heating_point, cold.cooling_point, cold.cooling_slope) == (60, np.inf, 0)
    flat = fit_degree_days(temperature, np.full(365, 4.0), weekend)
    assert flat == (-np.inf, 0, np.inf, 0, 4, 0, 0)
    constant = fit_degree_days(np.full(365, 55.3), gas, weekend)
    assert (constant.heating_slope, constant.cooling_slope) == (0, 0)


def test_days_without_both_are_left_out() -> None:
    temperature, weekend = year(np.random.default_rng(3))
    energy = 3 + np.maximum(temperature - 68, 0) + weekend
    fit = fit_degree_days(temperature[5:], energy[5:], weekend[5:])
    temperature[:2], energy[2:5] = np.nan, np.nan
    assert fit_degree_days(temperature, energy, weekend) == fit
    with pytest.raises(ValueError, match="No day has both"):
        fit_degree_days(temperature[:5], energy[:5], weekend[:5])


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(-100, 100))
def test_the_fit_scales_and_shifts_with_the_energy(seed: int, scale: float, shift: float) -> None:
    random = np.random.default_rng(seed)
    temperature, weekend = year(random)
    energy = 5 + np.maximum(58 - temperature, 0) + random.normal(0, 1, 365)
    one, other = (fit_degree_days(temperature, each, weekend) for each in (energy, scale * energy + shift))
    assert other.ssr == pytest.approx(scale**2 * one.ssr, rel=1e-6)
    assert other.heating_slope == pytest.approx(scale * one.heating_slope, rel=1e-6)
