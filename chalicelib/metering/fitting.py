"""One modeling period: its model, and how well that fits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from eemeter.common.metrics import BaselineMetrics
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.failure import MeterFailure
from chalicelib.metering.models import Model
from chalicelib.metering.period_data import EEMETER_REFUSES, Bills, PeriodData, refused
from chalicelib.metering.registry import Choice
from chalicelib.metering.sufficiency import explain

OUTLIERS = "datastore.data_quality.outliers"


class BillMetrics(BaselineMetrics):  # type: ignore[misc]  # eemeter has no types
    """The fit of a model by bills: ASHRAE Guideline 14 takes the residuals of bills as uncorrelated.

    A dozen bills cannot tell their autocorrelation; estimated all the same, it moves the interval tenfold either way.
    """

    @property
    def n_prime(self) -> int:
        return int(self.n)

    @property
    def ddof(self) -> int:
        """At least 2, for eemeter's t statistic takes one more off: the interval is then huge, as it should be."""
        return int(max(self.n - self.num_model_params, 2))

    @property
    def ddof_autocorr(self) -> int:
        return self.ddof


@dataclass(frozen=True)
class Period:
    """A modeling period and its model, if any.

    rows: a row a day, or an hour: temperature (F), observed, and predicted, what the period's own model says of it.
    """

    rows: pd.DataFrame
    bills: Bills
    model: Model | None
    metrics: BaselineMetrics | None
    report: dict[str, Any]


def fit_period(period: PeriodData, choice: Choice) -> Period:
    """Fit the chosen model on the data of one period.

    Unless sufficiency is to be ignored, a model that its criteria disqualify is left out; the report lists them.
    Raises MeterFailure when there is nothing that the model can fit.
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
                raise _nothing_counts(period)
            of_what = BaselineMetrics if bills is None else BillMetrics
            metrics = of_what(df=fitted[["observed", "predicted"]], num_model_params=model.parameter_count)
    except EEMETER_REFUSES as error:
        raise refused(error, period.label, period.readings, choice, period.quality) from error
    report = _report(period, metrics)
    if data.disqualification:  # the fit itself can add one
        report["status"] = "DISQUALIFIED"
        if not choice.ignore_sufficiency:
            model = metrics = None
            rows["predicted"] = np.nan
    return Period(rows, bills, model, metrics, report)


def unfitted(period: PeriodData) -> Period:
    """A period before a model is fitted."""
    return Period(period.rows, period.bills, None, None, _report(period, None))


def no_period(reason: str, data_quality: dict[str, Any] | None = None) -> Period:
    """A period without a model or a day, and why."""
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
    """What the period's model expects of rows with these mean temperatures (F); NaN without the one or the other."""
    if period.model is None or temperature.empty:
        return pd.Series(np.nan, index=temperature.index)
    return period.model.predict(temperature)


def by_bill(days: pd.DataFrame, bills: Bills) -> pd.DataFrame:
    """The days that have everything, added up as the meter was read: a row a bill, or the rows as they are.

    Within a bill the meter shows no days: their residuals would be eemeter's even spreading, not the model's error.
    """
    if bills is None:
        return days
    rows = days.select_dtypes("number")
    whole = rows.dropna(subset=["observed", "predicted"]).index
    numbers = pd.Series(bills, index=days.index)[whole]
    return rows.loc[whole].groupby(numbers.to_numpy()).sum(min_count=1).set_axis(whole[~numbers.duplicated()], axis=0)


def criteria(warnings: list[EEMeterWarning]) -> list[dict[str, Any]]:
    """eemeter's warnings in plain values; `detail` tells what was found, with its numbers."""
    found = [{"name": item.qualified_name, "description": item.description, "data": item.data} for item in warnings]
    return [{**criterion, "detail": explain(criterion)} for criterion in found]


def refusal(period: Period, criteria_of: str) -> str:
    """Why the baseline cannot be used: each criterion, with its numbers. criteria_of: eemeter or CalTRACK."""
    report = period.report
    names: dict[str, list[str]] = {}  # of the criteria that say the same
    for criterion in report["disqualification"]:
        clause, _, name = criterion["detail"].rpartition(" (")
        names.setdefault(clause, []).append(name.removesuffix(")"))
    clauses = [f"{clause} ({', '.join(those)})" for clause, those in names.items()]
    outliers = [one["detail"] for one in report["warnings"] if one["name"] == OUTLIERS]
    return (
        f"The baseline period, {report['start']:%Y-%m-%d} to {report['end']:%Y-%m-%d}, is disqualified by"
        f" {criteria_of}'s sufficiency criteria: {'; '.join(clauses + outliers)}. Correct the data, or run it all"
        ' the same with formatter_kwargs {"ignore_sufficiency": true}.'
    )


def _nothing_counts(period: PeriodData) -> MeterFailure:
    reasons = "; ".join(one["detail"] for one in criteria(period.disqualification + period.warnings))
    return MeterFailure(f"No reading of the {period.label} period counts, so that there is nothing to fit: {reasons}.")


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
        "warnings": criteria(period.warnings),
        "disqualification": criteria(period.disqualification),
        "data_quality": period.quality,
    }
