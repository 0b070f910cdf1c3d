"""eemeter's daily model, whose poor fits are found, reported and, unless that is turned off, refitted.

Where eemeter 4.1.1 ends in a poor fit, it has nearly always had a good one on the way, and lost it:

- Its last step takes a submodel of one slope whose balance point is among the outermost temperatures for one without a
  flat part (`fit_c_hdd_tidd`). It pins the point to the outermost temperature, where the energy would have to be far
  below all readings, to which the search is bound; and what it then stores has the point elsewhere
  (`get_full_model_x`).
- The two balance points of a smoothed submodel may cross. They are then stored the other way round
  (`fix_full_model_x`), which for smoothed ones is another curve: heating becomes cooling.
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

from chalicelib.metering.degree_day_ols import COOLING_POINTS, NONE, fit_degree_days
from chalicelib.metering.refit import Parts, is_weekend, refitted, squares

POOR = 1.3  # times the squared residuals of the regression
NEGLIGIBLE = 1e-6  # of the squared readings: what the residuals of the regression are taken to be at the least
WARNING = "datastore.poor_fit_search"
REFIT = "refit_poor_search"

_DESCRIPTION = "Refit a model whose search has ended in a poor fit from a plain regression on degree days"
_ERRORS = ("wRMSE", "RMSE", "MAE", "CVRMSE", "PNRMSE")


class DailyKwargs(DailySettings):  # type: ignore[misc]  # eemeter has no types
    """The keyword arguments of DailyModel: eemeter's settings, and whether to refit."""

    refit_poor_search: bool = CustomField(default=True, description=_DESCRIPTION)


class DailyLegacyKwargs(DailyLegacySettings):  # type: ignore[misc]
    """The keyword arguments of DailyLegacyModel, likewise."""

    refit_poor_search: bool = CustomField(default=True, description=_DESCRIPTION)


class CheckedDailyModel(DailyModel):  # type: ignore[misc]
    """eemeter's DailyModel, whose fit is held against a plain regression on degree days and weekends.

    A poor fit adds WARNING to the warnings of the data, and is made anew where REFIT is true; the better of both is
    kept. Where it is false, or the fit is not poor, the model is eemeter's own to the last bit.
    """

    def __init__(self, model: str, kwargs: Mapping[str, Any]) -> None:
        """model: current or legacy, as eemeter has it. kwargs: of DailyKwargs or DailyLegacyKwargs."""
        settings = {**kwargs}
        self._refits = bool(settings.pop(REFIT, True))
        super().__init__(model=model, settings=settings)

    def fit(self, baseline_data: Any, ignore_disqualification: bool = False) -> "CheckedDailyModel":
        """As eemeter's."""
        self._cooling_points = COOLING_POINTS if baseline_data.is_electricity_data else NONE
        super().fit(baseline_data, ignore_disqualification)
        return self

    def _fit(self, meter_data: pd.DataFrame) -> "CheckedDailyModel":
        super()._fit(meter_data)
        if self.settings.full_model != FullModelSelection.HDD_TIDD_CDD:  # it may not have what the regression has
            return self
        temperature, energy = (self.df_meter[name].to_numpy(dtype=float) for name in ("temperature", "observed"))
        regression = fit_degree_days(temperature, energy, is_weekend(self), cooling_points=self._cooling_points)
        best = max(regression.squares, NEGLIGIBLE * float(np.square(energy).sum()))
        before = after = sum(map(squares, self.model.values()))
        if before <= POOR * best:
            return self
        if self._refits:
            found = refitted(self, self._cooling_points, POOR * best)
            if found.squares < before:
                after = found.squares
                self._take(found)
        self.warnings.append(_warning(before, after, best, len(energy), refits=self._refits))
        return self

    def _take(self, parts: Parts) -> None:
        """Be the model of another fit."""
        self.best_combination = parts.split
        self.model = parts.fits
        self.fit_components |= parts.fits  # of which eemeter computes the errors
        self.error |= dict(zip(_ERRORS, map(float, self._get_error_metrics(parts.split)), strict=True))
        self.params = self._create_params_from_fit_model()


def _warning(before: float, after: float, best: float, n: int, *, refits: bool) -> EEMeterWarning:
    """before, after, best: the squared residuals of eemeter's fit, of the one in use, and of the regression."""
    if not refits:
        outcome = f'it was kept, and model_kwargs {{"{REFIT}": true}} would refit it from there'
    elif after < before:
        outcome = "it was refitted from there"
    else:
        outcome = "refitting it from there found nothing better"
    return EEMeterWarning(
        qualified_name=WARNING,
        description="eemeter's search for the model has ended in a poor fit.",
        data={
            "ssr_ratio_before": before / best,
            "ssr_ratio_after": after / best,
            "rmse_before": math.sqrt(before / n),
            "rmse_after": math.sqrt(after / n),
            "refit_kept": after < before,
            "outcome": outcome,
        },
    )
