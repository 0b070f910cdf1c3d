"""A meter run: read the input, fit models to the baseline and reporting periods, and derive the results."""

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
from chalicelib.metering.failure import MeterFailure, SufficiencyFailure
from chalicelib.metering.fitting.period import (
    Period,
    by_bill,
    disqualification_message,
    empty_period,
    fit_period,
    plain_criteria,
    predict,
)
from chalicelib.metering.inputs.frequency import Frequency
from chalicelib.metering.inputs.shared import once
from chalicelib.metering.models.registry import Registry
from chalicelib.metering.plain import plain
from chalicelib.metering.preparation.period_data import Bills
from chalicelib.metering.preparation.prepare import Prepared, prepare
from chalicelib.metering.results.calendar import cumulative, daily, monthly
from chalicelib.metering.results.derivatives import derive, savings
from chalicelib.metering.uncertainty.methods import method_of, no_interval
from chalicelib.metering.uncertainty.systematic import systematic_error

DATASTORE_VERSION = chalicelib.__version__
EEMETER_VERSION = version("eemeter")

_RECORDS = "the records"  # marks their place in an input

# eemeter also logs the warnings that it returns, several times each
logging.getLogger("eemeter").setLevel(logging.ERROR)


def run_meter(
    meter_input: Mapping[str, Any], modules: Iterable[ModuleType] = (), *, accelerate: bool = True
) -> dict[str, Any]:
    """Return the meter output of a complete serialized meter input, in plain JSON values.

    The same input gives a bit-identical output. Energy is in KWH or THERM, instants are ISO 8601 in UTC. modules: the
    deployment's own modules, with additional MODEL_CLASSES or FORMATTERS (docs/metering.md). accelerate: whether to use
    chalicelib.metering.acceleration, which does not change the output.

    Raises MeterFailure, with a message for the person who requested the run, if the input is invalid, a model or
    keyword argument is unknown, or the baseline does not meet the sufficiency criteria. If only the reporting period
    does not meet them, the derivatives that need its model have no reporting side.
    """
    with accelerated() if accelerate else nullcontext(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas' deprecations inside eemeter
        output: dict[str, Any] = plain(_run(meter_input, Registry.of(modules)))
    return output


def _run(document: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    prepared = prepare(document, registry)
    try:
        return _compute(document, prepared)
    except MeterFailure as failure:
        failure.data_quality = plain(prepared.data_quality)
        raise


def _compute(document: Mapping[str, Any], prepared: Prepared) -> dict[str, Any]:
    parsed, choice, normal_year = prepared.meter_input, prepared.choice, prepared.normal_year
    frequency, model_frequency = prepared.frequency, prepared.model_frequency
    baseline = _baseline(prepared)
    reporting = _reporting(prepared)

    data_frequency = choice.formatter.frequency
    normal_bills = _normal_bills(normal_year, model_frequency) if data_frequency == "billing" else None
    expected = predict(baseline, reporting.rows["temperature"])
    periods = {"baseline": baseline, "reporting": reporting}
    fitted = {label: period for label, period in periods.items() if period.model is not None}
    spread_of = method_of(choice.uncertainty, fitted, data_frequency)
    derivatives = derive(periods, expected, normal_year, normal_bills, spread_of, parsed.trace.unit)
    for derivative in derivatives:
        bound = systematic_error(
            choice.model_class.name, model_frequency.name, parsed.trace.unit, derivative["baseline_value"]
        )
        derivative |= {"uncertainty": choice.uncertainty, "systematic_error": bound}
    for label, period in fitted.items():
        if derivatives[0][f"{label}_lower"] is None:
            period.report["warnings"] += plain_criteria([no_interval(choice.uncertainty, period)])
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
    """Return the fitted baseline. Raises MeterFailure without one, except for generation exported to the grid."""
    if isinstance(prepared.baseline, MeterFailure):
        if prepared.has_no_prior_generation:
            return empty_period(
                "The trace has no complete readings in the baseline period; nothing was exported to the grid before the"
                " project."
            )
        raise prepared.baseline
    baseline = fit_period(prepared.baseline, prepared.choice)
    if baseline.model is None:
        raise SufficiencyFailure(disqualification_message(baseline, prepared.choice.formatter.criteria))
    baseline.report["warnings"] += plain_criteria(prepared.findings)
    return baseline


def _reporting(prepared: Prepared) -> Period:
    """Return the fitted reporting period, or a report on why there is none. Raises MeterFailure for an empty window."""
    if isinstance(prepared.reporting, MeterFailure):
        if prepared.has_empty_window:
            raise prepared.reporting
        return empty_period(str(prepared.reporting), prepared.reporting.data_quality)
    try:
        return fit_period(prepared.reporting, prepared.choice)
    except MeterFailure as failure:
        return empty_period(str(failure), prepared.reporting.quality)


def _fingerprint(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an input as JSON with sorted keys and without whitespace."""
    weather = {name: {**document[name], "records": _RECORDS} for name in ("weather", "weather_normal")}
    parts = _sorted_json({**document, **weather}).split(_sorted_json(_RECORDS))
    if len(parts) != len(weather) + 1:  # the mark occurs elsewhere
        return hashlib.sha256(_sorted_json(document)).hexdigest()
    observed, normal = (_records_json(document[name]["records"]) for name in weather)
    return hashlib.sha256(b"".join((parts[0], observed, parts[1], normal, parts[2]))).hexdigest()


def _sorted_json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


_records_json = once(_sorted_json)


def _normal_bills(normal_year: pd.Series, frequency: Frequency) -> Bills:
    months_per_bill = 2 if frequency.name == "billing_bimonthly" else 1
    return np.asarray((pd.DatetimeIndex(normal_year.index).month - 1) // months_per_bill, dtype=np.int64)


def _columns(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the columns for a plot: the start of each row, and a column per quantity."""
    return {"start": pd.DatetimeIndex(rows.index), **{str(column): rows[column] for column in rows}}
