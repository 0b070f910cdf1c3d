"""Uncertainty of daily models by regression: the delta method, with autocorrelated noise that grows with the load.

Ruch, Kissock and Reddy (1999) derive the algebra for change-point models with autocorrelated residuals; Koran, Boyer,
Khawaja, Rushton and Stewart (IEPEC 2017) compare it with other methods for sums.
"""

import numpy as np
import pandas as pd

from chalicelib.metering.fitting.period import Period
from chalicelib.metering.uncertainty.noise import Floats, Indexes, bounded_load, exponent_of, lag1_autocorrelation
from chalicelib.metering.uncertainty.spread import Periods, Prediction, Spread, gradient, gradient_sum, spread

_DAY_NS = 86_400_000_000_000


class DayRegression:
    """The spread of the predictions of a run's daily models."""

    def __init__(self, periods: Periods) -> None:
        self._noise = {label: _Noise(period) for label, period in periods.items()}
        self._periods = periods

    def __call__(self, prediction: Prediction) -> Spread:
        period, noise = self._periods[prediction.period], self._noise[prediction.period]
        variance = noise.variance_of_model(gradient_sum(period, prediction))
        if prediction.with_noise:
            variance += noise.variance_of_readings(prediction.energy.dropna())
        return spread(variance, noise.degrees_of_freedom, noise.autocorrelation, noise.exponent)


class _Noise:
    """The noise of a fitted period, and its effect on the model."""

    def __init__(self, period: Period) -> None:
        rows = period.rows.dropna()
        fitted = rows["predicted"].to_numpy(dtype=np.float64)
        residual = rows["observed"].to_numpy(dtype=np.float64) - fitted
        columns, day = gradient(period, rows["temperature"]), _day_numbers(rows.index)
        self._mean_load = float(np.abs(fitted).mean())
        load = bounded_load(fitted, self._mean_load)
        self.exponent = exponent_of(residual, load)
        self._scale = load**self.exponent
        noise = residual / self._scale
        self._estimator, rank = _least_squares(columns)
        self.autocorrelation = lag1_autocorrelation(noise, day, rank)
        self._day = day
        self.degrees_of_freedom = float(len(rows) - rank)
        self._variance = float(noise @ noise) / max(self.degrees_of_freedom, 1.0)

    def variance_of_model(self, gradient: Floats) -> float:
        """Return the variance of a predicted sum with this gradient with respect to the parameters."""
        weights = gradient @ self._estimator * self._scale
        return self._variance * _variance_of_sum(weights, self._day, self.autocorrelation)

    def variance_of_readings(self, energy: "pd.Series[float]") -> float:
        """Return the variance of the sum of readings of days with this expected energy."""
        scale = bounded_load(energy.to_numpy(dtype=np.float64), self._mean_load) ** self.exponent
        return self._variance * _variance_of_sum(scale, _day_numbers(energy.index), self.autocorrelation)


def _day_numbers(index: pd.Index) -> Indexes:
    midnights = pd.DatetimeIndex(index).tz_localize(None).as_unit("ns").normalize()
    return np.asarray(midnights.asi8 // _DAY_NS, dtype=np.int64)


def _least_squares(columns: Floats) -> tuple[Floats, int]:
    """Return the least-squares estimator, (parameters, days), and the number of identifiable parameters (the rank)."""
    size = np.sqrt(np.square(columns).sum(axis=0))
    size = np.where(size > 0, size, 1.0)
    u, singular, vt = np.linalg.svd(columns / size, full_matrices=False)
    nonzero = singular > singular[0] * np.finfo(float).eps * len(columns)
    return (vt[nonzero].T / singular[nonzero]) @ u[:, nonzero].T / size[:, None], int(nonzero.sum())


def _variance_of_sum(deviations: Floats, day: Indexes, rho: float) -> float:
    """Return the variance of a sum of noise with these standard deviations and the correlation rho ** (days apart).

    day: the day numbers, ascending.
    """
    total = carried = 0.0
    for own, decay in zip(deviations.tolist(), (rho ** np.diff(day, prepend=day[:1])).tolist(), strict=True):
        carried *= decay
        total += own * (own + 2 * carried)
        carried += own
    return total
