"""Regression of bills: the delta method, balance points among the parameters, and noise that grows with the load."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chalicelib.metering.caltrack.degree_days import bill_means
from chalicelib.metering.fitting import Period
from chalicelib.metering.uncertainty.noise import Floats, bounded_load
from chalicelib.metering.uncertainty.spread import Periods, Prediction, Spread, gradient, gradient_sum, spread

BALANCE_POINT_SPREAD = (90 - 30) / float(np.sqrt(12))  # F: of a balance point of which only its range is known
# Between noise that ignores the load (0) and noise in proportion to it (1), which a dozen bills cannot tell apart.
EXPONENT = 0.7


class BillRegression:
    """The spread of what the billing models of a run predict; the noise is pooled over its periods.

    A dozen bills tell little of a balance point, but it lies within the range that is searched: mixed estimation (Theil
    and Goldberger 1961) adds that to what the bills tell. Degrees of freedom are Satterthwaite's (1946).

    noise_variance: of a bill's energy, over load ** (2 * exponent) and its days. degrees_of_freedom: of it.
    """

    def __init__(self, periods: Periods) -> None:
        self._periods = periods
        designs = {label: _Design.of(period) for label, period in periods.items()}
        freedom = sum(len(design.residual) - design.columns.shape[1] for design in designs.values())
        pooled = sum(float(design.residual @ design.residual) for design in designs.values()) / max(freedom, 1)
        self._fits = {label: _Fit(design, pooled) for label, design in designs.items()}
        trace = sum(fit.trace for fit in self._fits.values())
        trace_of_square = sum(fit.trace_of_square for fit in self._fits.values())
        squares = sum(float(np.sum((design.residual / design.scale) ** 2)) for design in designs.values())
        self.noise_variance = squares / trace if freedom >= 1 else np.nan
        self.degrees_of_freedom = trace**2 / trace_of_square if freedom >= 1 else 0.0

    def __call__(self, prediction: Prediction) -> Spread:
        fit = self._fits[prediction.period]
        variance = fit.variance(gradient_sum(self._periods[prediction.period], prediction), self.noise_variance)
        if prediction.is_read:
            variance += self.reading_variance(prediction)
        return spread(variance, self.degrees_of_freedom, 0.0, EXPONENT)

    def reading_variance(self, prediction: Prediction) -> float:
        """Of the sum of the bills with which a prediction is compared."""
        energy = prediction.energy.dropna().to_numpy(dtype=np.float64)
        scale = bounded_load(energy, self._fits[prediction.period].design.mean_load) ** EXPONENT
        return self.noise_variance * float(scale @ scale)


@dataclass(frozen=True)
class _Design:
    """A period's bills. columns, residual: gradient and residual a day, times the root of the days. scale: of noise."""

    columns: Floats
    residual: Floats
    scale: Floats
    mean_load: float
    is_balance_point: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, period: Period) -> "_Design":
        whole = period.rows.notna().all(axis=1).to_numpy()
        rows = period.rows[whole]
        _, bill, days = np.unique(np.asarray(period.bills)[whole], return_inverse=True, return_counts=True)
        energy = bill_means(rows[["observed", "predicted"]].to_numpy(dtype=np.float64), bill, len(days))
        root, fitted = np.sqrt(days), energy[:, 1]
        mean_load = float(np.abs(fitted).mean())
        return cls(
            bill_means(gradient(period, rows["temperature"]), bill, len(days)) * root[:, None],
            (energy[:, 0] - fitted) * root,
            bounded_load(fitted, mean_load) ** EXPONENT,
            mean_load,
            period.model.is_balance_point,  # type: ignore[union-attr]  # the registry lets no other model in
        )


class _Fit:
    """What the noise of a period's bills does to its parameters; variance: the pooled one of residuals."""

    def __init__(self, design: _Design, variance: float) -> None:
        x, scale = design.columns, design.scale
        prior = np.diag(np.where(design.is_balance_point, variance / BALANCE_POINT_SPREAD**2, 0.0))
        size = np.sqrt(np.diag(x.T @ x + prior))
        size = np.outer(size, size) + (size == 0)  # a column of zeros stays one
        inverse = np.linalg.pinv((x.T @ x + prior) / size, hermitian=True) / size
        self.design = design
        self._estimator = inverse @ x.T
        self._shrinkage = inverse @ prior
        residual_maker = np.eye(len(x)) - x @ self._estimator
        squares = (scale[:, None] * residual_maker / scale**2) @ (residual_maker * scale)
        self.trace, self.trace_of_square = float(np.trace(squares)), float(np.sum(squares * squares.T))

    def variance(self, gradient: Floats, noise: float) -> float:
        """Of a sum with this gradient by the parameters, where a bill's noise has this variance."""
        by_bills = float(np.sum((gradient @ self._estimator * self.design.scale) ** 2)) * noise
        return by_bills + BALANCE_POINT_SPREAD**2 * float(np.sum((gradient @ self._shrinkage) ** 2))
