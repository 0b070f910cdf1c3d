"""Other half-widths of the same fitted models: what a choice in ASHRAE Guideline 14's formula does to the interval.

The rows are those that a script has which calls eemeter itself: what its models, fitted by a meter run, predict of both
periods and of the normal year.
"""

import math
from functools import cache
from typing import Any, TypeAlias

import pandas as pd
from eemeter.common.metrics import BaselineMetrics, ReportingMetrics
from eemeter.eemeter import (
    BillingBaselineData,
    BillingModel,
    BillingReportingData,
    DailyBaselineData,
    DailyModel,
    DailyReportingData,
)

from benchmarks.simulated_meter import TIMEZONE, normal_hours, observed_hours
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS

Rows: TypeAlias = pd.DataFrame  # observed and predicted energy, a row a day or a bill
NORMAL_YEAR, WHILE_REPORTING, OBSERVED = DERIVATIVE_INTERPRETATIONS


class Uncorrelated(BaselineMetrics):  # type: ignore[misc]  # eemeter has no types
    """Residuals count as independent: n' = n."""

    @property
    def n_prime(self) -> float:
        return float(self.n)


class CorrectedOnce(BaselineMetrics):  # type: ignore[misc]
    """Autocorrelation counts in n / n' only: the RMSE keeps n - p degrees of freedom, where eemeter takes n' - p."""

    @property
    def ddof_autocorr(self) -> float:
        return float(self.ddof)


BILLS = {"eemeter's lag-1 correction, bills": (BaselineMetrics, True), "eemeter's daily rows": (BaselineMetrics, False)}
DAYS = {"autocorrelation corrected once": (CorrectedOnce, False), "not corrected (n' = n)": (Uncorrelated, False)}


def half_widths(document: dict[str, Any], output: dict[str, Any]) -> dict[str, dict[str, float]]:
    """The half-widths of savings (95 %, in the trace's unit) by formula and derivative, of a daily or billing run."""
    billing = output["formatter_class"] == "billing"
    electricity = document["trace"]["unit"] == "KWH"
    records = {pd.Timestamp(one["start"]): one["value"] for one in document["trace"]["records"]}
    readings = pd.Series(records.values(), pd.to_datetime(list(records), utc=True).tz_convert(TIMEZONE), dtype=float)
    baseline_data, model_class = (BillingBaselineData, BillingModel) if billing else (DailyBaselineData, DailyModel)
    models, data = {}, {}
    for label, report in output["models"].items():
        start, end = pd.Timestamp(report["start"]), pd.Timestamp(report["end"])
        window = readings[start : end if billing else end - pd.Timedelta("1h")]
        data[label] = baseline_data.from_series(
            window.where(window.index < end), observed_hours(), is_electricity_data=electricity
        )
        fitted = output["fitted_models"][label]
        silent = fitted["settings"] | {"silent_developer_mode": True}  # eemeter would print a warning
        models[label] = model_class.from_dict(fitted | {"settings": silent})
    weathers = {NORMAL_YEAR: _normal_year(billing, electricity), WHILE_REPORTING: data["reporting"]}
    own = {label: _predicted(model, data[label]) for label, model in models.items()}
    expected = {
        (label, name): _predicted(model, weather).assign(observed=0.0)
        for label, model in models.items()
        for name, weather in weathers.items()
    }
    found = {}
    for formula, (metrics_class, by_bill) in (BILLS if billing else DAYS).items():
        sides = {}
        for label, model in models.items():
            rows = _by_bill(own[label], readings) if by_bill else own[label]
            metrics = metrics_class(df=rows, num_model_params=_parameters(model))
            for name in weathers:
                predicted = expected[label, name]
                if by_bill:
                    months = 2 if output["frequency"] == "billing_bimonthly" else 1
                    normal = name == NORMAL_YEAR
                    predicted = _by_months(predicted, months) if normal else _by_bill(predicted, readings)
                interval = ReportingMetrics(
                    baseline_metrics=metrics,
                    reporting_df=predicted,
                    data_frequency="billing" if billing else "daily",
                    confidence_level=0.95,
                )
                sides[label, name] = float(interval.total_savings_uncertainty)
        found[formula] = {name: math.hypot(sides["baseline", name], sides["reporting", name]) for name in weathers}
        found[formula][OBSERVED] = sides["baseline", WHILE_REPORTING]
    return found


@cache
def _normal_year(billing: bool, electricity: bool) -> Any:
    data = BillingReportingData if billing else DailyReportingData
    return data.from_series(None, normal_hours(), is_electricity_data=electricity)


def _predicted(model: Any, data: Any) -> Rows:
    rows: Rows = model.predict(data, ignore_disqualification=True).reindex(columns=["observed", "predicted"])
    return rows


def _parameters(model: Any) -> int:
    return sum(len(part.coefficients.to_np_array()) for part in model.params.submodels.values())


def _by_bill(days: Rows, readings: "pd.Series[float]") -> Rows:
    bill = readings.index.searchsorted(days.index, "right") - 1
    return days.groupby(bill).sum().set_axis(readings.index[sorted(set(bill))])


def _by_months(days: Rows, months: int) -> Rows:
    return (
        days.groupby((pd.DatetimeIndex(days.index).month - 1) // months)
        .sum()
        .set_axis(pd.date_range("2015-01-01", periods=12 // months, freq=f"{months}MS"))
    )
