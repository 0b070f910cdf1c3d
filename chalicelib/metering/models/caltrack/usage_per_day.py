"""CalTRACK 2.0, sections 3.2 to 3.4: regress usage per day on degree days, at the best pair of balance points.

    usage per day = intercept + heating_slope * HDD(heating_balance_point) + cooling_slope * CDD(cooling_balance_point)

eemeter included this method up to 3.2.0 (`fit_caltrack_usage_per_day_model`).
`benchmarks/equality/caltrack.py` compares them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chalicelib.metering.models.caltrack.degree_days import Floats

MIN_DEGREE_DAYS = 20.0  # of a period, for a balance point to be a candidate (CalTRACK 3.2.2.2.2)
_COLLINEAR = 1e-10  # 1 - r² at which heating and cooling degree days cannot be distinguished
_EQUAL = 1e-12  # R²: smaller differences are rounding errors
Indexes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class UsagePerDay:
    """A fitted model: energy per day, energy per degree day (F), and balance points (F); None if there is no slope."""

    intercept: float
    heating_slope: float = 0.0
    cooling_slope: float = 0.0
    heating_balance_point: float | None = None
    cooling_balance_point: float | None = None

    @property
    def kind(self) -> str:
        """CalTRACK's name of the candidate model."""
        return {
            (True, True): "intercept_only",
            (False, True): "hdd_only",
            (True, False): "cdd_only",
            (False, False): "cdd_hdd",
        }[self.heating_balance_point is None, self.cooling_balance_point is None]

    @property
    def parameter_count(self) -> int:
        """The number of fitted parameters: intercept, slopes and balance points."""
        return {"intercept_only": 1, "cdd_hdd": 5}.get(self.kind, 3)

    def predict(self, temperature: Floats) -> Floats:
        """Return the energy of days with these mean temperatures (F); NaN for NaN."""
        energy = self.intercept + 0.0 * temperature
        if self.heating_balance_point is not None:
            energy += self.heating_slope * np.maximum(self.heating_balance_point - temperature, 0.0)
        if self.cooling_balance_point is not None:
            energy += self.cooling_slope * np.maximum(temperature - self.cooling_balance_point, 0.0)
        return energy

    def gradient(self, temperature: Floats) -> Floats:
        """Return the gradient of daily energy, (days, parameters): intercept, then each slope and its balance point."""
        columns: list[Floats] = [np.ones(len(temperature))]
        if self.heating_balance_point is not None:
            below = self.heating_balance_point - temperature
            columns += [np.maximum(below, 0.0), self.heating_slope * (below > 0)]
        if self.cooling_balance_point is not None:
            above = temperature - self.cooling_balance_point
            columns += [np.maximum(above, 0.0), -self.cooling_slope * (above > 0)]
        return np.column_stack(columns)


@dataclass(frozen=True)
class Bills:
    """The explanatory variables of the energy of bills.

    heating, cooling: the mean degree days per day of each bill (rows) for each balance point (columns). days: of each
    bill, with a temperature. points: the balance points (F), ascending. with_cooling: whether cooling is considered; it
    is not for gas (CalTRACK 3.2.4).
    """

    heating: Floats
    cooling: Floats
    days: Floats
    points: Floats
    with_cooling: bool


class BestCandidates(NamedTuple):
    """The best candidate for each set of bills: the indexes of its balance points (-1 for none) and adjusted R²."""

    heating: Indexes
    cooling: Indexes
    r2_adjusted: Floats


def fit(usage: Floats, bills: Bills) -> tuple[UsagePerDay, float]:
    """Return the best candidate for the usage per day of bills, and its adjusted R² (0 for intercept only).

    Candidates are fitted by least squares weighted by days (CalTRACK 3.4.2); the best has the highest adjusted R²
    (3.4.3.3).
    """
    found = search(usage[None], bills)
    model = solve(usage, bills, int(found.heating[0]), int(found.cooling[0]))
    return model, float(found.r2_adjusted[0])


def search(usages: Floats, bills: Bills) -> BestCandidates:
    """Return the best candidate for each row of `usages`, the energy per day of the same bills.

    Slopes must be positive, and the intercept not negative (CalTRACK 3.4.3.2), unless a bill is negative, as for a net
    meter. Each balance point needs 20 degree days, and the cooling balance point may not be below the heating one
    (3.2.2.1). Ties go to the first: intercept only, heating, cooling, then both, by ascending balance points.
    """
    min_intercept = np.where((usages >= 0).all(axis=1), 0.0, -np.inf)
    rows = np.arange(len(usages))
    best = BestCandidates(np.full(len(usages), -1), np.full(len(usages), -1), np.zeros(len(usages)))
    for r2, heating, cooling in _families(usages, bills, min_intercept):
        at = np.argmax(r2 >= r2.max(axis=1, keepdims=True) - _EQUAL, axis=1)  # the first of a tie
        better = r2[rows, at] > best.r2_adjusted + _EQUAL
        chosen = (heating[at], cooling[at], r2[rows, at])
        best = BestCandidates(*(np.where(better, new, old) for new, old in zip(chosen, best, strict=True)))
    return best


def _families(usages: Floats, bills: Bills, min_intercept: Floats) -> Iterator[tuple[Floats, Indexes, Indexes]]:
    """Yield the candidates with heating, with cooling, and with both: adjusted R² and indexes of balance points.

    The adjusted R² is for each set of bills (rows) and candidate (columns), and -inf if the candidate does not qualify.
    """
    weights, n = bills.days, usages.shape[1]
    share = weights / weights.sum()
    mean, y = usages @ share, usages - (usages @ share)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (y**2 @ weights)[:, None]
        varies = variance > _EQUAL**2 * (usages**2 @ weights)[:, None]
        lowest = min_intercept[:, None]
        sides = [bills.heating, bills.cooling] if bills.with_cooling else [bills.heating]
        enough = [weights @ side >= MIN_DEGREE_DAYS for side in sides]
        means = [share @ side for side in sides]
        centered = [side - center for side, center in zip(sides, means, strict=True)]
        squares = [weights @ side**2 for side in centered]
        products = [(y * weights) @ side for side in centered]
        index, none = np.arange(len(bills.points)), np.full(len(bills.points), -1)

        def adjusted(explained: Floats, slopes: int, qualified: npt.NDArray[np.bool_]) -> Floats:
            r2 = 1 - (1 - explained / variance) * (n - 1) / (n - slopes - 1)
            return np.where(qualified & varies & np.isfinite(r2), r2, -np.inf)

        if n > 2:
            for side, points in enumerate([(index, none), (none, index)][: len(sides)]):
                slope = products[side] / squares[side]
                qualified = enough[side] & (slope > 0) & (mean[:, None] - slope * means[side] >= lowest)
                yield adjusted(slope * products[side], 1, qualified), *points
        if n > 3 and bills.with_cooling:
            cooling, heating = np.nonzero(bills.points[:, None] >= bills.points)
            among = enough[0][heating] & enough[1][cooling]
            cooling, heating = cooling[among], heating[among]
            if not len(heating):
                return
            hh, cc = squares[0][heating], squares[1][cooling]
            hc = (centered[0].T @ (weights[:, None] * centered[1]))[heating, cooling]
            hy, cy = products[0][:, heating], products[1][:, cooling]
            determinant = hh * cc - hc**2
            heating_slope, cooling_slope = (hy * cc - cy * hc) / determinant, (cy * hh - hy * hc) / determinant
            intercept = mean[:, None] - heating_slope * means[0][heating] - cooling_slope * means[1][cooling]
            qualified = (
                (heating_slope > 0) & (cooling_slope > 0) & (intercept >= lowest) & (determinant > _COLLINEAR * hh * cc)
            )
            yield adjusted(heating_slope * hy + cooling_slope * cy, 2, qualified), heating, cooling


def solve(usage: Floats, bills: Bills, heating: int, cooling: int) -> UsagePerDay:
    """Return the least-squares fit of one candidate, given the indexes of its balance points (-1 for none)."""
    columns: list[Floats] = [np.ones(len(usage))]
    if heating >= 0:
        columns.append(bills.heating[:, heating])
    if cooling >= 0:
        columns.append(bills.cooling[:, cooling])
    root = np.sqrt(bills.days)
    solution = np.linalg.lstsq(np.column_stack(columns) * root[:, None], usage * root, rcond=None)[0]
    slopes = iter(solution[1:].tolist())
    return UsagePerDay(
        intercept=float(solution[0]),
        heating_slope=next(slopes) if heating >= 0 else 0.0,
        cooling_slope=next(slopes) if cooling >= 0 else 0.0,
        heating_balance_point=float(bills.points[heating]) if heating >= 0 else None,
        cooling_balance_point=float(bills.points[cooling]) if cooling >= 0 else None,
    )
