"""What a run computes from, before a model is fitted: the input read, cut into its two periods, and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.failure import MeterFailure, NoReadings
from chalicelib.metering.formatters import Formatter
from chalicelib.metering.frequency import (
    DAILY,
    HOURLY,
    MONTHLY,
    Frequency,
    dated_bills,
    find_frequency,
    joined_bills,
    settled_bills,
    whole_days,
    whole_hours,
    whole_months,
)
from chalicelib.metering.meter_input import MeterInput, Weather
from chalicelib.metering.normal_year import normal_temperatures
from chalicelib.metering.period_data import PeriodData, read_period
from chalicelib.metering.periods import baseline_readings, reporting_readings
from chalicelib.metering.plain import plain
from chalicelib.metering.quality.climate import check_weather
from chalicelib.metering.quality.report import posted_quality
from chalicelib.metering.registers import looks_like_register
from chalicelib.metering.registry import Choice, Registry, choose
from chalicelib.metering.serialized import read


@dataclass(frozen=True)
class Prepared:
    """The input of one run.

    frequency: how often the trace is read. rhythm: how often the model's readings are. normal_year: the temperatures
    (F) of the rows of the normal year. baseline, reporting: the data of the periods, or why there are none. findings:
    what was found in the weather as a whole.
    """

    meter_input: MeterInput
    choice: Choice
    frequency: Frequency
    rhythm: Frequency
    normal_year: "pd.Series[float]"
    baseline: PeriodData | MeterFailure
    reporting: PeriodData | MeterFailure
    findings: list[EEMeterWarning]

    @property
    def data_quality(self) -> dict[str, Any]:
        """The report of each period; None where it has no readings."""
        return {
            label: period.quality if isinstance(period, PeriodData) else period.data_quality
            for label, period in (("baseline", self.baseline), ("reporting", self.reporting))
        }

    @property
    def lacks_window(self) -> bool:
        """Whether there are no readings in the dates that the run asks for."""
        return not isinstance(self.choice.reporting_window, str) and isinstance(self.reporting, NoReadings)

    @property
    def lacks_generation(self) -> bool:
        """Whether there is no baseline because nothing was sent to the grid in it."""
        return self.meter_input.trace.is_unconsumed_generation and isinstance(self.baseline, NoReadings)


def prepare(document: Mapping[str, Any], registry: Registry) -> Prepared:
    """The input of a run. Raises MeterFailure for an input that does not fit, with the data_quality as far as known."""
    parsed = read(document)
    frequency = find_frequency(parsed.trace.readings)
    choice = choose(document, frequency, registry)
    readings, rhythm = _formatted(parsed, frequency, choice)
    nearest = choice.formatter.nearest_year
    cuts = {
        "baseline": baseline_readings(readings, rhythm, parsed.project, nearest=nearest),
        "reporting": reporting_readings(readings, rhythm, parsed.project, choice.reporting_window, nearest=nearest),
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
    return Prepared(parsed, choice, frequency, rhythm, normal_year, baseline, reporting, findings)


def _period(
    label: str, readings: pd.DataFrame, frequency: Frequency, meter_input: MeterInput, choice: Choice
) -> PeriodData | MeterFailure:
    try:
        return read_period(label, readings, frequency, meter_input, choice)
    except MeterFailure as failure:
        return failure


def _refuse_register(parsed: MeterInput) -> None:
    """Raises MeterFailure for a counter's reads that were posted as consumption."""
    trace = parsed.trace
    values = trace.readings["value"].to_numpy(dtype=np.float64)
    if trace.exchanges is None and not trace.is_consumption and looks_like_register(values):
        known = values[~np.isnan(values)]
        raise MeterFailure(
            f"The trace looks like register reads, the numbers of a counter: {int((np.diff(known) >= 0).sum()):,} of"
            f" its {len(known) - 1:,} steps do not fall, from {known[0]:,.6g} to {known[-1]:,.6g} {trace.unit}. Give"
            ' the trace "readings": "register", and their differences are run; or "readings": "consumption", if each'
            " value is what was used in an interval."
        )


def _formatted(parsed: MeterInput, frequency: Frequency, choice: Choice) -> tuple[pd.DataFrame, Frequency]:
    """The readings as the formatter takes them, hours, days or bills, and how often those are."""
    readings, timezone = parsed.trace.readings, parsed.project.timezone
    if frequency.is_billing:
        bills = settled_bills(dated_bills(readings, timezone))
        return (joined_bills(bills) if choice.formatter.nearest_year else bills), frequency
    if choice.formatter.is_hourly:
        return whole_hours(readings, timezone), HOURLY
    days = whole_days(readings, frequency, timezone)
    if choice.formatter.frequency == "billing":
        return whole_months(days, timezone), MONTHLY
    return days, DAILY


def _normal_year(parsed: MeterInput, choice: Choice) -> pd.Series:
    """The temperatures (F) of the normal year's rows, averaged by eemeter as it does those of the periods."""
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
