"""Sum derivatives: values, n and systematic errors are added, half-widths combined in quadrature.

A derivative is a mapping with `label` (its id) and, for each side, `baseline_value` or `reporting_value` in the
derivative's unit, `..._lower` and `..._upper` (half-widths of the 95 % interval, in the same unit) and `..._n` (days);
None if the model of that side gave no number. `uncertainty` is its uncertainty method, and `systematic_error`, in the
same unit, bounds the error that it shares with other meters; None if unknown.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from chalicelib.aggregation.exact import expansion
from chalicelib.vocabulary import is_generation

SIDES = ("baseline", "reporting")
PARTS = ("value", "lower", "upper", "n")
SUMS = (*(f"{side}_{part}" for side in SIDES for part in PARTS), "systematic_error", "systematic_error_n")
ACCEPTED, REJECTED, DEFAULT = "ACCEPTED", "REJECTED", "DEFAULT"

# Nothing flows back to the grid before there are panels: a missing baseline of unconsumed generation is known to be 0.
DEFAULT_BASELINES = {"ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED": {"value": 0.0, "lower": 0.0, "upper": 0.0, "n": 0}}


class Partial(NamedTuple):
    """The sum of some of the derivatives, in a form that can be added to others exactly.

    sums: for each of SUMS, the expansion of the sum (of squares for lower and upper). taken: the number of derivatives
    in the sum. methods: their uncertainty methods, sorted. statuses: an output row per derivative, summed or not.
    """

    sums: dict[str, list[float]]
    taken: int
    methods: list[str]
    statuses: list[dict[str, Any]]


class NothingToAddError(Exception):
    """No derivative was accepted."""


def partial_sum(derivatives: Iterable[Mapping[str, Any]], trace_interpretation: str) -> Partial:
    """Sum some derivatives of a trace interpretation (full name).

    A derivative with an incomplete side is REJECTED on both sides: a value without its half-widths would make the sum's
    interval too narrow. Only a baseline without a value can have a DEFAULT. Systematic errors may be missing: those
    that are known are summed, and `systematic_error_n` counts them.
    """
    terms: dict[str, list[float]] = {name: [] for name in SUMS}
    statuses: list[dict[str, Any]] = []
    methods: set[str] = set()
    taken = 0
    default = DEFAULT_BASELINES.get(trace_interpretation)
    for derivative in derivatives:
        baseline, reporting = (_side(derivative, side) for side in SIDES)
        baseline_status = ACCEPTED
        if default and derivative["baseline_value"] is None:
            baseline_status, baseline = DEFAULT, default
        if baseline is None or reporting is None:
            statuses.append(_status(derivative, REJECTED, REJECTED))
            continue
        statuses.append(_status(derivative, baseline_status, ACCEPTED))
        methods.add(derivative["uncertainty"])
        taken += 1
        for side, parts in zip(SIDES, (baseline, reporting), strict=True):
            for part, number in parts.items():
                terms[f"{side}_{part}"].append(number * number if part in ("lower", "upper") else number)
        if derivative["systematic_error"] is not None:
            terms["systematic_error"].append(derivative["systematic_error"])
            terms["systematic_error_n"].append(1)
    sums = {name: expansion(numbers) for name, numbers in terms.items()}
    return Partial(sums, taken, sorted(methods), statuses)


def total(
    sums: Iterable[Mapping[str, list[float]]], taken: int, trace_interpretation: str, aggregation_interpretation: str
) -> dict[str, Any]:
    """Return the numbers of the result, from the sums of the partials and the number of derivatives in them.

    SUM: values and n are added. Half-widths are combined in quadrature, sqrt(sum(h**2)), assuming independent errors
    (ASHRAE Guideline 14-2014, annex B). Systematic errors are not independent and are added; None if there are none.
    MEAN: values, half-widths and systematic error of the sum, divided by the number of derivatives; n remains the sum
    of days. Each number is the exact sum rounded once (`math.fsum`), so the bits do not depend on split or order. The
    differential is the savings: baseline minus reporting (reversed for generation) of the rounded values, with
    half-widths in quadrature and n the days of both sides.

    Raises NothingToAddError.
    """
    if not taken:
        raise NothingToAddError
    terms: dict[str, list[float]] = {name: [] for name in SUMS}
    for partial in sums:
        for name, expanded in partial.items():
            terms[name].extend(expanded)
    divisor = taken if aggregation_interpretation == "MEAN" else 1
    found: dict[str, Any] = {}
    for name, numbers in terms.items():
        exact = math.fsum(numbers)
        if name.endswith("_n"):
            found[name] = int(exact)
        else:
            found[name] = (math.sqrt(exact) if name.endswith(("_lower", "_upper")) else exact) / divisor
    if not found["systematic_error_n"]:
        found["systematic_error"] = None
    reverse = is_generation(trace_interpretation)
    before, after = found["baseline_value"], found["reporting_value"]
    return {
        **found,
        "differential_direction": "REPORTING_MINUS_BASELINE" if reverse else "BASELINE_MINUS_REPORTING",
        "differential_value": after - before if reverse else before - after,
        "differential_lower": _quadrature(found["baseline_lower"], found["reporting_lower"]),
        "differential_upper": _quadrature(found["baseline_upper"], found["reporting_upper"]),
        "differential_n": found["baseline_n"] + found["reporting_n"],
    }


def _side(derivative: Mapping[str, Any], side: str) -> dict[str, float] | None:
    """Return the four numbers of a side; None if any is missing."""
    parts = {part: derivative[f"{side}_{part}"] for part in PARTS}
    return None if None in parts.values() else parts


def _status(derivative: Mapping[str, Any], baseline: str, reporting: str) -> dict[str, Any]:
    """Return the output row of a derivative."""
    return {
        "derivative": derivative["label"],
        "baseline_status": baseline,
        "reporting_status": reporting,
        "uncertainty": derivative["uncertainty"],
        "systematic_error": derivative["systematic_error"],
    }


def _quadrature(one: float, other: float) -> float:
    return math.sqrt(one * one + other * other)
