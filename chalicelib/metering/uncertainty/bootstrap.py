"""The parametric bootstrap of billing models: bills are simulated, and balance points searched again for each draw."""

import numpy as np

from chalicelib.metering.models.caltrack.degree_days import Floats, degree_days
from chalicelib.metering.models.caltrack.model import CaltrackBillingModel
from chalicelib.metering.models.caltrack.usage_per_day import UsagePerDay, search, solve
from chalicelib.metering.uncertainty.bills import EXPONENT, BillRegression
from chalicelib.metering.uncertainty.noise import bounded_load
from chalicelib.metering.uncertainty.spread import Periods, Prediction, Spread, spread

DRAWS = 200
SEED = 0


class Bootstrap:
    """The spread of models refitted to simulated bills; noise and degrees of freedom are those of BillRegression."""

    def __init__(self, periods: Periods) -> None:
        self._regression = BillRegression(periods)
        self._models: dict[str, CaltrackBillingModel] = {label: period.model for label, period in periods.items()}  # type: ignore[misc]
        rng = np.random.default_rng(SEED)
        self._refits = {
            label: _refits(model, self._regression.noise_variance, rng) for label, model in self._models.items()
        }

    def __call__(self, prediction: Prediction) -> Spread:
        by_regression = self._regression(prediction)
        if by_regression.degrees_of_freedom is None:
            return Spread()
        degrees = prediction.temperature[prediction.known].to_numpy(dtype=np.float64)
        points = self._models[prediction.period].bills.points
        heating, cooling = (side.sum(axis=0) for side in degree_days(degrees, points))
        sums = [_sum(refit, len(degrees), heating, cooling, points) for refit in self._refits[prediction.period]]
        variance = float(np.var(sums, ddof=1))
        if prediction.with_noise:
            variance += self._regression.reading_variance(prediction)
        return spread(variance, by_regression.degrees_of_freedom, 0.0, EXPONENT)


def _refits(model: CaltrackBillingModel, variance: float, rng: np.random.Generator) -> list[UsagePerDay]:
    """Return models fitted to bills simulated from a fitted model; variance: BillRegression's noise variance."""
    bills, points = model.bills, model.bills.points
    fitted = np.array(
        [_sum(model.curve, 1, *of_bill, points) for of_bill in zip(bills.heating, bills.cooling, strict=True)]
    )
    mean_load = float(np.abs(fitted).mean()) or 1.0
    scale = mean_load * (bounded_load(fitted, mean_load) / mean_load) ** EXPONENT * np.sqrt(variance / bills.days)
    usages = fitted + scale * rng.standard_normal((DRAWS, len(fitted)))
    found = search(usages, bills)
    return [
        solve(usage, bills, int(heating), int(cooling))
        for usage, heating, cooling in zip(usages, found.heating, found.cooling, strict=True)
    ]


def _sum(curve: UsagePerDay, days: int, heating: Floats, cooling: Floats, points: Floats) -> float:
    """Return the energy of a number of days, given their degree days for each balance point."""
    total = days * curve.intercept
    for slope, point, side in (
        (curve.heating_slope, curve.heating_balance_point, heating),
        (curve.cooling_slope, curve.cooling_balance_point, cooling),
    ):
        if point is not None:
            total += slope * float(side[np.searchsorted(points, point)])
    return total
