"""Fit the model of a modeling period, and report how well it fits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from eemeter.common.metrics import BaselineMetrics
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.failure import MeterFailure
from chalicelib.metering.fitting.sentences import explain
from chalicelib.metering.models.interface import Model
from chalicelib.metering.models.registry import Choice
from chalicelib.metering.preparation.period_data import EEMETER_ERRORS, Bills, PeriodData, model_failure

OUTLIERS = "datastore.data_quality.outliers"


class BillMetrics(BaselineMetrics):  # type: ignore[misc]  # eemeter has no types
    """The fit statistics of a billing model: ASHRAE Guideline 14 treats the residuals of bills as uncorrelated.

    The autocorrelation cannot be estimated from a dozen bills; an estimate would change the interval up to tenfold.
    """

    @property
    def n_prime(self) -> int:
        return int(self.n)

    @property
    def ddof(self) -> int:
        """At least 2, because eemeter's t statistic subtracts another one; the interval is then very wide."""
        return int(max(self.n - self.num_model_params, 2))

    @property
    def ddof_autocorr(self) -> int:
        return self.ddof


@dataclass(frozen=True)
class Period:
    """A modeling period and its model, if any.

    rows: a row per day or hour: temperature (F), observed, and predicted (by the period's own model).
    """

    rows: pd.DataFrame
    bills: Bills
    model: Model | None
    metrics: BaselineMetrics | None
    report: dict[str, Any]


def fit_period(period: PeriodData, choice: Choice) -> Period:
    """Fit the chosen model to the data of one period.

    If the data do not meet the sufficiency criteria, there is no model, unless `ignore_sufficiency` is set; the report
    lists the criteria. Raises MeterFailure if there is nothing to fit.
    """
    data, rows, bills = period.data, period.rows, period.bills
    model = metrics = None
    try:
        if choice.ignore_sufficiency or not data.disqualification:
            model = choice.new_model()
            model.fit(data)
            rows["predicted"] = model.predict(rows["temperature"])
            fitted = by_bill(rows, bills)
            if fitted.empty:
                raise _no_usable_readings(period)
            metrics_class = BaselineMetrics if bills is None else BillMetrics
            metrics = metrics_class(df=fitted[["observed", "predicted"]], num_model_params=model.parameter_count)
    except EEMETER_ERRORS as error:
        raise model_failure(error, period.label, period.readings, choice, period.quality) from error
    report = _report(period, metrics)
    if data.disqualification:  # the fit itself can add one
        report["status"] = "DISQUALIFIED"
        if not choice.ignore_sufficiency:
            model = metrics = None
            rows["predicted"] = np.nan
    return Period(rows, bills, model, metrics, report)


def unfitted(period: PeriodData) -> Period:
    """Return a period without fitting a model."""
    return Period(period.rows, period.bills, None, None, _report(period, None))


def empty_period(reason: str, data_quality: dict[str, Any] | None = None) -> Period:
    """Return a period without a model or rows, with the reason."""
    report = dict.fromkeys(
        ("status", "n", "r2", "cvrmse", "rmse", "nmbe", "start", "end", "warnings", "disqualification")
    )
    no_data = {"name": "datastore.no_data", "description": reason, "data": {}, "detail": reason}
    report |= {"status": "DISQUALIFIED", "n": 0, "warnings": [], "disqualification": [no_data]}
    report["data_quality"] = data_quality
    columns = ["temperature", "observed", "predicted"]
    rows = pd.DataFrame(columns=columns, index=pd.DatetimeIndex([], tz="UTC"), dtype=float)
    return Period(rows, None, None, None, report)


def predict(period: Period, temperature: pd.Series) -> pd.Series:
    """Predict the energy of rows with these mean temperatures (F); NaN without a model or a temperature."""
    if period.model is None or temperature.empty:
        return pd.Series(np.nan, index=temperature.index)
    return period.model.predict(temperature)


def by_bill(days: pd.DataFrame, bills: Bills) -> pd.DataFrame:
    """Sum the days with complete data by bill; without bills, return the rows unchanged.

    A bill has no daily readings: daily residuals would reflect eemeter's even spreading, not the error of the model.
    """
    if bills is None:
        return days
    rows = days.select_dtypes("number")
    whole = rows.dropna(subset=["observed", "predicted"]).index
    numbers = pd.Series(bills, index=days.index)[whole]
    return rows.loc[whole].groupby(numbers.to_numpy()).sum(min_count=1).set_axis(whole[~numbers.duplicated()], axis=0)


def plain_criteria(warnings: list[EEMeterWarning]) -> list[dict[str, Any]]:
    """Convert eemeter's warnings to plain values; `detail` is a sentence with the numbers."""
    found = [{"name": item.qualified_name, "description": item.description, "data": item.data} for item in warnings]
    return [{**criterion, "detail": explain(criterion)} for criterion in found]


def disqualification_message(period: Period, criteria_of: str) -> str:
    """Return why the baseline cannot be used: each criterion with its numbers. criteria_of: eemeter or CalTRACK."""
    report = period.report
    names: dict[str, list[str]] = {}  # of criteria with the same clause
    for criterion in report["disqualification"]:
        clause, _, name = criterion["detail"].rpartition(" (")
        names.setdefault(clause, []).append(name.removesuffix(")"))
    clauses = [f"{clause} ({', '.join(those)})" for clause, those in names.items()]
    outliers = [one["detail"] for one in report["warnings"] if one["name"] == OUTLIERS]
    return (
        f"The baseline period, {report['start']:%Y-%m-%d} to {report['end']:%Y-%m-%d}, does not meet"
        f" {criteria_of}'s sufficiency criteria: {'; '.join(clauses + outliers)}. Correct the data, or run the meter"
        ' anyway with formatter_kwargs {"ignore_sufficiency": true}.'
    )


def _no_usable_readings(period: PeriodData) -> MeterFailure:
    reasons = "; ".join(one["detail"] for one in plain_criteria(period.disqualification + period.warnings))
    why = f": {reasons}" if reasons else ""
    return MeterFailure(
        f"No reading of the {period.label} period can be used to fit a model{why}."
        " Check the readings and temperatures of that period."
    )


def _report(period: PeriodData, metrics: BaselineMetrics | None) -> dict[str, Any]:
    readings = period.readings
    return {
        "status": "SUCCESS",
        "n": metrics.n if metrics else int(readings["value"].notna().sum()),
        "r2": metrics.r_squared if metrics else None,
        "cvrmse": metrics.cvrmse if metrics else None,
        "rmse": metrics.rmse if metrics else None,
        "nmbe": metrics.nmbe if metrics else None,
        "start": readings["start"].min(),
        "end": readings["end"].max(),
        "warnings": plain_criteria(period.warnings),
        "disqualification": plain_criteria(period.disqualification),
        "data_quality": period.quality,
    }
