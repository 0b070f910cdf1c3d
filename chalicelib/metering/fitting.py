"""One modeling period: its data by eemeter's rules, its model, and how well that fits."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from eemeter.common.metrics import BaselineMetrics
from eemeter.eemeter.common.exceptions import EEMeterError
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.failure import MeterFailure, ModelFailure, WeatherFailure
from chalicelib.metering.formatters import Formatter
from chalicelib.metering.models import Model
from chalicelib.metering.registry import Choice
from chalicelib.metering.serialized import MeterInput
from chalicelib.metering.sufficiency import explain

Bills: TypeAlias = npt.NDArray[np.int64] | None  # the number of the bill of each day; None where days are read

_EEMETER_REFUSES = (AttributeError, ArithmeticError, EEMeterError, LookupError, TypeError, ValueError)
_EDGE = pd.Timedelta(days=2)


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


def fit_period(label: str, readings: pd.DataFrame, meter_input: MeterInput, choice: Choice) -> Period:
    """Fit the chosen model on the readings of one period.

    Unless sufficiency is to be ignored, a model that its criteria disqualify is left out; the report lists them.
    Raises MeterFailure when there is nothing to fit, or nothing that the model can fit.
    """
    if readings["value"].notna().sum() == 0:
        raise MeterFailure(f"The trace has no whole readings in the {label} period.")
    if meter_input.trace.is_electricity and readings["value"].fillna(0).eq(0).all():
        raise MeterFailure(
            f"All readings of the {label} period, {_span(readings)}, are 0, and electricity readings of 0 count as"
            " missing (CalTRACK 2.2.1.4): mend the records, or choose a period in which the meter counted."
        )
    timezone, formatter = meter_input.project.timezone, choice.formatter
    temperature = _temperatures(readings, meter_input)
    series = _meter_series(readings, formatter).tz_convert(timezone)
    model = metrics = None
    try:
        data = formatter.make(series, temperature, meter_input.trace.is_electricity)
        rows = formatter.rows(data).assign(predicted=np.nan)
        bills = _bills(readings, pd.DatetimeIndex(rows.index)) if formatter.frequency == "billing" else None
        if choice.ignore_sufficiency or not data.disqualification:
            model = choice.new_model()
            model.fit(data)
            rows["predicted"] = model.predict(rows["temperature"])
            fitted = by_bill(rows, bills)
            if fitted.empty:
                raise MeterFailure(_nothing_counts(label, data))
            of_what = BaselineMetrics if bills is None else BillMetrics
            metrics = of_what(df=fitted[["observed", "predicted"]], num_model_params=model.parameter_count)
    except _EEMETER_REFUSES as error:
        # what it says on purpose is for people; of the others only the kind tells something
        why = (
            str(error).rstrip(".")
            if isinstance(error, EEMeterError | ValueError)
            else f"it breaks off ({type(error).__name__}), as it does where readings are too few or all the same"
        )
        raise ModelFailure(
            f"{choice.model_class.name} cannot be fitted on the {label} period, {_span(readings)} with"
            f" {readings['value'].notna().sum()} of {len(readings)} readings not null: {why}."
            " Check the readings and temperatures of that period."
        ) from error
    report = _report(readings, data, metrics)
    if data.disqualification:  # the fit itself can add one
        report["status"] = "DISQUALIFIED"
        if not choice.ignore_sufficiency:
            model = metrics = None
            rows["predicted"] = np.nan
    return Period(rows, bills, model, metrics, report)


def no_period(reason: str) -> Period:
    """A period without a model or a day, and why."""
    report = dict.fromkeys(
        ("status", "n", "r2", "cvrmse", "rmse", "nmbe", "start", "end", "warnings", "disqualification")
    )
    no_data = {"name": "datastore.no_data", "description": reason, "data": {}, "detail": reason}
    report |= {"status": "DISQUALIFIED", "n": 0, "warnings": [], "disqualification": [no_data]}
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
    criteria = "; ".join(one["detail"] for one in report["disqualification"])
    return (
        f"The baseline period, {report['start']:%Y-%m-%d} to {report['end']:%Y-%m-%d}, is disqualified by"
        f" {criteria_of}'s sufficiency criteria: {criteria}. Mend the data, or run it all the same with"
        ' formatter_kwargs {"ignore_sufficiency": true}.'
    )


def _nothing_counts(label: str, data: Any) -> str:
    reasons = "; ".join(one["detail"] for one in criteria(data.disqualification + data.warnings))
    return f"No reading of the {label} period counts, so that there is nothing to fit: {reasons}."


def _span(readings: pd.DataFrame) -> str:
    return f"{readings['start'].min():%Y-%m-%d} to {readings['end'].max():%Y-%m-%d}"


def _meter_series(readings: pd.DataFrame, formatter: Formatter) -> pd.Series:
    series = pd.Series(readings["value"].to_numpy(), index=pd.DatetimeIndex(readings["start"]))
    if formatter.frequency != "billing":
        return series
    # a bill ends where the next one starts: the end of the last, and of any before a gap, has to be a row of its own
    ends = pd.Series(np.nan, index=pd.DatetimeIndex(readings["end"]))
    return series.combine_first(ends[~ends.index.isin(series.index)])


def _temperatures(readings: pd.DataFrame, meter_input: MeterInput) -> pd.Series:
    """The hours of the period and a little around it, in the project's time zone."""
    first, last = readings["start"].min(), readings["end"].max()
    temperature = meter_input.weather.temperature
    within = temperature[first - _EDGE : last + _EDGE]
    if within.notna().sum() == 0:
        raise WeatherFailure(
            f"Weather station {meter_input.weather.station} has no temperatures from {first:%Y-%m-%d} to"
            f" {last:%Y-%m-%d}, only from {temperature.index[0]:%Y-%m-%d} to {temperature.index[-1]:%Y-%m-%d}."
        )
    return _at_whole_hours(within.tz_convert(meter_input.project.timezone))


def _at_whole_hours(temperature: pd.Series) -> pd.Series:
    """The temperatures at the hours of local clocks: interpolated where they differ from UTC by parts of an hour.

    eemeter finds no midnight between the hours of UTC, and would count every day as one without temperatures.
    """
    if (pd.DatetimeIndex(temperature.index).minute == 0).all():
        return temperature
    quarters = temperature.resample("15min").asfreq().interpolate("time", limit=3)
    return quarters[pd.DatetimeIndex(quarters.index).minute == 0]


def _bills(readings: pd.DataFrame, days: pd.DatetimeIndex) -> Bills:
    position = pd.DatetimeIndex(readings["start"]).searchsorted(days, side="right") - 1
    return np.asarray(readings["bill"].to_numpy()[position], dtype=np.int64)


def _report(readings: pd.DataFrame, data: Any, metrics: BaselineMetrics | None) -> dict[str, Any]:
    return {
        "status": "SUCCESS",
        "n": metrics.n if metrics else int(readings["value"].notna().sum()),
        "r2": metrics.r_squared if metrics else None,
        "cvrmse": metrics.cvrmse if metrics else None,
        "rmse": metrics.rmse if metrics else None,
        "nmbe": metrics.nmbe if metrics else None,
        "start": readings["start"].min(),
        "end": readings["end"].max(),
        "warnings": criteria(data.warnings),
        "disqualification": criteria(data.disqualification),
    }
