"""The methods by their names (chalicelib/vocabulary.py says what each is)."""

from functools import partial
from typing import Any

from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.fitting import Period
from chalicelib.metering.uncertainty.bills import BillRegression
from chalicelib.metering.uncertainty.bootstrap import Bootstrap
from chalicelib.metering.uncertainty.days import DayRegression
from chalicelib.metering.uncertainty.guideline14 import caltrack, guideline14, is_relative
from chalicelib.metering.uncertainty.spread import Method, Periods


def method_of(name: str, periods: Periods, rows_of: str) -> Method:
    """The method of that name for a run; rows_of: daily, billing or hourly."""
    match name:
        case "regression":
            return BillRegression(periods) if rows_of == "billing" else DayRegression(periods)
        case "bootstrap":
            return Bootstrap(periods)
        case "caltrack":
            return partial(caltrack, periods=periods, rows_of=rows_of)
    return partial(guideline14, periods=periods, rows_of=rows_of)


def no_interval(name: str, period: Period) -> EEMeterWarning:
    """Why the values of a fitted period have no interval by the method of that name."""
    metrics: Any = period.metrics
    if name in ("guideline14", "caltrack") and not is_relative(metrics):
        return EEMeterWarning(
            qualified_name="datastore.no_interval",
            description="The uncertainty of the model relative to the mean of the observed values is undefined.",
            data={"mean_observed": metrics.observed.mean},
        )
    if metrics.n > metrics.num_model_params:
        return EEMeterWarning(
            qualified_name="datastore.interval_not_finite",
            description="The squares of the residuals, or what is made of them, are no finite numbers.",
            data={},
        )
    return EEMeterWarning(
        qualified_name="datastore.no_degrees_of_freedom",
        description="There are too few readings for an interval.",
        data={"n": metrics.n, "parameters": metrics.num_model_params},
    )
