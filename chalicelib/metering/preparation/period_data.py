"""The input data of a model for one modeling period, with a data-quality report."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import nlopt
import numpy as np
import numpy.typing as npt
import pandas as pd
from eemeter.eemeter.common.exceptions import EEMeterError
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.failure import MeterFailure, ModelFailure, NoReadings, WeatherFailure
from chalicelib.metering.inputs.frequency import Frequency
from chalicelib.metering.inputs.meter_input import MeterInput
from chalicelib.metering.models.formatters import Formatter
from chalicelib.metering.models.registry import Choice
from chalicelib.metering.preparation.quality.checks import Period, findings_of
from chalicelib.metering.preparation.quality.coverage import ZERO_SUBSTITUTE, Coverage
from chalicelib.metering.preparation.quality.outliers import find_outliers, within_outliers
from chalicelib.metering.preparation.quality.report import posted_quality, quality_of, readings_between
from chalicelib.metering.preparation.temperatures import Temperatures, period_temperatures

Bills: TypeAlias = npt.NDArray[np.int64] | None  # the bill number of each day; None for daily or hourly readings

EEMETER_ERRORS = (
    AttributeError,
    ArithmeticError,
    EEMeterError,
    LookupError,
    TypeError,
    ValueError,
    nlopt.logic_error,
    nlopt.runtime_error,
)


@dataclass(frozen=True)
class PeriodData:
    """A modeling period before a model is fitted.

    readings: the complete readings. data: the formatter's data. rows: a row per day or hour with temperature (F) and
    observed energy. quality: the report. findings: of our own checks. coverage: why rows cannot be used.
    """

    label: str
    readings: pd.DataFrame
    data: Any
    rows: pd.DataFrame
    bills: Bills
    quality: dict[str, Any]
    findings: list[EEMeterWarning]
    coverage: Coverage

    @property
    def warnings(self) -> list[EEMeterWarning]:
        """The findings of our own checks and the formatter's warnings; a fit can add one."""
        return [*self.findings, *self.coverage.explained(self.data.warnings)]

    @property
    def disqualification(self) -> list[EEMeterWarning]:
        """The criteria that disqualify the data; a fit can add one."""
        return self.coverage.explained(self.data.disqualification)


def read_period(
    label: str, readings: pd.DataFrame, frequency: Frequency, meter_input: MeterInput, choice: Choice
) -> PeriodData:
    """Return the data of one period from its readings, which have the trace's frequency.

    Raises MeterFailure, with the report as its data_quality, if there is nothing to fit.
    """
    if readings["value"].notna().sum() == 0:
        raise NoReadings(_no_readings(label, meter_input, choice))
    trace, formatter = meter_input.trace, choice.formatter
    zeros_are_missing = trace.is_electricity and not trace.zero_is_reading
    if zeros_are_missing and readings["value"].fillna(0).eq(0).all():
        failure = MeterFailure(
            f"All readings of the {label} period, {span(readings)}, are 0, which counts as missing for electricity"
            ' (CalTRACK 2.2.1.4). If they are real, as on a submeter, set "zero_is_reading": true on the trace;'
            " otherwise correct the records, or choose a period with consumption."
        )
        failure.data_quality = posted_quality(readings, frequency, meter_input)
        raise failure
    try:
        temperatures = period_temperatures(readings, meter_input, by_day=not formatter.is_hourly)
    except WeatherFailure as failure:
        failure.data_quality = posted_quality(readings, frequency, meter_input)
        raise
    outliers = find_outliers(readings, temperatures, bills=formatter.frequency == "billing")
    excluded = choice.exclude_outliers and len(outliers) > 0
    quality = quality_of(readings, outliers, temperatures, frequency, meter_input, excluded=excluded)
    marked = readings.assign(
        zero=readings["value"].eq(0) & zeros_are_missing,
        outlier=within_outliers(readings, outliers) & choice.exclude_outliers,
    )
    marked["value"] = marked["value"].mask(marked["outlier"])
    try:
        data, rows, bills = _formatted(marked, temperatures, meter_input, formatter)
    except EEMETER_ERRORS as error:
        raise model_failure(error, label, marked, choice, quality) from error
    coverage = Coverage(rows, marked, temperatures.days_without, formatter.is_hourly)
    posted = readings_between(trace, readings["start"].min(), readings["end"].max())
    checked = Period(trace, meter_input.project.timezone, marked, posted, quality["outliers"], temperatures)
    findings = findings_of(checked)
    return PeriodData(label, marked, data, rows, bills, quality, findings, coverage)


def _no_readings(label: str, meter_input: MeterInput, choice: Choice) -> str:
    """Return a message that a period has no readings, with its dates and those of the readings."""
    project, known = meter_input.project, meter_input.trace.readings.dropna(subset="value")
    if label == "baseline":
        where = f"which ends on {project.baseline_end:%Y-%m-%d}"
    elif isinstance(choice.reporting_window, str):
        where = f"which starts on {project.reporting_start:%Y-%m-%d}"
    else:
        where = "which is the reporting window from {start} to {end}".format(**choice.reporting_window)
    estimated = int(known["estimated"].sum())
    unresolved = (
        f" {estimated} of its {len(known)} bills are estimated; estimates are used only if an actual read follows"
        " within 70 days."
        if estimated and choice.formatter.frequency == "billing"
        else ""
    )
    return (
        f"The trace has no complete readings in the {label} period, {where}; its readings with a value are from"
        f" {known['start'].min():%Y-%m-%d} to {known['end'].max():%Y-%m-%d}.{unresolved} Post readings for that"
        " period, or correct the project's dates or the reporting_window."
    )


def model_failure(
    error: Exception, label: str, readings: pd.DataFrame, choice: Choice, quality: dict[str, Any]
) -> ModelFailure:
    """Return the failure for an exception that a formatter or model raised for the data."""
    known = readings["value"].dropna()
    if known.nunique() == 1:
        why = f"all readings are {known.iloc[0]:.6g}, but a model needs readings that vary"
    elif isinstance(error, EEMeterError | ValueError):  # raised deliberately, with a message for users
        why = str(error).rstrip(".")
    else:
        why = f"it stopped with {type(error).__name__}, which usually means that there are too few readings"
    failure = ModelFailure(
        f"{choice.model_class.name} cannot be fitted to the {label} period, {span(readings)}, with"
        f" {readings['value'].notna().sum()} of {len(readings)} readings not null: {why}."
        " Check the readings and temperatures of that period."
    )
    failure.data_quality = quality
    return failure


def span(readings: pd.DataFrame) -> str:
    """Return the dates of the first and last reading."""
    return f"{readings['start'].min():%Y-%m-%d} to {readings['end'].max():%Y-%m-%d}"


def _formatted(
    readings: pd.DataFrame, temperatures: Temperatures, meter_input: MeterInput, formatter: Formatter
) -> tuple[Any, pd.DataFrame, Bills]:
    """Return the formatter's data for the readings, with its rows and bills."""
    series = _meter_series(readings, formatter).tz_convert(meter_input.project.timezone)
    zero_is_reading = meter_input.trace.zero_is_reading and meter_input.trace.is_electricity
    if zero_is_reading:
        series = series.mask(series == 0, ZERO_SUBSTITUTE)  # formatters treat 0 as missing (CalTRACK 2.2.1.4)
    data = formatter.make(series, temperatures.hours, meter_input.trace.is_electricity)
    rows = formatter.rows(data).assign(predicted=np.nan)
    if zero_is_reading:
        rows["observed"] = rows["observed"].mask(rows["observed"].abs() <= ZERO_SUBSTITUTE, 0.0)
    bills = _bills(readings, pd.DatetimeIndex(rows.index)) if formatter.frequency == "billing" else None
    return data, rows, bills


def _meter_series(readings: pd.DataFrame, formatter: Formatter) -> "pd.Series[float]":
    series = pd.Series(readings["value"].to_numpy(), index=pd.DatetimeIndex(readings["start"]))
    if formatter.frequency != "billing":
        return series
    # a bill ends where the next one starts: the end of the last bill, and of any before a gap, needs its own row
    ends = pd.Series(np.nan, index=pd.DatetimeIndex(readings["end"]))
    return series.combine_first(ends[~ends.index.isin(series.index)])


def _bills(readings: pd.DataFrame, days: pd.DatetimeIndex) -> Bills:
    position = pd.DatetimeIndex(readings["start"]).searchsorted(days, side="right") - 1
    return np.asarray(readings["bill"].to_numpy()[position], dtype=np.int64)
