from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.metering.fitting.period import Period
from chalicelib.metering.uncertainty.days import DayRegression
from chalicelib.metering.uncertainty.noise import bounded_load, exponent_of, lag1_autocorrelation
from chalicelib.metering.uncertainty.spread import Prediction, student_t

Floats = npt.NDArray[np.floating[Any]]
N = 200


@dataclass(frozen=True)
class Line:
    """A model of two parameters: energy = level + slope * temperature."""

    level: float = 20.0
    slope: float = 0.5
    parameter_count: int = 2

    def predict(self, temperature: pd.Series) -> pd.Series:
        return self.level + self.slope * temperature

    def gradient(self, temperature: pd.Series) -> Floats:
        return np.column_stack([np.ones(len(temperature)), temperature])

    def fit(self, data: Any) -> None:
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        return {}


def period_of(noise: Floats, keep: Any = slice(None)) -> Period:
    """Return a period of days fitted by least squares; `keep`: which days have readings."""
    index = pd.date_range("2016-01-01", periods=len(noise), freq="D", tz="America/Chicago")
    temperature = pd.Series(50 + 20 * np.sin(np.arange(len(noise)) / 58), index=index)
    observed = Line().predict(temperature) + noise
    x = Line().gradient(temperature[keep])
    level, slope = np.linalg.lstsq(x, observed[keep].to_numpy(), rcond=None)[0]
    model = Line(float(level), float(slope))
    rows = pd.DataFrame({"temperature": temperature, "observed": observed, "predicted": model.predict(temperature)})
    return Period(rows[keep], None, model, None, {})


def prediction_of(period: Period, *, with_noise: bool = False) -> Prediction:
    assert period.model is not None
    temperature = period.rows["temperature"] + 3
    return Prediction("baseline", temperature, period.model.predict(temperature), None, with_noise)


def white(seed: int, n: int = N) -> Floats:
    return np.random.default_rng(seed).normal(0, 2, n)


def test_independent_noise_gives_the_textbook_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.metering.uncertainty.days.lag1_autocorrelation", lambda *_: 0.0)
    monkeypatch.setattr("chalicelib.metering.uncertainty.noise.EXPONENTS", (0.0,))
    period = period_of(white(1))
    x = Line().gradient(period.rows["temperature"])
    residual = (period.rows["observed"] - period.rows["predicted"]).to_numpy()
    variance = residual @ residual / (N - 2)
    g = Line().gradient(period.rows["temperature"] + 3).sum(axis=0)
    error = np.sqrt(variance * g @ np.linalg.inv(x.T @ x) @ g)
    found = DayRegression({"baseline": period})(prediction_of(period))
    assert found == pytest.approx((student_t(N - 2) * error, error, N - 2, 0, 0))
    read = DayRegression({"baseline": period})(prediction_of(period, with_noise=True))
    assert read.standard_error == pytest.approx(np.sqrt(error**2 + N * variance))


def test_gaps_count_as_days_without_a_neighbor() -> None:
    noise = white(2)
    keep = np.ones(N, dtype=bool)
    keep[50:80] = False
    period = period_of(noise, keep)
    found = DayRegression({"baseline": period})(prediction_of(period))
    assert found.degrees_of_freedom == N - 30 - 2
    assert 0 <= (found.autocorrelation or 0) < 0.2


def test_autocorrelated_noise_with_gaps_gives_the_explicit_interval() -> None:
    keep = np.random.default_rng(5).random(N) > 0.2
    period = period_of(2 * autoregressive(3, 0.6, N), keep)
    prediction = prediction_of(period, with_noise=True)
    found = DayRegression({"baseline": period})(prediction)
    rho, exponent = found.autocorrelation or 0, found.exponent or 0
    day, fitted = np.flatnonzero(keep), period.rows["predicted"].to_numpy()
    residual = period.rows["observed"].to_numpy() - fitted
    correlation = rho ** np.abs(day[:, None] - day)
    x, g = Line().gradient(period.rows["temperature"]), Line().gradient(prediction.temperature).sum(axis=0)
    variance = np.sum((residual / fitted**exponent) ** 2) / (len(day) - 2)
    weights, own = g @ np.linalg.pinv(x) * fitted**exponent, prediction.energy.to_numpy() ** exponent
    error = np.sqrt(variance * (weights @ correlation @ weights + own @ correlation @ own))
    assert rho > 0.4
    assert found.standard_error == pytest.approx(error)


@given(seed=st.integers(0, 1000), factor=st.floats(1e-3, 1e3))
@settings(max_examples=25, deadline=None)
def test_the_spread_has_the_unit_of_the_energy(seed: int, factor: float) -> None:
    period = period_of(white(seed))
    scaled = Period(
        period.rows.assign(observed=period.rows["observed"] * factor, predicted=period.rows["predicted"] * factor),
        None,
        Line(period.model.level * factor, period.model.slope * factor),  # type: ignore[union-attr]
        None,
        {},
    )
    one, other = (DayRegression({"baseline": each})(prediction_of(each, with_noise=True)) for each in (period, scaled))
    assert other.half_width == pytest.approx((one.half_width or 0) * factor, rel=1e-6)
    assert other[2:] == pytest.approx(one[2:], rel=1e-6)


def autoregressive(seed: int, rho: float, n: int) -> Floats:
    steps = np.random.default_rng(seed).standard_normal(n + 100)
    for at in range(1, len(steps)):
        steps[at] += rho * steps[at - 1]
    return steps[100:]


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
def test_the_autocorrelation_of_residuals_is_corrected_for_the_parameters(rho: float) -> None:
    n, day = 365, np.arange(365)
    degrees = 50 + 25 * np.sin(day / 58) + autoregressive(99, 0.7, n) * 5
    x = np.column_stack([np.ones(n), np.maximum(60 - degrees, 0), np.maximum(degrees - 66, 0), degrees < 60])
    maker = np.eye(n) - x @ np.linalg.pinv(x)
    found = [lag1_autocorrelation(maker @ autoregressive(seed, rho, n), day, x.shape[1]) for seed in range(400)]
    # at 0, negative estimates are clipped
    assert np.mean(found) == pytest.approx(rho, abs=0.03 if rho == 0 else 0.012)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_the_exponent_is_that_of_the_noise(exponent: float) -> None:
    load = bounded_load(20 + 18 * np.sin(np.arange(365) / 58), 20.0)
    found = [exponent_of(load**exponent * white(seed, 365), load) for seed in range(20)]
    assert found.count(exponent) >= 19


def test_the_load_that_scales_the_noise_is_never_zero() -> None:
    assert bounded_load(np.array([0.0, -3.0, 50.0]), 20.0).tolist() == [2.0, 3.0, 50.0]
    assert bounded_load(np.zeros(2), 0.0).tolist() == [1.0, 1.0]


def test_intervals_of_autocorrelated_noise_have_the_nominal_coverage() -> None:
    covered = 0
    for seed in range(300):
        period = period_of(2 * autoregressive(seed, 0.5, N))
        prediction = prediction_of(period)
        true = float(Line().predict(prediction.temperature).sum())
        covered += abs(prediction.energy.sum() - true) <= (DayRegression({"baseline": period})(prediction)[0] or 0)
    assert 0.91 <= covered / 300 <= 0.985  # 0.95, within three standard errors
