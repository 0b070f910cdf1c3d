"""CalTRACK's billing method as a model of the datastore; models/interface.py describes the interface."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pydantic

from chalicelib.metering.models.caltrack.data import BillData
from chalicelib.metering.models.caltrack.degree_days import Floats, bill_means, degree_days
from chalicelib.metering.models.caltrack.usage_per_day import Bills, UsagePerDay, fit


class CaltrackBillingSettings(pydantic.BaseModel):
    """The balance points to try, in F: CalTRACK 3.2.1 specifies 30 to 90, at most 3 apart."""

    model_config = pydantic.ConfigDict(extra="forbid")

    balance_point_minimum: float = pydantic.Field(default=30.0, ge=0, le=120)
    balance_point_maximum: float = pydantic.Field(default=90.0, ge=0, le=120)
    balance_point_step: float = pydantic.Field(default=1.0, ge=0.5, le=3)

    @pydantic.model_validator(mode="after")
    def _ordered(self) -> "CaltrackBillingSettings":
        if self.balance_point_minimum >= self.balance_point_maximum:
            raise ValueError(
                f"balance_point_minimum is {self.balance_point_minimum:g}; it must be below balance_point_maximum,"
                f" {self.balance_point_maximum:g}"
            )
        return self

    @property
    def points(self) -> Floats:
        """The balance points in ascending order, in F."""
        steps = int((self.balance_point_maximum - self.balance_point_minimum) / self.balance_point_step + 1e-9)
        return self.balance_point_minimum + self.balance_point_step * np.arange(steps + 1, dtype=np.float64)


class CaltrackBillingModel:
    """A regression of usage per day on degree days, with bills weighted by their days.

    Once fitted, it has `curve`, the fitted model, and `bills` and `usage` (energy per day of each bill), its data.
    """

    curve: UsagePerDay
    bills: Bills
    usage: Floats

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = CaltrackBillingSettings(**settings)

    def fit(self, data: BillData) -> None:
        rows = data.df.dropna()
        _, first, bill, days = np.unique(rows["bill"], return_index=True, return_inverse=True, return_counts=True)
        points = self.settings.points
        heating, cooling = (
            bill_means(side, bill, len(days)) for side in degree_days(rows["temperature"].to_numpy(), points)
        )
        self.usage = rows["observed"].to_numpy()[first]
        self.bills = Bills(heating, cooling, days.astype(float), points, with_cooling=data.electricity)
        self.curve, self._r2_adjusted = fit(self.usage, self.bills)

    def predict(self, temperature: "pd.Series[float]") -> "pd.Series[float]":
        return pd.Series(self.curve.predict(temperature.to_numpy(dtype=np.float64)), index=temperature.index)

    def gradient(self, temperature: "pd.Series[float]") -> Floats:
        """Return the gradient of the energy of days with these mean temperatures (F), (days, parameters)."""
        return self.curve.gradient(temperature.to_numpy(dtype=np.float64))

    @property
    def is_balance_point(self) -> npt.NDArray[np.bool_]:
        """Whether each column of the gradient belongs to a balance point."""
        points = (self.curve.heating_balance_point, self.curve.cooling_balance_point)
        return np.array([False, *[False, True] * sum(point is not None for point in points)])

    @property
    def parameter_count(self) -> int:
        return self.curve.parameter_count

    def to_dict(self) -> dict[str, Any]:
        return {
            "model_type": self.curve.kind,
            **asdict(self.curve),
            "r2_adjusted": self._r2_adjusted,
            "settings": self.settings.model_dump(),
        }
