"""One meter run: read the input, fit the period before the project and the one after, derive the results."""

import logging
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

import chalicelib
from chalicelib.metering.derivatives import derive
from chalicelib.metering.failure import MeterFailure
from chalicelib.metering.fitting import Bills, Period, by_bill, fit_period, no_period, predict, refusal
from chalicelib.metering.frequency import (
    DAILY,
    MONTHLY,
    Frequency,
    dated_bills,
    find_frequency,
    whole_days,
    whole_months,
)
from chalicelib.metering.normal_year import normal_temperatures
from chalicelib.metering.periods import baseline_readings, reporting_readings
from chalicelib.metering.plain import plain
from chalicelib.metering.registry import Choice, choose
from chalicelib.metering.serialized import MeterInput, read

DATASTORE_VERSION = chalicelib.__version__
EEMETER_VERSION = version("eemeter")

# eemeter logs each warning that it also returns, several times over
logging.getLogger("eemeter").setLevel(logging.ERROR)


def run_meter(meter_input: Mapping[str, Any]) -> dict[str, Any]:
    """The meter output of a complete serialized meter input, in plain JSON values.

    The same input gives the same output to the last bit. Energy is in KWH or THERM, instants are ISO 8601 in UTC.

    Raises MeterFailure, with a sentence for the person who asked, for an input that does not fit, an unknown model or
    keyword argument, or a baseline that eemeter's sufficiency criteria disqualify. A reporting period that they
    disqualify is reported as such; without any reporting model the derivatives lack that side.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas' deprecations inside eemeter
        output: dict[str, Any] = plain(_run(meter_input))
    return output


def _run(document: Mapping[str, Any]) -> dict[str, Any]:
    parsed = read(document)
    frequency = find_frequency(parsed.trace.readings)
    choice = choose(document, frequency)
    readings, rhythm = _formatted(parsed, frequency, choice)

    normal_year = _normal_year(parsed, choice)
    before = baseline_readings(readings, rhythm, parsed.project)
    baseline = fit_period("baseline", before, parsed, choice, must_suffice=not choice.ignore_sufficiency)
    if baseline.model is None:
        raise MeterFailure(refusal(baseline))
    after = reporting_readings(readings, rhythm, parsed.project)
    try:
        reporting = fit_period("reporting", after, parsed, choice, must_suffice=False)
    except MeterFailure as failure:
        reporting = no_period(str(failure))

    formatter = choice.formatter.name
    normal_bills = _normal_bills(normal_year, rhythm) if formatter == "billing" else None
    return {
        "model_class": choice.model_class.name,
        "model_kwargs": choice.model_kwargs,
        "formatter_class": formatter,
        "formatter_kwargs": {"ignore_sufficiency": choice.ignore_sufficiency},
        "eemeter_version": EEMETER_VERSION,
        "datastore_version": DATASTORE_VERSION,
        "weather_station": parsed.weather.station,
        "weather_normal_station": parsed.weather_normal.station,
        "frequency": frequency.name,
        "models": {"baseline": baseline.report, "reporting": reporting.report},
        "derivatives": derive(baseline, reporting, normal_year, normal_bills, formatter, parsed.trace.unit),
        "fitted_models": {
            "baseline": baseline.model.to_dict(),
            "reporting": reporting.model.to_dict() if reporting.model else None,
        },
        "series": {
            "baseline": _series(baseline, predicted=predict(baseline, baseline.days["temperature"])),
            "reporting": _series(
                reporting,
                predicted=predict(baseline, reporting.days["temperature"]),
                reporting_predicted=predict(reporting, reporting.days["temperature"]),
            ),
        },
    }


def _formatted(parsed: MeterInput, frequency: Frequency, choice: Choice) -> tuple[pd.DataFrame, Frequency]:
    """The readings as the formatter takes them, days or bills, and how often those are."""
    readings, timezone = parsed.trace.readings, parsed.project.timezone
    if frequency.is_billing:
        return dated_bills(readings, timezone), frequency
    days = whole_days(readings, frequency, timezone)
    if choice.formatter.name == "billing":
        return whole_months(days, timezone), MONTHLY
    return days, DAILY


def _normal_year(parsed: MeterInput, choice: Choice) -> pd.Series:
    """The daily temperatures of the normal year, averaged by eemeter as it does those of the periods."""
    timezone = parsed.project.timezone
    hours = normal_temperatures(parsed.weather_normal, timezone)
    data = choice.formatter.reporting_data.from_series(None, hours, is_electricity_data=parsed.trace.is_electricity)
    temperature: pd.Series = data.df["temperature"]
    return temperature


def _normal_bills(normal_year: pd.Series, frequency: Frequency) -> Bills:
    months_a_bill = 2 if frequency.name == "billing_bimonthly" else 1
    return np.asarray((pd.DatetimeIndex(normal_year.index).month - 1) // months_a_bill, dtype=np.int64)


def _series(period: Period, **predicted: pd.Series) -> dict[str, Any]:
    """What a plot needs, in columns: a value a day or a bill, each with its start."""
    rows = by_bill(period.days.assign(**predicted).drop(columns="temperature"), period.bills)
    return {"start": pd.DatetimeIndex(rows.index), **{str(column): rows[column] for column in rows}}
