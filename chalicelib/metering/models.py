"""eemeter's models under one interface; a deployment's own models have it too.

fit(data)             learns from the data that its formatter makes
predict(temperature)  energy expected of each row with these mean temperatures (F), NaN where there is none
parameter_count       how many numbers the fit has chosen
to_dict()             the fitted model in plain values
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from eemeter.eemeter import BillingModel

from chalicelib.metering.poor_fits import CheckedDailyModel


class Model(Protocol):
    """What a model run needs of a model."""

    def fit(self, data: Any) -> None: ...

    def predict(self, temperature: pd.Series) -> pd.Series: ...

    @property
    def parameter_count(self) -> int: ...

    def to_dict(self) -> dict[str, Any]: ...


class Days:
    """The daily model and its likes: changepoint models of daily mean temperatures, split by season and weekday."""

    def __init__(self, model: Any) -> None:
        self.model = model

    @classmethod
    def current(cls, settings: Mapping[str, Any]) -> "Days":
        """eemeter 4's own settings; of DailyKwargs."""
        return cls(CheckedDailyModel("current", settings))

    @classmethod
    def legacy(cls, settings: Mapping[str, Any]) -> "Days":
        """Settings near to CalTRACK 2.0's; of DailyLegacyKwargs."""
        return cls(CheckedDailyModel("legacy", settings))

    @classmethod
    def billing(cls, settings: Mapping[str, Any]) -> "Days":
        """The legacy settings, for bills."""
        return cls(BillingModel(settings=settings))

    def fit(self, data: Any) -> None:
        self.model.fit(data, ignore_disqualification=True)

    def predict(self, temperature: pd.Series) -> pd.Series:
        """As eemeter's `_predict`, without tables of loads; its public `predict` leaves out days not read."""
        degrees = temperature.to_numpy(dtype=float)
        predicted = np.full(len(degrees), np.nan)
        for its, submodel in self._parts(temperature):
            predicted[its] = self.model._predict_submodel(submodel, degrees[its])[0]
        return pd.Series(predicted, index=temperature.index)

    def gradient(self, temperature: pd.Series) -> npt.NDArray[np.float64]:
        """(days x parameters): of the energy of days, all of which have a temperature (F), by the parameters.

        The curves are taken as piecewise linear: eemeter's smoothing of their corners is left out.
        """
        degrees, columns = temperature.to_numpy(dtype=float), []
        for its, submodel in self._parts(temperature):
            curve = submodel.coefficients
            columns.append(its.astype(float))
            for point, slope, sign in ((curve.hdd_bp, curve.hdd_beta, -1.0), (curve.cdd_bp, curve.cdd_beta, 1.0)):
                if slope:
                    beyond = np.where(its, sign * (degrees - point), 0.0)
                    columns += [np.maximum(beyond, 0.0), slope * (beyond > 0)]
        return np.column_stack(columns)

    def _parts(self, temperature: pd.Series) -> Iterator[tuple[npt.NDArray[np.bool_], Any]]:
        """Each submodel, and which of the days that have a temperature (F) are its."""
        days, finite = pd.DatetimeIndex(temperature.index), np.isfinite(temperature.to_numpy(dtype=float))
        season_of_month = self.model.settings.season._num_dict
        season = np.array([season_of_month[month] for month in range(1, 13)])[days.month - 1]
        names = self.model.combo_dictionary
        for component, submodel in self.model.params.submodels.items():  # such as "wd-su_sh"
            weekdays, seasons = component.split("-")
            its = np.isin(days.dayofweek + 1, names[weekdays])
            yield its & np.isin(season, [names[part] for part in seasons.split("_")]) & finite, submodel

    @property
    def parameter_count(self) -> int:
        return sum(len(submodel.coefficients.to_np_array()) for submodel in self.model.params.submodels.values())

    def to_dict(self) -> dict[str, Any]:
        return dict(self.model.to_dict())
