"""An example of a deployment's own model and formatter, registered with ModelModule=chalicelib.metering.example.

MyModel predicts the mean of each month, without weather; MyFormatter is the daily formatter under another name. Any
class with these four members is a model, and any object with `df`, `warnings` and `disqualification` is data
(docs/metering.md).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pydantic

from chalicelib.metering.models.formatters import FORMATTERS as BUILT_IN
from chalicelib.metering.models.registry import ModelClass


class MySettings(pydantic.BaseModel):
    """The model_kwargs of MyModel: a factor, and the weights of the month and of the whole year."""

    parameter_1: float = pydantic.Field(default=1.0, gt=0)
    parameter_2: tuple[float, float] = (1.0, 0.0)


class MyModel:
    """Predicts the energy of a day as the weighted mean of its month and the year."""

    parameter_count = 12

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = MySettings(**settings)
        self.by_month: pd.Series = pd.Series(dtype=float)

    def fit(self, data: Any) -> None:
        observed = data.df["observed"].dropna()
        own, whole = self.settings.parameter_2
        self.by_month = own * observed.groupby(observed.index.month).mean() + whole * observed.mean()

    def predict(self, temperature: pd.Series) -> pd.Series:
        months = pd.Series(pd.DatetimeIndex(temperature.index).month, index=temperature.index)
        return (months.map(self.by_month) * self.settings.parameter_1).where(temperature.notna())

    def to_dict(self) -> dict[str, Any]:
        return {"by_month": {str(month): float(mean) for month, mean in self.by_month.items()}}


FORMATTERS = [replace(BUILT_IN[0], name="MyFormatter", frequency="daily")]
MODEL_CLASSES = [ModelClass("MyModel", MyModel, MySettings, "MyFormatter")]
