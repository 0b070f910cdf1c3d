"""eemeter's hourly models, imported only if a run needs one: `lean.hourly` checks for the packages they require."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pydantic
from eemeter.eemeter import (
    HourlyBaselineData,
    HourlyCaltrackBaselineData,
    HourlyCaltrackModel,
    HourlyModel,
    HourlyReportingData,
)
from eemeter.eemeter.models.hourly.settings import HourlyNonSolarSettings
from eemeter.eemeter.models.hourly_caltrack import segmentation

from chalicelib.metering import acceleration

acceleration.include("chalicelib.metering.acceleration.hourly")


class _Ordered(dict[str, None]):
    """An ordered set of names."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(dict.fromkeys(names))

    def intersection(self, others: Container[str]) -> list[str]:
        return [name for name in self if name in others]


# eemeter sums the columns of a set of strings, whose order, and so the last bit of the sum, differs between processes
segmentation.set = _Ordered


class NoSettings(pydantic.BaseModel):
    """The settings of a model that has none."""


class HourlySettings(HourlyNonSolarSettings):  # type: ignore[misc]  # eemeter has no types
    """The settings of eemeter's hourly model, with a fixed default seed for its clustering of days."""

    seed: int = pydantic.Field(default=0, ge=0)


def baseline_data(readings: pd.Series, hours: pd.Series, electricity: bool) -> HourlyBaselineData:
    """Return the data of both hourly models; the arguments are those of Formatter.make."""
    rows = pd.DataFrame({"observed": readings, "temperature": hours.reindex(readings.index)})
    return HourlyBaselineData(rows, is_electricity_data=electricity)


class HourlyElasticNet:
    """eemeter 4's hourly model: an elastic net of a day's 24 readings on its 24 temperatures, by cluster of days."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.model = HourlyModel(settings=dict(settings) or None)

    def fit(self, data: HourlyBaselineData) -> None:
        self.model.fit(data, ignore_disqualification=True)

    def predict(self, temperature: pd.Series) -> pd.Series:
        # eemeter detects clock changes by the number of readings in a day, so each hour needs one.
        rows = pd.DataFrame({"temperature": temperature, "observed": 1.0})
        data = HourlyReportingData(rows, is_electricity_data=False)
        predicted: pd.Series = self.model.predict(data, ignore_disqualification=True)["predicted"]
        return predicted.reindex(temperature.index).where(temperature.notna())

    @property
    def parameter_count(self) -> int:
        return int(np.count_nonzero(self.model._model.coef_) + np.count_nonzero(self.model._model.intercept_))

    def to_dict(self) -> dict[str, Any]:
        return dict(self.model.to_dict())


class HourlyCaltrack:
    """CalTRACK 2.0's hourly model: time of week and temperature (TOWT).

    It is one weighted regression per month and its neighbors.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.model = HourlyCaltrackModel()

    def fit(self, data: HourlyBaselineData) -> None:
        known = data.df[(data.df["interpolated_observed"] != 1) & (data.df["interpolated_temperature"] != 1)]
        self.model.fit(HourlyCaltrackBaselineData(known[["observed", "temperature"]].copy(), data.is_electricity_data))

    def predict(self, temperature: pd.Series) -> pd.Series:
        hours = temperature.asfreq("h")  # eemeter needs a row for every hour, with or without a temperature
        predicted: pd.Series = self.model.model.predict(hours.index, hours).result["predicted_usage"]
        return predicted.reindex(temperature.index)

    @property
    def parameter_count(self) -> int:
        return sum(len(segment.model_params or ()) for segment in self.model.model.model.segment_models)

    def to_dict(self) -> dict[str, Any]:
        return dict(self.model.to_dict())
