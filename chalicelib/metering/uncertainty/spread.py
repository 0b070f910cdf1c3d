"""The interface of the uncertainty methods: their argument, their result, and what they share."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from chalicelib.metering.fitting.period import Period
from chalicelib.metering.preparation.period_data import Bills
from chalicelib.metering.uncertainty.noise import Floats

CONFIDENCE_LEVEL = 0.95
_MIN_DOF = 1 - 1e-9  # one degree of freedom, allowing for rounding
Periods: TypeAlias = Mapping[str, Period]  # the periods with a model: baseline, reporting, or both


class Spread(NamedTuple):
    """The uncertainty of a sum, in the trace's unit; None for a number that the method does not provide.

    half_width: of the 95 % interval. standard_error, degrees_of_freedom: the interval is Student's t times the standard
    error. autocorrelation: of the noise from day to day. exponent: the noise is proportional to load ** exponent.
    """

    half_width: float | None = None
    standard_error: float | None = None
    degrees_of_freedom: float | None = None
    autocorrelation: float | None = None
    exponent: float | None = None


class Prediction(NamedTuple):
    """A sum predicted by a model.

    period: whose model it is, baseline or reporting. temperature, energy: of each row (F, the trace's unit); the energy
    is NaN if a row does not count. bills: the bill of each row, if any. with_noise: whether to include the noise of the
    readings, because the sum is compared with them.
    """

    period: str
    temperature: "pd.Series[float]"
    energy: "pd.Series[float]"
    bills: Bills
    with_noise: bool = False

    @property
    def known(self) -> "pd.Series[bool]":
        """Whether each row counts."""
        return self.energy.notna()


class Method(Protocol):
    """An uncertainty method, set up with the fitted periods of one run."""

    def __call__(self, prediction: Prediction) -> Spread:
        """Return the spread of a prediction of one of the models; empty if the method gives none."""


def spread(variance: float, degrees_of_freedom: float, autocorrelation: float, exponent: float) -> Spread:
    """Return the spread of a sum with this variance by Student's t; empty with less than one degree of freedom."""
    if not (np.isfinite(variance) and degrees_of_freedom >= _MIN_DOF):
        return Spread()
    error = float(np.sqrt(variance))
    return Spread(student_t(degrees_of_freedom) * error, error, float(degrees_of_freedom), autocorrelation, exponent)


def student_t(degrees_of_freedom: float) -> float:
    """Return the quantile of Student's t for a two-sided 95 % interval."""
    return float(stdtrit(degrees_of_freedom, (1 + CONFIDENCE_LEVEL) / 2))


def gradient_sum(period: Period, prediction: Prediction) -> Floats:
    """Return the gradient of the predicted sum with respect to the parameters of the period's model."""
    total: Floats = gradient(period, prediction.temperature[prediction.known]).sum(axis=0)
    return total


def gradient(period: Period, temperature: "pd.Series[float]") -> Floats:
    """Return the gradient of each day's energy with respect to the model's parameters, (days, parameters)."""
    rows: Floats = period.model.gradient(temperature)  # type: ignore[union-attr]  # a ModelClass that lists regression must have a gradient
    return rows
