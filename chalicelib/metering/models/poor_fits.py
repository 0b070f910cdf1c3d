"""eemeter's daily model, with poor fits detected, reported and, unless turned off, refitted.

If eemeter 4.1.1 ends in a poor fit, it had almost always found a good fit earlier, and lost it:

- The last step treats a submodel with one slope, whose balance point is among the extreme temperatures, as one without
  a temperature-independent part (`fit_c_hdd_tidd`). It fixes the balance point at the extreme temperature, where the
  energy would have to be far below all readings, outside the bounds of the search; the stored model then has the
  balance point elsewhere (`get_full_model_x`).
- The two balance points of a smoothed submodel may cross. They are then stored in reverse order (`fix_full_model_x`),
  which is a different curve for a smoothed submodel: heating becomes cooling.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from eemeter.common.base_settings import CustomField
from eemeter.eemeter import DailyModel
from eemeter.eemeter.common.warnings import EEMeterWarning
from eemeter.eemeter.models.daily.utilities.settings import DailyLegacySettings, DailySettings, FullModelSelection

from chalicelib.metering.models.degree_day_ols import COOLING_POINTS, NONE, fit_degree_days
from chalicelib.metering.models.refit import Parts, is_weekend, refitted, ssr

POOR = 1.3  # times the squared residuals of the regression
NEGLIGIBLE = 1e-6  # of the squared readings: lower bound for the regression's squared residuals
WARNING = "datastore.poor_fit_search"
REFIT = "refit_poor_search"

_DESCRIPTION = "If the optimizer ends in a poor fit, refit the model starting from a plain regression on degree days"
_ERRORS = ("wRMSE", "RMSE", "MAE", "CVRMSE", "PNRMSE")


class DailyKwargs(DailySettings):  # type: ignore[misc]  # eemeter has no types
    """The keyword arguments of DailyModel: eemeter's settings, and whether to refit."""

    refit_poor_search: bool = CustomField(default=True, description=_DESCRIPTION)


class DailyLegacyKwargs(DailyLegacySettings):  # type: ignore[misc]
    """The keyword arguments of DailyLegacyModel, likewise."""

    refit_poor_search: bool = CustomField(default=True, description=_DESCRIPTION)


class CheckedDailyModel(DailyModel):  # type: ignore[misc]
    """eemeter's DailyModel, with its fit compared with a plain regression on degree days and weekends.

    A poor fit adds WARNING to the warnings of the data. If REFIT is true, the model is then refitted, and the better of
    the two fits is used. If it is false, or the fit is not poor, the model is bit-identical to eemeter's own.
    """

    def __init__(self, model: str, kwargs: Mapping[str, Any]) -> None:
        """model: current or legacy, eemeter's names. kwargs: of DailyKwargs or DailyLegacyKwargs."""
        settings = {**kwargs}
        self._refits = bool(settings.pop(REFIT, True))
        super().__init__(model=model, settings=settings)

    def fit(self, baseline_data: Any, ignore_disqualification: bool = False) -> "CheckedDailyModel":
        """Fit the model; the same interface as eemeter's."""
        self._cooling_points = COOLING_POINTS if baseline_data.is_electricity_data else NONE
        super().fit(baseline_data, ignore_disqualification)
        return self

    def _fit(self, meter_data: pd.DataFrame) -> "CheckedDailyModel":
        super()._fit(meter_data)
        if self.settings.full_model != FullModelSelection.HDD_TIDD_CDD:  # it lacks terms of the regression
            return self
        temperature, energy = (self.df_meter[name].to_numpy(dtype=float) for name in ("temperature", "observed"))
        regression = fit_degree_days(temperature, energy, is_weekend(self), cooling_points=self._cooling_points)
        best = max(regression.ssr, NEGLIGIBLE * float(np.square(energy).sum()))
        before = after = sum(map(ssr, self.model.values()))
        if before <= POOR * best:
            return self
        if self._refits:
            found = refitted(self, self._cooling_points, POOR * best)
            if found.ssr < before:
                after = found.ssr
                self._adopt(found)
        self.warnings.append(_warning(before, after, best, len(energy), refits=self._refits))
        return self

    def _adopt(self, parts: Parts) -> None:
        """Replace the fit of this model with another one."""
        self.best_combination = parts.split
        self.model = parts.fits
        self.fit_components |= parts.fits  # eemeter computes the errors from these
        self.error |= dict(zip(_ERRORS, map(float, self._get_error_metrics(parts.split)), strict=True))
        self.params = self._create_params_from_fit_model()


def _warning(before: float, after: float, best: float, n: int, *, refits: bool) -> EEMeterWarning:
    """Return WARNING. before, after, best: squared residuals of eemeter's fit, the fit in use and the regression."""
    if not refits:
        outcome = f'it was not refitted; set model_kwargs {{"{REFIT}": true}} to refit it from that regression'
    elif after < before:
        outcome = "it was refitted from that regression"
    else:
        outcome = "refitting it from that regression found nothing better"
    return EEMeterWarning(
        qualified_name=WARNING,
        description="eemeter's optimizer ended in a poor fit.",
        data={
            "ssr_ratio_before": before / best,
            "ssr_ratio_after": after / best,
            "rmse_before": math.sqrt(before / n),
            "rmse_after": math.sqrt(after / n),
            "refit_kept": after < before,
            "outcome": outcome,
        },
    )
