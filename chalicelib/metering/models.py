"""eemeter's models under one interface; a deployment's own models have it too.

fit(data)             learns from the data that its formatter makes
predict(temperature)  energy expected of each row with these mean temperatures (F), NaN where there is none
parameter_count       how many numbers the fit has chosen
to_dict()             the fitted model in plain values
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
from eemeter.eemeter import BillingModel, DailyModel


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
        """eemeter 4's own settings."""
        return cls(DailyModel(model="current", settings=settings))

    @classmethod
    def legacy(cls, settings: Mapping[str, Any]) -> "Days":
        """Settings near to CalTRACK 2.0's."""
        return cls(DailyModel(model="legacy", settings=settings))

    @classmethod
    def billing(cls, settings: Mapping[str, Any]) -> "Days":
        """The legacy settings, for bills."""
        return cls(BillingModel(settings=settings))

    def fit(self, data: Any) -> None:
        self.model.fit(data, ignore_disqualification=True)

    def predict(self, temperature: pd.Series) -> pd.Series:
        """As eemeter's `_predict`, without tables of loads; its public `predict` leaves out days not read."""
        days, degrees = pd.DatetimeIndex(temperature.index), temperature.to_numpy(dtype=float)
        season_of_month = self.model.settings.season._num_dict
        season = np.array([season_of_month[month] for month in range(1, 13)])[days.month - 1]
        predicted = np.full(len(days), np.nan)
        for component, submodel in self.model.params.submodels.items():  # such as "wd-su_sh"
            weekdays, seasons = component.split("-")
            names = self.model.combo_dictionary
            its = np.isin(days.dayofweek + 1, names[weekdays])
            its &= np.isin(season, [names[part] for part in seasons.split("_")]) & np.isfinite(degrees)
            predicted[its] = self.model._predict_submodel(submodel, degrees[its])[0]
        return pd.Series(predicted, index=days)

    @property
    def parameter_count(self) -> int:
        return sum(len(submodel.coefficients.to_np_array()) for submodel in self.model.params.submodels.values())

    def to_dict(self) -> dict[str, Any]:
        return dict(self.model.to_dict())
