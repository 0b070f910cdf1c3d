"""A plain regression of daily energy on degree days: ordinary least squares on a coarse grid of balance points.

The exhaustive grid cannot miss its optimum, so it serves as a benchmark and starting point for models fitted by
an iterative search.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

HEATING_POINTS: Floats = np.arange(52.0, 69.0, 4.0)  # F
COOLING_POINTS: Floats = np.arange(64.0, 77.0, 4.0)
NONE: Floats = np.empty(0)

_CONSTANT = 1e-9  # F² per day: a smaller variance counts as zero
_COLLINEAR = 1e-9  # of the product of the sums of squares


class DegreeDayFit(NamedTuple):
    """The regression with the smallest sum of squared residuals.

    energy = intercept + weekend * (1 at weekends) + heating_slope * max(heating_point - temperature, 0)
           + cooling_slope * max(temperature - cooling_point, 0)

    Balance points are in F. Slopes are energy per degree day; without heating (or cooling), the slope is 0 and the
    point -inf (or inf). ssr is the sum of squared residuals.
    """

    heating_point: float
    heating_slope: float
    cooling_point: float
    cooling_slope: float
    intercept: float
    weekend: float
    ssr: float


def fit_degree_days(
    temperature: Floats,
    energy: Floats,
    weekend: npt.NDArray[np.bool_],
    heating_points: Floats = HEATING_POINTS,
    cooling_points: Floats = COOLING_POINTS,
) -> DegreeDayFit:
    """Return the least-squares fit over all pairs of balance points with heating point <= cooling point.

    temperature (F), energy and weekend have a value per day, (days,); days without temperature or energy (NaN) are left
    out. Points (F) may be NONE. Slopes are not negative: if the least-squares fit of a pair has a negative slope, the
    best allowed fit has a slope of 0 (Karush-Kuhn-Tucker), which is covered by another pair with a point at infinity.
    Raises ValueError if no day has both.

    By the Frisch-Waugh-Lovell theorem, the intercept and the weekend term need no columns: only the two slopes remain,
    regressed on columns centered by weekday and weekend means, and solved by Cramer's rule for all pairs at once. BLAS
    is not used, because its sums differ between processors.
    """
    known = np.isfinite(temperature) & np.isfinite(energy)
    temperature, energy, weekend = temperature[known], energy[known], weekend[known]
    if not len(energy):
        raise ValueError("No day has both a temperature and energy.")
    heating_points = np.concatenate(([-np.inf], heating_points))  # no heating comes first: it wins a tie
    cooling_points = np.concatenate(([np.inf], cooling_points))
    heating = np.maximum(heating_points[:, None] - temperature, 0.0)
    cooling = np.maximum(temperature - cooling_points[:, None], 0.0)
    of_heating, of_cooling, heating_slope, cooling_slope = _best(
        _centered(energy[None], weekend),
        _varying(_centered(heating, weekend)),
        _varying(_centered(cooling, weekend)),
        heating_points[:, None] <= cooling_points,
    )
    rest = energy - heating_slope * heating[of_heating] - cooling_slope * cooling[of_cooling]
    of_weekdays, of_weekends = (rest[days if days.any() else ~days].mean() for days in (~weekend, weekend))
    return DegreeDayFit(
        float(heating_points[of_heating]),
        heating_slope,
        float(cooling_points[of_cooling]),
        cooling_slope,
        float(of_weekdays),
        float(of_weekends - of_weekdays),
        float(np.square(rest - np.where(weekend, of_weekends, of_weekdays)).sum()),
    )


def _centered(columns: Floats, weekend: npt.NDArray[np.bool_]) -> Floats:
    """Subtract the weekday and weekend means from each row of (columns, days)."""
    found = columns.copy()
    for days in (weekend, ~weekend):
        if days.any():
            found[:, days] -= found[:, days].mean(axis=1, keepdims=True)
    return found


def _varying(columns: Floats) -> Floats:
    """Set centered rows that are constant up to rounding to 0."""
    constant = np.square(columns).sum(axis=1) <= _CONSTANT * columns.shape[1]
    return np.where(constant[:, None], 0.0, columns)


def _best(
    energy: Floats, heating: Floats, cooling: Floats, allowed: npt.NDArray[np.bool_]
) -> tuple[int, int, float, float]:
    """Return the pair of heating and cooling rows that explains most of the energy, and its slopes; rows centered."""
    hh, cc = (np.square(rows).sum(axis=1) for rows in (heating, cooling))
    hh, cc = np.where(hh == 0, 1.0, hh)[:, None], np.where(cc == 0, 1.0, cc)  # so that a row of zeros gets a slope of 0
    he, ce = (heating * energy).sum(axis=1)[:, None], (cooling * energy).sum(axis=1)
    hc = (heating[:, None] * cooling).sum(axis=2)
    determinant = hh * cc - hc**2
    allowed = allowed & (determinant > _COLLINEAR * hh * cc)
    determinant = np.where(allowed, determinant, 1.0)
    heating_slope, cooling_slope = (cc * he - hc * ce) / determinant, (hh * ce - hc * he) / determinant
    allowed &= (heating_slope >= 0) & (cooling_slope >= 0)
    explained = np.where(allowed, heating_slope * he + cooling_slope * ce, -np.inf)
    row, column = divmod(int(np.argmax(explained)), explained.shape[1])
    return row, column, float(heating_slope[row, column]), float(cooling_slope[row, column])
