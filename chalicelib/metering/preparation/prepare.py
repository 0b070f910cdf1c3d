"""Prepare a run up to the fitting of models: read the input, cut it into its two periods, and check it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.failure import MeterFailure, NoReadings
from chalicelib.metering.inputs.frequency import DAILY, HOURLY, MONTHLY, Frequency, find_frequency
from chalicelib.metering.inputs.meter_input import MeterInput, Weather
from chalicelib.metering.inputs.registers import looks_like_register
from chalicelib.metering.inputs.serialized import read
from chalicelib.metering.models.formatters import Formatter
from chalicelib.metering.models.registry import Choice, Registry, choose
from chalicelib.metering.plain import plain
from chalicelib.metering.preparation.bills import combine_estimates, merge_bills, snap_to_midnight
from chalicelib.metering.preparation.intervals import whole_days, whole_hours, whole_months
from chalicelib.metering.preparation.normal_year import normal_temperatures
from chalicelib.metering.preparation.period_data import PeriodData, read_period
from chalicelib.metering.preparation.periods import baseline_readings, reporting_readings
from chalicelib.metering.preparation.quality.climate import check_weather
from chalicelib.metering.preparation.quality.report import posted_quality


@dataclass(frozen=True)
class Prepared:
    """The prepared input of one run.

    frequency: of the trace's readings. model_frequency: of the readings that the model is fitted to. normal_year: the
    temperatures (F) of the rows of the normal year. baseline, reporting: the data of the periods, or why there are
    none. findings: about the weather as a whole.
    """

    meter_input: MeterInput
    choice: Choice
    frequency: Frequency
    model_frequency: Frequency
    normal_year: "pd.Series[float]"
    baseline: PeriodData | MeterFailure
    reporting: PeriodData | MeterFailure
    findings: list[EEMeterWarning]

    @property
    def data_quality(self) -> dict[str, Any]:
        """The report of each period; None for a period without readings."""
        return {
            label: period.quality if isinstance(period, PeriodData) else period.data_quality
            for label, period in (("baseline", self.baseline), ("reporting", self.reporting))
        }

    @property
    def has_empty_window(self) -> bool:
        """Whether there are no readings between the requested dates of the reporting window."""
        return not isinstance(self.choice.reporting_window, str) and isinstance(self.reporting, NoReadings)

    @property
    def has_no_prior_generation(self) -> bool:
        """Whether there is no baseline because nothing was exported to the grid before the project."""
        return self.meter_input.trace.is_unconsumed_generation and isinstance(self.baseline, NoReadings)


def prepare(document: Mapping[str, Any], registry: Registry) -> Prepared:
    """Prepare the input of a run. Raises MeterFailure for invalid input, with data_quality as far as it is known."""
    parsed = read(document)
    frequency = find_frequency(parsed.trace.readings)
    choice = choose(document, frequency, registry)
    readings, model_frequency = _formatted(parsed, frequency, choice)
    nearest = choice.formatter.nearest_year
    cuts = {
        "baseline": baseline_readings(readings, model_frequency, parsed.project, nearest=nearest),
        "reporting": reporting_readings(
            readings, model_frequency, parsed.project, choice.reporting_window, nearest=nearest
        ),
    }
    try:
        _refuse_register(parsed)
        normal_year = _normal_year(parsed, choice)
    except MeterFailure as failure:
        found = {label: None if cut.empty else posted_quality(cut, frequency, parsed) for label, cut in cuts.items()}
        failure.data_quality = plain(found)
        raise
    baseline, reporting = (_period(label, cut, frequency, parsed, choice) for label, cut in cuts.items())
    findings = check_weather(parsed.weather, parsed.weather_normal)
    return Prepared(parsed, choice, frequency, model_frequency, normal_year, baseline, reporting, findings)


def _period(
    label: str, readings: pd.DataFrame, frequency: Frequency, meter_input: MeterInput, choice: Choice
) -> PeriodData | MeterFailure:
    try:
        return read_period(label, readings, frequency, meter_input, choice)
    except MeterFailure as failure:
        return failure


def _refuse_register(parsed: MeterInput) -> None:
    """Raise MeterFailure for register reads that were posted as consumption."""
    trace = parsed.trace
    values = trace.readings["value"].to_numpy(dtype=np.float64)
    if trace.exchanges is None and not trace.is_consumption and looks_like_register(values):
        known = values[~np.isnan(values)]
        raise MeterFailure(
            f"The trace looks like register reads (cumulative values): {int((np.diff(known) >= 0).sum()):,} of its"
            f" {len(known) - 1:,} successive differences are not negative, and its values go from {known[0]:,.6g} to"
            f" {known[-1]:,.6g} {trace.unit}. Set"
            ' "readings": "register" on the trace to use the differences, or "readings": "consumption" if each value'
            " is the consumption of an interval."
        )


def _formatted(parsed: MeterInput, frequency: Frequency, choice: Choice) -> tuple[pd.DataFrame, Frequency]:
    """Return the readings for the formatter (hours, days or bills) and their frequency."""
    readings, timezone = parsed.trace.readings, parsed.project.timezone
    if frequency.is_billing:
        bills = combine_estimates(snap_to_midnight(readings, timezone))
        return (merge_bills(bills) if choice.formatter.nearest_year else bills), frequency
    if choice.formatter.is_hourly:
        return whole_hours(readings, timezone), HOURLY
    days = whole_days(readings, frequency, timezone)
    if choice.formatter.frequency == "billing":
        return whole_months(days, timezone), MONTHLY
    return days, DAILY


def _normal_year(parsed: MeterInput, choice: Choice) -> pd.Series:
    """Return the temperatures (F) of the rows of the normal year, averaged by eemeter as for the periods."""
    normal = parsed.weather_normal
    hours = pd.DatetimeIndex(normal.temperature.index).asi8.tobytes(), normal.temperature.to_numpy().tobytes()
    return _rows_of_year(choice.formatter, parsed.trace.is_electricity, parsed.project.timezone, normal.station, *hours)


@lru_cache(maxsize=16)  # the runs of a portfolio share a few normal years
def _rows_of_year(
    formatter: Formatter, is_electricity: bool, timezone: ZoneInfo, station: str | None, hours: bytes, degrees: bytes
) -> pd.Series:
    index = pd.DatetimeIndex(np.frombuffer(hours, dtype=np.int64), tz="UTC")
    normal = Weather(station, pd.Series(np.frombuffer(degrees), index=index))
    return formatter.normal(normal_temperatures(normal, timezone), is_electricity)
