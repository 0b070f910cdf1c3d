"""Regression of bills: the delta method, balance points among the parameters, and noise that grows with the load."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalicelib.metering.caltrack.degree_days import bill_means
from chalicelib.metering.fitting import Period
from chalicelib.metering.uncertainty.noise import Floats, bounded_load
from chalicelib.metering.uncertainty.spread import Periods, Prediction, Spread, gradient, gradient_sum, spread

# Between noise that ignores the load (0) and noise in proportion to it (1), which a dozen bills cannot tell apart.
EXPONENT = 0.7


class BillRegression:
    """The spread of what the billing models of a run predict; the noise, relative to the load, is pooled.

    A dozen bills tell little of a balance point, but it lies within the range that is searched: mixed estimation (Theil
    and Goldberger 1961) adds that to what the bills tell. Degrees of freedom are Satterthwaite's (1946).

    noise_variance: of a day's energy over the period's mean load, where the load is that mean. degrees_of_freedom: of
    it. A period that used nothing tells nothing of the noise, and has none.
    """

    def __init__(self, periods: Periods) -> None:
        self._periods = periods
        self._designs = {label: _Design.of(period) for label, period in periods.items()}
        telling = {label: one for label, one in self._designs.items() if one.mean_load > 0 and one.freedom > 0}
        freedom = sum(one.freedom for one in telling.values())
        pooled = sum(float(one.residual @ one.residual) for one in telling.values()) / max(freedom, 1)
        self._fits = {label: _Fit(one, pooled) for label, one in telling.items()}
        trace = sum(fit.trace for fit in self._fits.values())
        trace_of_square = sum(fit.trace_of_square for fit in self._fits.values())
        squares = sum(float(np.sum((one.residual / one.scale) ** 2)) for one in telling.values())
        self.noise_variance = squares / trace if telling else 0.0
        self.degrees_of_freedom = trace**2 / trace_of_square if telling else 0.0

    def __call__(self, prediction: Prediction) -> Spread:
        design, fit = self._designs[prediction.period], self._fits.get(prediction.period)
        if design.freedom <= 0:
            return Spread()
        if fit is None:
            return spread(0.0, self.degrees_of_freedom or float(design.freedom), 0.0, EXPONENT)
        gradient = gradient_sum(self._periods[prediction.period], prediction)
        variance = fit.variance(gradient, self.noise_variance)
        if prediction.is_read:
            variance += self.reading_variance(prediction)
        return spread(variance, self.degrees_of_freedom, 0.0, EXPONENT)

    def reading_variance(self, prediction: Prediction) -> float:
        """Of the sum of the bills with which a prediction is compared."""
        mean_load = self._designs[prediction.period].mean_load
        load = bounded_load(prediction.energy.dropna().to_numpy(dtype=np.float64), mean_load)
        scale = mean_load * (load / mean_load) ** EXPONENT
        return self.noise_variance * float(scale @ scale)


@dataclass(frozen=True)
class _Design:
    """A period's bills, in units of its mean load (energy a day).

    columns, residual: gradient and residual a day, times the root of the days. scale: of each bill's noise.
    balance_points: which columns are theirs. within: the standard deviation of a balance point (F) of which only the
    range is known that is searched.
    """

    columns: Floats
    residual: Floats
    scale: Floats
    mean_load: float
    balance_points: npt.NDArray[np.bool_]
    within: float

    @property
    def freedom(self) -> int:
        """Bills without parameters."""
        return len(self.residual) - int(self.columns.shape[1])

    @classmethod
    def of(cls, period: Period) -> "_Design":
        model: Any = period.model
        whole = period.rows.notna().all(axis=1).to_numpy()
        rows = period.rows[whole]
        _, bill, days = np.unique(np.asarray(period.bills)[whole], return_inverse=True, return_counts=True)
        energy = bill_means(rows[["observed", "predicted"]].to_numpy(dtype=np.float64), bill, len(days))
        root, fitted = np.sqrt(days), energy[:, 1]
        mean_load = float(np.abs(fitted).mean())
        unit = mean_load if mean_load > 0 else 1.0
        lowest, highest = model.bills.points[[0, -1]]
        return cls(
            bill_means(gradient(period, rows["temperature"]), bill, len(days)) * root[:, None] / unit,
            (energy[:, 0] - fitted) * root / unit,
            (bounded_load(fitted, mean_load) / unit) ** EXPONENT,
            mean_load,
            model.is_balance_point,
            (highest - lowest) / math.sqrt(12),
        )


class _Fit:
    """What the noise of a period's bills does to its parameters; variance: the pooled one of residuals."""

    def __init__(self, design: _Design, variance: float) -> None:
        x, scale = design.columns, design.scale
        prior = np.diag(np.where(design.balance_points, variance / design.within**2, 0.0))
        size = np.sqrt(np.diag(x.T @ x + prior))
        size = np.outer(size, size) + (size == 0)  # a column of zeros stays one
        inverse = np.linalg.pinv((x.T @ x + prior) / size, hermitian=True) / size
        self._design = design
        self._estimator = inverse @ x.T
        self._shrinkage = inverse @ prior
        residual_maker = np.eye(len(x)) - x @ self._estimator
        squares = (scale[:, None] * residual_maker / scale**2) @ (residual_maker * scale)
        self.trace, self.trace_of_square = float(np.trace(squares)), float(np.sum(squares * squares.T))

    def variance(self, gradient: Floats, noise: float) -> float:
        """Of a sum with this gradient by the parameters, where noise has this variance in units of the mean load."""
        by_bills = float(np.sum((gradient @ self._estimator * self._design.scale) ** 2)) * noise
        return by_bills + self._design.within**2 * float(np.sum((gradient @ self._shrinkage) ** 2))
