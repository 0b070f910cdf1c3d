"""Refit eemeter's daily model, starting from a plain regression on degree days.

This uses eemeter's own last step, which minimizes the adaptive loss from given coefficients. It succeeds because it
starts close to the optimum, without smoothing, and with balance points away from the extreme temperatures; see
chalicelib.metering.models.poor_fits for what goes wrong otherwise. The same data give bit-identical results.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from eemeter.eemeter.models.daily.fit_base_models import fit_final_model
from eemeter.eemeter.models.daily.parameters import ModelCoefficients
from eemeter.eemeter.models.daily.utilities.base_model import get_T_bnds
from eemeter.eemeter.models.daily.utilities.settings import update_daily_settings

from chalicelib.metering.models.degree_day_ols import HEATING_POINTS, Floats, fit_degree_days

_MARGIN = 0.01  # F, inside the temperature bounds
_MIN_WEEKEND_DAYS = 8  # eemeter's minimum for a separate weekend model: 30 / 3.75
_UNSPLIT, _BY_WEEKEND = "fw-su_sh_wi", "wd-su_sh_wi__we-su_sh_wi"
_ONE_SLOPE, _TWO_SLOPES = ["c_hdd_bp", "c_hdd_beta"], ["hdd_bp", "hdd_beta", "cdd_bp", "cdd_beta"]


class Parts(NamedTuple):
    """A split of the days, the fits of its parts by name, and the sum of their squared residuals."""

    split: str
    fits: dict[str, Any]
    ssr: float


class _Start(NamedTuple):
    """The attributes of a previous fit that eemeter's last step uses."""

    model_key: str
    named_coeffs: ModelCoefficients
    x: Floats


def ssr(fit: Any) -> float:
    """Return the sum of squared residuals of an eemeter fit as stored, which can differ from what its optimizer saw."""
    energy, *_ = fit.eval(fit.T)
    return float(np.square(energy - fit.obs).sum())


def is_weekend(model: Any) -> npt.NDArray[np.bool_]:
    """Return which days of a fitted daily model are weekends; none if the model may not separate them."""
    if not model.settings.split_selection.allow_separate_weekday_weekend:
        return np.zeros(len(model.df_meter), dtype=bool)
    return np.isin(model.df_meter["day_of_week"], model.combo_dictionary["we"])


def refitted(model: Any, cooling_points: Floats, enough: float) -> Parts:
    """Return the parts of a fitted daily model, each with the better of a new fit and the model's own.

    The split is the one that eemeter chose. If that leaves more than `enough` squared residuals, a split with all terms
    of the regression (weekdays and weekends) is tried, too. cooling_points: of the regression, F.
    """
    found = []
    for split in _splits(model):
        fits = {part: _better(model, part, cooling_points) for part in split.split("__")}
        found.append(Parts(split, fits, sum(map(ssr, fits.values()))))
        if found[-1].ssr <= enough:
            break
    return min(found, key=lambda parts: parts.ssr)


def _splits(model: Any) -> Iterator[str]:
    yield model.best_combination
    weekend = is_weekend(model)
    yield _BY_WEEKEND if min(weekend.sum(), (~weekend).sum()) >= _MIN_WEEKEND_DAYS else _UNSPLIT


def _better(model: Any, part: str, cooling_points: Floats) -> Any:
    days = model._meter_segment(part)
    new = fit_final_model(days, _start(days, cooling_points, model.settings), _last_step(model.settings))
    new.settings = model.settings  # as eemeter does
    return min((model.model.get(part, new), new), key=ssr)


def _start(days: pd.DataFrame, cooling_points: Floats, settings: Any) -> _Start:
    """Return the regression on the days of a part, without a weekend term, as a start for eemeter."""
    temperature, energy = (days[name].to_numpy(dtype=float) for name in ("temperature", "observed"))
    _, (low, high) = get_T_bnds(temperature, settings)
    heating, cooling = (np.clip(points, low + _MARGIN, high - _MARGIN) for points in (HEATING_POINTS, cooling_points))
    fit = fit_degree_days(temperature, energy, np.zeros(len(days), dtype=bool), heating, cooling)
    if fit.heating_slope > 0 and fit.cooling_slope > 0:
        names, values = _TWO_SLOPES, [fit.heating_point, fit.heating_slope, fit.cooling_point, fit.cooling_slope]
    elif fit.heating_slope > 0:
        names, values = _ONE_SLOPE, [fit.heating_point, -fit.heating_slope]
    elif fit.cooling_slope > 0:
        names, values = _ONE_SLOPE, [fit.cooling_point, fit.cooling_slope]
    else:
        names, values = [], []
    x = np.array([*values, fit.intercept])
    coefficients = ModelCoefficients.from_np_arrays(x, [*names, "intercept"])
    return _Start(coefficients.model_key, coefficients, x)


def _last_step(settings: Any) -> Any:
    """Return the settings of eemeter's last step; if it is turned off, with the loss used for model selection."""
    changes: dict[str, Any] = {"developer_mode": True, "silent_developer_mode": True, "regularization_alpha": 0.0}
    if settings.alpha_final_type is None:
        changes |= {"alpha_final_type": "last", "alpha_final": settings.alpha_selection, "final_bounds_scalar": 1.0}
    return update_daily_settings(settings, changes)
