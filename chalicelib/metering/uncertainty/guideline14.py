"""ASHRAE Guideline 14-2014, annex B: as eemeter 4.1.1 has it, and as CalTRACK counts autocorrelation."""

import math
from typing import Any

import numpy as np
import pandas as pd
from eemeter.common.metrics import ReportingMetrics

from chalicelib.metering.fitting import by_bill
from chalicelib.metering.plain import plain
from chalicelib.metering.uncertainty.spread import CONFIDENCE_LEVEL, Periods, Prediction, Spread, student

_HOURLY_FACTOR = 1.26  # Reddy and Claridge (2000)
_POLYNOMIALS = {"daily": (-0.00024, 0.03535, 1.00286), "billing": (-0.00022, 0.03306, 0.94054)}


def guideline14(prediction: Prediction, *, periods: Periods, rows_of: str) -> Spread:
    """eemeter's `total_savings_uncertainty`: t * CVRMSE * sqrt(n / n' * (1 + 2 / n') / m) of the sum.

    n are the readings behind the model, n' these corrected for the autocorrelation of its residuals, and m the readings
    predicted; times 1.26 for hours, and else the polynomial in months by which Sun and Baltazar (2013) improve the
    approximation. eemeter's CVRMSE has n' - p degrees of freedom, and its t one less than n - p. A mean at or below
    zero has no interval, which is relative to it.
    """
    metrics: Any = periods[prediction.period].metrics
    if not is_relative(metrics):
        return Spread()
    interval = ReportingMetrics(
        baseline_metrics=metrics,
        reporting_df=_rows(prediction),
        data_frequency=rows_of,
        confidence_level=CONFIDENCE_LEVEL,
    )
    return Spread(plain(abs(interval.total_savings_uncertainty)))


def caltrack(prediction: Prediction, *, periods: Periods, rows_of: str) -> Spread:
    """CalTRACK 2.0, 4.3.2.2: the same formula, with autocorrelation counted once, in n / n'.

    CVRMSE and t have n - p degrees of freedom. No interval with less than one, or for a mean at or below zero.
    """
    metrics: Any = periods[prediction.period].metrics
    if not is_relative(metrics) or metrics.n <= metrics.num_model_params:
        return Spread()
    energy = _rows(prediction)["predicted"]
    n, n_prime, freedom = metrics.n, metrics.n_prime, metrics.n - metrics.num_model_params
    cvrmse = math.sqrt(metrics.sse / freedom) / metrics.observed.mean
    months = pd.DatetimeIndex(energy.index).month.nunique()
    factor = _HOURLY_FACTOR if rows_of == "hourly" else float(np.polyval(_POLYNOMIALS[rows_of], months))
    relative = cvrmse * math.sqrt(n / n_prime * (1 + 2 / n_prime) / len(energy)) * factor
    error = float(abs(energy.sum()) * relative)
    return Spread(student(freedom) * error, error, float(freedom), float((n - n_prime) / (n + n_prime)))


def is_relative(metrics: Any) -> bool:
    """Whether the residuals can be taken relative to the mean of the readings, which is above 0 and not next to it."""
    relative = metrics.cvrmse_autocorr_adj
    return relative is not None and math.isfinite(relative)


def _rows(prediction: Prediction) -> pd.DataFrame:
    """What is predicted by reading: bills, or days or hours as they are."""
    rows = pd.DataFrame({"observed": prediction.energy, "predicted": prediction.energy})
    return by_bill(rows, prediction.bills).dropna()
