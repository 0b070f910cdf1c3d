"""One meter run: read the input, fit the period before the project and the one after, derive the results."""

import hashlib
import json
import logging
import warnings
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from importlib.metadata import version
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

import chalicelib
from chalicelib.metering.acceleration import accelerated
from chalicelib.metering.calendar import cumulative, daily, monthly
from chalicelib.metering.derivatives import derive, savings
from chalicelib.metering.failure import MeterFailure, SufficiencyFailure
from chalicelib.metering.fitting import Period, by_bill, criteria, fit_period, no_period, predict, refusal
from chalicelib.metering.frequency import Frequency
from chalicelib.metering.period_data import Bills
from chalicelib.metering.plain import plain
from chalicelib.metering.prepare import Prepared, prepare
from chalicelib.metering.registry import Registry
from chalicelib.metering.uncertainty.methods import method_of, no_interval
from chalicelib.metering.uncertainty.systematic import systematic_error

DATASTORE_VERSION = chalicelib.__version__
EEMETER_VERSION = version("eemeter")

# eemeter logs each warning that it also returns, several times over
logging.getLogger("eemeter").setLevel(logging.ERROR)


def run_meter(
    meter_input: Mapping[str, Any], modules: Iterable[ModuleType] = (), *, accelerate: bool = True
) -> dict[str, Any]:
    """The meter output of a complete serialized meter input, in plain JSON values.

    The same input gives the same output to the last bit. Energy is in KWH or THERM, instants are ISO 8601 in UTC.
    modules: a deployment's own, with MODEL_CLASSES or FORMATTERS beside eemeter's (docs/metering.md). accelerate: by
    chalicelib.metering.acceleration, to the same output.

    Raises MeterFailure, with a sentence for the person who asked, for an input that does not fit, an unknown model or
    keyword argument, or a baseline that sufficiency criteria disqualify. Where they disqualify the reporting
    period, the derivatives that need its model lack that side.
    """
    with accelerated() if accelerate else nullcontext(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas' deprecations inside eemeter
        output: dict[str, Any] = plain(_run(meter_input, Registry.of(modules)))
    return output


def _run(document: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    prepared = prepare(document, registry)
    try:
        return _computed(document, prepared)
    except MeterFailure as failure:
        failure.data_quality = plain(prepared.data_quality)
        raise


def _computed(document: Mapping[str, Any], prepared: Prepared) -> dict[str, Any]:
    parsed, choice, frequency, rhythm = prepared.meter_input, prepared.choice, prepared.frequency, prepared.rhythm
    normal_year = prepared.normal_year
    baseline = _baseline(prepared)
    reporting = _reporting(prepared)

    rows_of = choice.formatter.frequency
    normal_bills = _normal_bills(normal_year, rhythm) if rows_of == "billing" else None
    expected = predict(baseline, reporting.rows["temperature"])
    periods = {"baseline": baseline, "reporting": reporting}
    fitted = {label: period for label, period in periods.items() if period.model is not None}
    spread_of = method_of(choice.uncertainty, fitted, rows_of)
    derivatives = derive(periods, expected, normal_year, normal_bills, spread_of, parsed.trace.unit)
    for derivative in derivatives:
        bound = systematic_error(choice.model_class.name, rhythm.name, parsed.trace.unit, derivative["baseline_value"])
        derivative |= {"uncertainty": choice.uncertainty, "systematic_error": bound}
    for label, period in fitted.items():
        if derivatives[0][f"{label}_lower"] is None:
            period.report["warnings"] += criteria([no_interval(choice.uncertainty, period)])
    before = daily(baseline.rows[["observed", "predicted"]])
    after = daily(
        pd.DataFrame(
            {
                "observed": reporting.rows["observed"],
                "predicted": expected,
                "reporting_predicted": reporting.rows["predicted"],
            }
        )
    )
    return {
        "model_class": choice.model_class.name,
        "model_kwargs": choice.model_kwargs,
        "formatter_class": choice.formatter.name,
        "formatter_kwargs": choice.formatter_kwargs,
        "uncertainty": choice.uncertainty,
        "reporting_window": choice.reporting_window,
        "eemeter_version": EEMETER_VERSION,
        "datastore_version": DATASTORE_VERSION,
        "input_sha256": _fingerprint(document),
        "weather_station": parsed.weather.station,
        "weather_normal_station": parsed.weather_normal.station,
        "frequency": frequency.name,
        "models": {"baseline": baseline.report, "reporting": reporting.report},
        "data_quality": prepared.data_quality,
        "derivatives": derivatives,
        "savings": [found for one in derivatives if (found := savings(one, parsed.trace.interpretation)) is not None],
        "fitted_models": {
            "baseline": baseline.model.to_dict() if baseline.model else None,
            "reporting": reporting.model.to_dict() if reporting.model else None,
        },
        "series": {
            "baseline": _columns(by_bill(before, baseline.bills)),
            "reporting": _columns(by_bill(after, reporting.bills)),
        },
        "monthly": {"baseline": _columns(monthly(before)), "reporting": _columns(monthly(after))},
        "cumulative": {"reporting": _columns(cumulative(after))},
    }


def _baseline(prepared: Prepared) -> Period:
    """The baseline with its model. Raises MeterFailure without one, which only energy sent to the grid may lack."""
    if isinstance(prepared.baseline, MeterFailure):
        if prepared.lacks_generation:
            return no_period("The trace has no whole readings in the baseline period, in which nothing was sent back.")
        raise prepared.baseline
    baseline = fit_period(prepared.baseline, prepared.choice)
    if baseline.model is None:
        raise SufficiencyFailure(refusal(baseline, prepared.choice.formatter.criteria))
    baseline.report["warnings"] += criteria(prepared.findings)
    return baseline


def _reporting(prepared: Prepared) -> Period:
    """The reporting period with its model, or why it has none. Raises MeterFailure for dates without readings."""
    if isinstance(prepared.reporting, MeterFailure):
        if prepared.lacks_window:
            raise prepared.reporting
        return no_period(str(prepared.reporting), prepared.reporting.data_quality)
    try:
        return fit_period(prepared.reporting, prepared.choice)
    except MeterFailure as failure:
        return no_period(str(failure), prepared.reporting.quality)


def _fingerprint(document: Mapping[str, Any]) -> str:
    """The SHA-256 of an input as JSON, whose keys are sorted and which has no spaces."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _normal_bills(normal_year: pd.Series, frequency: Frequency) -> Bills:
    months_a_bill = 2 if frequency.name == "billing_bimonthly" else 1
    return np.asarray((pd.DatetimeIndex(normal_year.index).month - 1) // months_a_bill, dtype=np.int64)


def _columns(rows: pd.DataFrame) -> dict[str, Any]:
    """What a plot needs: the start of each row, and a column a number."""
    return {"start": pd.DatetimeIndex(rows.index), **{str(column): rows[column] for column in rows}}
