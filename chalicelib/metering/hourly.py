"""eemeter's models of hours, imported when a run asks for one: they need what `lean.hourly` looks for."""

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
    """A set of names that stay in their order."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(dict.fromkeys(names))

    def intersection(self, others: Container[str]) -> list[str]:
        return [name for name in self if name in others]


# CalTRACK's predictions add up the columns of a set of strings, whose order, and the last bit, each process has its own
segmentation.set = _Ordered


class NoSettings(pydantic.BaseModel):
    """The settings of a model that takes none."""


class HourlySettings(HourlyNonSolarSettings):  # type: ignore[misc]  # eemeter has no types
    """eemeter's settings of its hourly model, which clusters days from a seed: the same one each time."""

    seed: int = pydantic.Field(default=0, ge=0)


def baseline_data(readings: pd.Series, hours: pd.Series, electricity: bool) -> HourlyBaselineData:
    """The data of both models, of readings and temperatures as Formatter.make has them."""
    rows = pd.DataFrame({"observed": readings, "temperature": hours.reindex(readings.index)})
    return HourlyBaselineData(rows, is_electricity_data=electricity)


class Hours:
    """eemeter 4's hourly model: an elastic net of the day's 24 temperatures on its 24 readings, by kinds of day."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.model = HourlyModel(settings=dict(settings) or None)

    def fit(self, data: HourlyBaselineData) -> None:
        self.model.fit(data, ignore_disqualification=True)

    def predict(self, temperature: pd.Series) -> pd.Series:
        # eemeter counts the readings of a day to see a clock change, so that there has to be one of each hour.
        rows = pd.DataFrame({"temperature": temperature, "observed": 1.0})
        data = HourlyReportingData(rows, is_electricity_data=False)
        predicted: pd.Series = self.model.predict(data, ignore_disqualification=True)["predicted"]
        return predicted.reindex(temperature.index).where(temperature.notna())

    @property
    def parameter_count(self) -> int:
        return int(np.count_nonzero(self.model._model.coef_) + np.count_nonzero(self.model._model.intercept_))

    def to_dict(self) -> dict[str, Any]:
        return dict(self.model.to_dict())


class CaltrackHours:
    """CalTRACK 2.0's hourly model: time of week and temperature, a regression a month with its neighbours."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.model = HourlyCaltrackModel()

    def fit(self, data: HourlyBaselineData) -> None:
        known = data.df[(data.df["interpolated_observed"] != 1) & (data.df["interpolated_temperature"] != 1)]
        self.model.fit(HourlyCaltrackBaselineData(known[["observed", "temperature"]].copy(), data.is_electricity_data))

    def predict(self, temperature: pd.Series) -> pd.Series:
        hours = temperature.asfreq("h")  # eemeter wants a row an hour, with or without a temperature
        predicted: pd.Series = self.model.model.predict(hours.index, hours).result["predicted_usage"]
        return predicted.reindex(temperature.index)

    @property
    def parameter_count(self) -> int:
        return sum(len(segment.model_params or ()) for segment in self.model.model.model.segment_models)

    def to_dict(self) -> dict[str, Any]:
        return dict(self.model.to_dict())
