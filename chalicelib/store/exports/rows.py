"""Stored items as rows of an export: pure functions, whose values are in the order of store.exports.columns."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.instants import moment
from chalicelib.store.exports.columns import COLUMNS, SAVINGS
from chalicelib.store.series.series import ESTIMATED, Column
from chalicelib.store.tables.results import Derivative
from chalicelib.vocabulary import SHORT_CODES, SPREAD_NUMBERS, is_generation

Row = Sequence[Any]
_FIT = ("status", "n", "r2", "cvrmse", "rmse", "nmbe")
_NO_FIT = (None,) * 10
_OWN = {name: position for position, name in enumerate(Derivative.OWN)}
_FIRST_OF_DERIVATIVE = next(place for place, column in enumerate(SAVINGS) if column.name == "derivative")
_LAST_OF_DERIVATIVE = next(place for place, column in enumerate(SAVINGS) if column.name == "systematic_error")
_INTERPRETATION = next(place for place, column in enumerate(SAVINGS) if column.name == "trace_interpretation")
_NO_DERIVATIVE = (None,) * (_LAST_OF_DERIVATIVE - _FIRST_OF_DERIVATIVE + 1)
_NO_SPREAD = (None,) * len(SPREAD_NUMBERS)


def savings(
    run: Any, result: Any, derivatives: Sequence[tuple[int, Sequence[Any]]], trace: Any, project: Any
) -> list[Row]:
    """The rows of a run that has ended: one for each derivative, or a single one without values.

    run: a meter run. result: its meter result, None if it FAILED. derivatives: the id and the values of Derivative.OWN
    of each. trace, project: those of the run, None if it has none, or it was deleted.
    """
    before = (
        run.project,
        *_of_project(project),
        run.trace,
        None if trace is None else trace.trace_id,
        _interpretation(result, trace),
        derivatives[0][1][_OWN["unit"]] if derivatives else getattr(trace, "unit", None),
        run.id,
        run.batch,
        run.status,
        run.failure_reason,
        run.failure_message,
        *_method(run if result is None else result),
        *((None, None) if result is None else (result.weather_station, result.weather_normal_station)),
        *models(None if result is None else result.models),
    )
    after = (
        *((None, None) if result is None else (result.eemeter_version, result.datastore_version)),
        run.meter_input,
        None if result is None else result.meter_output,
        run.added,
        run.updated,
    )
    if not derivatives:
        return [(*before, *_NO_DERIVATIVE, *after)]
    reverse = is_generation(before[_INTERPRETATION] or "")
    return [(*before, *_of_derivative(id, own, reverse), *after) for id, own in derivatives]


def meter_result(result: Any) -> Row:
    """The row of a meter result."""
    return (
        result.id,
        result.trace,
        result.project,
        result.meter_run,
        result.meter_output,
        result.status,
        result.eemeter_version,
        result.datastore_version,
        result.model_class,
        text_of(result.model_kwargs),
        result.formatter_class,
        text_of(result.formatter_kwargs),
        result.weather_station,
        result.weather_normal_station,
        *models(result.models),
        result.uncertainty,
        text_of(result.reporting_window),
        result.added,
        result.updated,
    )


def derivative(result: Any, id: int, own: Sequence[Any]) -> Row:
    """The row of a derivative of a result, from its values of Derivative.OWN."""
    *numbers, spread = own
    return (
        id,
        result.id,
        result.trace,
        result.project,
        result.trace_interpretation,
        *numbers,
        *(spread or _NO_SPREAD),
        result.added,
        result.updated,
    )


def aggregation_result(result: Any) -> Row:
    """The row of an aggregation result."""
    value, lower, upper = result.differential_value, result.differential_lower, result.differential_upper
    other = {
        "trace_interpretation": SHORT_CODES[result.trace_interpretation],
        "uncertainty": ";".join(result.uncertainty),
        "differential_lower_bound": value - lower,
        "differential_upper_bound": value + upper,
    }
    return [
        other[column.name] if column.name in other else getattr(result, column.name)
        for column in COLUMNS["aggregation_results"]
    ]


def trace_records(trace: Any, records: Column) -> Iterator[Row]:
    """The rows of the records of a trace."""
    shared = (trace.id, trace.trace_id, trace.interpretation, trace.unit)
    for start, value, flags in zip(records.starts, records.values, records.flags, strict=True):
        yield (*shared, moment(start), None if math.isnan(value) else value, bool(flags & ESTIMATED))


def models(fits: Mapping[str, Any] | None) -> tuple[Any, ...]:
    """How well the models of both periods fit."""
    return tuple(value for side in ("baseline", "reporting") for value in _of_model((fits or {}).get(side)))


def text_of(value: Any) -> str | None:
    """A text as it is, and anything else as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _of_model(fit: Mapping[str, Any] | None) -> tuple[Any, ...]:
    if not fit:
        return _NO_FIT
    return (
        *(fit.get(name) for name in _FIT),
        _time(fit.get("start")),
        _time(fit.get("end")),
        _names(fit.get("warnings")),
        _names(fit.get("disqualification")),
    )


def _of_project(project: Any) -> tuple[Any, ...]:
    if project is None:
        return (None,) * 8
    return (
        project.project_id,
        text_of(project.metadata),
        project.zipcode,
        project.timezone,
        project.baseline_period_start,
        project.baseline_period_end,
        project.reporting_period_start,
        project.reporting_period_end,
    )


def _method(item: Any) -> tuple[Any, ...]:
    """How the models are fitted, of a result, or of a run that has none."""
    return item.model_class, text_of(item.model_kwargs), item.formatter_class, text_of(item.reporting_window)


def _interpretation(result: Any, trace: Any) -> str | None:
    known = None if result is None else result.trace_interpretation
    return known or (None if trace is None else trace.interpretation)


def _of_derivative(id: int, own: Sequence[Any], reverse: bool) -> tuple[Any, ...]:
    interpretation, _, *numbers, method, systematic_error, _ = own
    baseline, baseline_days, reporting, reporting_days = numbers[:3], numbers[3], numbers[4:7], numbers[7]
    return (
        id,
        interpretation,
        method,
        *baseline,
        *_bounds(*baseline),
        baseline_days,
        *reporting,
        *_bounds(*reporting),
        reporting_days,
        *_savings(baseline, reporting, reverse),
        systematic_error,
    )


def _savings(baseline: Sequence[Any], reporting: Sequence[Any], reverse: bool) -> tuple[Any, ...]:
    """The savings with half-widths, bounds and percentages, as in the meter output (`metering.results.derivatives`).

    Half-widths are combined in quadrature, assuming independent errors (ASHRAE Guideline 14-2014, annex B).
    """
    if None in baseline or None in reporting:
        return (None,) * 8
    before, after = baseline[0], reporting[0]
    value = after - before if reverse else before - after
    lower, upper = (math.sqrt(baseline[part] ** 2 + reporting[part] ** 2) for part in (1, 2))
    low, high = value - lower, value + upper
    percents = [100 * part / before for part in (value, low, high)] if before else [None] * 3
    if before < 0:  # dividing by it turns the interval round
        percents[1:] = reversed(percents[1:])
    return (value, lower, upper, low, high, *percents)


def _bounds(value: Any, lower: Any, upper: Any) -> tuple[Any, Any]:
    return (None, None) if None in (value, lower, upper) else (value - lower, value + upper)


def _names(criteria: Sequence[Mapping[str, Any]] | None) -> str | None:
    return ";".join(one["name"] for one in criteria) if criteria else None


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
