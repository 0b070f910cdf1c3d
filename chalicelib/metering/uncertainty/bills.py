"""Uncertainty of billing models by regression: the delta method, with balance points among the parameters and noise
that grows with the load."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalicelib.metering.fitting.period import Period
from chalicelib.metering.models.caltrack.degree_days import bill_means
from chalicelib.metering.uncertainty.noise import Floats, bounded_load
from chalicelib.metering.uncertainty.spread import Periods, Prediction, Spread, gradient, gradient_sum, spread

# Between noise independent of the load (0) and noise proportional to it (1): a dozen bills cannot distinguish them.
EXPONENT = 0.7


class BillRegression:
    """The spread of the predictions of a run's billing models; the noise, relative to the load, is pooled over periods.

    A dozen bills say little about a balance point, but it is known to be within the search range: mixed estimation
    (Theil and Goldberger 1961) adds this prior to the bills. Degrees of freedom are by Satterthwaite (1946).

    noise_variance: the variance of a day's energy relative to the period's mean load, for a day with that load.
    degrees_of_freedom: of this variance. A period without consumption is not informative about the noise, and is left
    out.
    """

    def __init__(self, periods: Periods) -> None:
        self._periods = periods
        self._designs = {label: _Design.of(period) for label, period in periods.items()}
        informative = {label: one for label, one in self._designs.items() if one.mean_load > 0 and one.dof > 0}
        dof = sum(one.dof for one in informative.values())
        pooled = sum(float(one.residual @ one.residual) for one in informative.values()) / max(dof, 1)
        self._fits = {label: _Fit(one, pooled) for label, one in informative.items()}
        trace = sum(fit.trace for fit in self._fits.values())
        trace_of_square = sum(fit.trace_of_square for fit in self._fits.values())
        squares = sum(float(np.sum((one.residual / one.scale) ** 2)) for one in informative.values())
        self.noise_variance = squares / trace if informative else 0.0
        self.degrees_of_freedom = trace**2 / trace_of_square if informative else 0.0

    def __call__(self, prediction: Prediction) -> Spread:
        design, fit = self._designs[prediction.period], self._fits.get(prediction.period)
        if design.dof <= 0:
            return Spread()
        if fit is None:
            return spread(0.0, self.degrees_of_freedom or float(design.dof), 0.0, EXPONENT)
        gradient = gradient_sum(self._periods[prediction.period], prediction)
        variance = fit.variance(gradient, self.noise_variance)
        if prediction.with_noise:
            variance += self.reading_variance(prediction)
        return spread(variance, self.degrees_of_freedom, 0.0, EXPONENT)

    def reading_variance(self, prediction: Prediction) -> float:
        """Return the variance of the sum of the bills that a prediction is compared with."""
        mean_load = self._designs[prediction.period].mean_load
        load = bounded_load(prediction.energy.dropna().to_numpy(dtype=np.float64), mean_load)
        scale = mean_load * (load / mean_load) ** EXPONENT
        return self.noise_variance * float(scale @ scale)


@dataclass(frozen=True)
class _Design:
    """The regression design of a period's bills, in units of its mean load (energy per day).

    columns, residual: gradient and residual per day, times the square root of the days. scale: of each bill's noise.
    balance_points: which columns belong to balance points. prior_standard_deviation: of a balance point (F) that is
    known only to be within the search range.
    """

    columns: Floats
    residual: Floats
    scale: Floats
    mean_load: float
    balance_points: npt.NDArray[np.bool_]
    prior_standard_deviation: float

    @property
    def dof(self) -> int:
        """The number of bills minus the number of parameters."""
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
    """How the noise of a period's bills affects its parameters; variance: the pooled variance of the residuals."""

    def __init__(self, design: _Design, variance: float) -> None:
        x, scale = design.columns, design.scale
        prior = np.diag(np.where(design.balance_points, variance / design.prior_standard_deviation**2, 0.0))
        size = np.sqrt(np.diag(x.T @ x + prior))
        size = np.outer(size, size) + (size == 0)  # a column of zeros remains zero
        inverse = np.linalg.pinv((x.T @ x + prior) / size, hermitian=True) / size
        self._design = design
        self._estimator = inverse @ x.T
        self._shrinkage = inverse @ prior
        residual_maker = np.eye(len(x)) - x @ self._estimator
        squares = (scale[:, None] * residual_maker / scale**2) @ (residual_maker * scale)
        self.trace, self.trace_of_square = float(np.trace(squares)), float(np.sum(squares * squares.T))

    def variance(self, gradient: Floats, noise: float) -> float:
        """Return the variance of a sum with this gradient; noise: the noise variance in units of the mean load."""
        by_bills = float(np.sum((gradient @ self._estimator * self._design.scale) ** 2)) * noise
        return by_bills + self._design.prior_standard_deviation**2 * float(np.sum((gradient @ self._shrinkage) ** 2))
