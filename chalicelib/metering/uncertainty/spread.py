"""What every method takes, and what it gives."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from chalicelib.metering.fitting import Period
from chalicelib.metering.period_data import Bills
from chalicelib.metering.uncertainty.noise import Floats

CONFIDENCE_LEVEL = 0.95
_ONE = 1 - 1e-9  # degree of freedom, but for rounding
Periods: TypeAlias = Mapping[str, Period]  # those that have a model: baseline, reporting, or both


class Spread(NamedTuple):
    """How sure a sum is, in the trace's unit; None where a method has no such number.

    half_width: of the 95 % interval. standard_error, degrees_of_freedom: from which Student's t makes it.
    autocorrelation: of the noise from one day to the next. exponent: the noise is in proportion to load ** exponent.
    """

    half_width: float | None = None
    standard_error: float | None = None
    degrees_of_freedom: float | None = None
    autocorrelation: float | None = None
    exponent: float | None = None


class Prediction(NamedTuple):
    """A sum that a model expects.

    period: whose model, baseline or reporting. temperature, energy: of each row (F, the trace's unit); the energy is
    NaN where a row does not count. bills: the bill of each row, if any. is_read: whether it is compared with readings,
    whose own noise then counts as well.
    """

    period: str
    temperature: "pd.Series[float]"
    energy: "pd.Series[float]"
    bills: Bills
    is_read: bool = False

    @property
    def known(self) -> "pd.Series[bool]":
        """Which rows count."""
        return self.energy.notna()


class Method(Protocol):
    """Made of the fitted periods of one run."""

    def __call__(self, prediction: Prediction) -> Spread:
        """The spread of what one of the models predicts, without numbers where the method has none."""


def spread(variance: float, degrees_of_freedom: float, autocorrelation: float, exponent: float) -> Spread:
    """Student's interval of a sum with this variance; none with less than one degree of freedom."""
    if not (np.isfinite(variance) and degrees_of_freedom >= _ONE):
        return Spread()
    error = float(np.sqrt(variance))
    return Spread(student(degrees_of_freedom) * error, error, float(degrees_of_freedom), autocorrelation, exponent)


def student(degrees_of_freedom: float) -> float:
    """The t of a two-sided 95 % interval."""
    return float(stdtrit(degrees_of_freedom, (1 + CONFIDENCE_LEVEL) / 2))


def gradient_sum(period: Period, prediction: Prediction) -> Floats:
    """How the predicted sum changes with each parameter of the period's model."""
    total: Floats = gradient(period, prediction.temperature[prediction.known]).sum(axis=0)
    return total


def gradient(period: Period, temperature: "pd.Series[float]") -> Floats:
    """(days x parameters): of the energy of days by the parameters of the period's model, which has to have them."""
    rows: Floats = period.model.gradient(temperature)  # type: ignore[union-attr]  # the registry lets no other model in
    return rows
