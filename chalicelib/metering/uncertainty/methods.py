"""The uncertainty methods by name; chalicelib/vocabulary.py describes them."""

from functools import partial
from typing import Any

from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.fitting.period import Period
from chalicelib.metering.uncertainty.bills import BillRegression
from chalicelib.metering.uncertainty.bootstrap import Bootstrap
from chalicelib.metering.uncertainty.days import DayRegression
from chalicelib.metering.uncertainty.guideline14 import caltrack, guideline14, has_cvrmse
from chalicelib.metering.uncertainty.spread import Method, Periods


def method_of(name: str, periods: Periods, data_frequency: str) -> Method:
    """Return the method with that name for a run; data_frequency: daily, billing or hourly."""
    match name:
        case "regression":
            return BillRegression(periods) if data_frequency == "billing" else DayRegression(periods)
        case "bootstrap":
            return Bootstrap(periods)
        case "caltrack":
            return partial(caltrack, periods=periods, data_frequency=data_frequency)
    return partial(guideline14, periods=periods, data_frequency=data_frequency)


def no_interval(name: str, period: Period) -> EEMeterWarning:
    """Return a warning on why the values of a fitted period have no interval by the method with that name."""
    metrics: Any = period.metrics
    if name in ("guideline14", "caltrack") and not has_cvrmse(metrics):
        return EEMeterWarning(
            qualified_name="datastore.no_interval",
            description="The uncertainty of the model relative to the mean of the observed values is undefined.",
            data={"mean_observed": metrics.observed.mean},
        )
    if metrics.n > metrics.num_model_params:
        return EEMeterWarning(
            qualified_name="datastore.interval_not_finite",
            description="The squares of the residuals, or numbers derived from them, are not finite.",
            data={},
        )
    return EEMeterWarning(
        qualified_name="datastore.no_degrees_of_freedom",
        description="There are too few readings for a confidence interval.",
        data={"n": metrics.n, "parameters": metrics.num_model_params},
    )
