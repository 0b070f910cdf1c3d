"""eemeter's daily and billing models; models/interface.py describes the interface."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from eemeter.eemeter import BillingModel

from chalicelib.metering.models.poor_fits import CheckedDailyModel


class ChangepointModel:
    """eemeter's daily and billing models.

    They are changepoint models of daily energy by mean temperature, split by season and weekday.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    @classmethod
    def current(cls, settings: Mapping[str, Any]) -> "ChangepointModel":
        """Create a model with eemeter 4's default settings; settings: of DailyKwargs."""
        return cls(CheckedDailyModel("current", settings))

    @classmethod
    def legacy(cls, settings: Mapping[str, Any]) -> "ChangepointModel":
        """Create a model with settings close to CalTRACK 2.0; settings: of DailyLegacyKwargs."""
        return cls(CheckedDailyModel("legacy", settings))

    @classmethod
    def billing(cls, settings: Mapping[str, Any]) -> "ChangepointModel":
        """Create a model for bills, with the legacy settings."""
        return cls(BillingModel(settings=settings))

    def fit(self, data: Any) -> None:
        self.model.fit(data, ignore_disqualification=True)

    def predict(self, temperature: pd.Series) -> pd.Series:
        """Predict like eemeter's `_predict`, without its heating and cooling load columns.

        eemeter's public `predict` omits days without readings.
        """
        degrees = temperature.to_numpy(dtype=float)
        predicted = np.full(len(degrees), np.nan)
        for mask, submodel in self._parts(temperature):
            predicted[mask] = self.model._predict_submodel(submodel, degrees[mask])[0]
        return pd.Series(predicted, index=temperature.index)

    def gradient(self, temperature: pd.Series) -> npt.NDArray[np.float64]:
        """Return the gradient of daily energy with respect to the parameters, (days, parameters).

        Every day must have a temperature (F). The curves are treated as piecewise linear, without eemeter's smoothing.
        """
        degrees, columns = temperature.to_numpy(dtype=float), []
        for mask, submodel in self._parts(temperature):
            curve = submodel.coefficients
            columns.append(mask.astype(float))
            for point, slope, sign in ((curve.hdd_bp, curve.hdd_beta, -1.0), (curve.cdd_bp, curve.cdd_beta, 1.0)):
                if slope:
                    beyond = np.where(mask, sign * (degrees - point), 0.0)
                    columns += [np.maximum(beyond, 0.0), slope * (beyond > 0)]
        return np.column_stack(columns)

    def _parts(self, temperature: pd.Series) -> Iterator[tuple[npt.NDArray[np.bool_], Any]]:
        """Yield each submodel, and which days with a temperature (F) belong to it."""
        days, finite = pd.DatetimeIndex(temperature.index), np.isfinite(temperature.to_numpy(dtype=float))
        season_of_month = self.model.settings.season._num_dict
        season = np.array([season_of_month[month] for month in range(1, 13)])[days.month - 1]
        names = self.model.combo_dictionary
        for component, submodel in self.model.params.submodels.items():  # such as "wd-su_sh"
            weekdays, seasons = component.split("-")
            mask = np.isin(days.dayofweek + 1, names[weekdays])
            yield mask & np.isin(season, [names[part] for part in seasons.split("_")]) & finite, submodel

    @property
    def parameter_count(self) -> int:
        return sum(len(submodel.coefficients.to_np_array()) for submodel in self.model.params.submodels.values())

    def to_dict(self) -> dict[str, Any]:
        return dict(self.model.to_dict())
