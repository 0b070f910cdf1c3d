"""ASHRAE Guideline 14-2014, annex B.

As implemented by eemeter 4.1.1, and with CalTRACK's correction for autocorrelation.
"""

import math
from typing import Any

import numpy as np
import pandas as pd
from eemeter.common.metrics import ReportingMetrics

from chalicelib.metering.fitting.period import by_bill
from chalicelib.metering.plain import plain
from chalicelib.metering.uncertainty.spread import CONFIDENCE_LEVEL, Periods, Prediction, Spread, student_t

_HOURLY_FACTOR = 1.26  # Reddy and Claridge (2000)
_POLYNOMIALS = {"daily": (-0.00024, 0.03535, 1.00286), "billing": (-0.00022, 0.03306, 0.94054)}


def guideline14(prediction: Prediction, *, periods: Periods, data_frequency: str) -> Spread:
    """Return eemeter's `total_savings_uncertainty`: t * CVRMSE * sqrt(n / n' * (1 + 2 / n') / m) times the sum.

    n is the number of readings that the model is fitted to, n' the same corrected for the autocorrelation of the
    residuals, m the number of predicted readings. The result is multiplied by 1.26 for hourly data, and otherwise by
    Sun and Baltazar's (2013) polynomial in the number of months. eemeter's CVRMSE has n' - p degrees of freedom, its t
    has n - p - 1. The interval is relative to the mean of the readings, so there is none for a mean at or below zero.
    """
    metrics: Any = periods[prediction.period].metrics
    if not has_cvrmse(metrics):
        return Spread()
    interval = ReportingMetrics(
        baseline_metrics=metrics,
        reporting_df=_rows(prediction),
        data_frequency=data_frequency,
        confidence_level=CONFIDENCE_LEVEL,
    )
    return Spread(plain(abs(interval.total_savings_uncertainty)))


def caltrack(prediction: Prediction, *, periods: Periods, data_frequency: str) -> Spread:
    """Return the same by CalTRACK 2.0, 4.3.2.2, which corrects for autocorrelation only once, in n / n'.

    CVRMSE and t have n - p degrees of freedom. There is no interval with less than one degree of freedom, or for a mean
    at or below zero.
    """
    metrics: Any = periods[prediction.period].metrics
    if not has_cvrmse(metrics) or metrics.n <= metrics.num_model_params:
        return Spread()
    energy = _rows(prediction)["predicted"]
    n, n_prime, dof = metrics.n, metrics.n_prime, metrics.n - metrics.num_model_params
    cvrmse = math.sqrt(metrics.sse / dof) / metrics.observed.mean
    months = pd.DatetimeIndex(energy.index).month.nunique()
    factor = _HOURLY_FACTOR if data_frequency == "hourly" else float(np.polyval(_POLYNOMIALS[data_frequency], months))
    relative = cvrmse * math.sqrt(n / n_prime * (1 + 2 / n_prime) / len(energy)) * factor
    error = float(abs(energy.sum()) * relative)
    return Spread(student_t(dof) * error, error, float(dof), float((n - n_prime) / (n + n_prime)))


def has_cvrmse(metrics: Any) -> bool:
    """Return whether residuals relative to the mean reading are defined: the mean is above zero, and not too close."""
    relative = metrics.cvrmse_autocorr_adj
    return relative is not None and math.isfinite(relative)


def _rows(prediction: Prediction) -> pd.DataFrame:
    """Return the predicted rows: summed by bill for bills, otherwise days or hours unchanged."""
    rows = pd.DataFrame({"observed": prediction.energy, "predicted": prediction.energy})
    return by_bill(rows, prediction.bills).dropna()
