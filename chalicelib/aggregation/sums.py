"""How derivatives add up: values and n by addition, half-widths in quadrature, systematic errors by addition.

A derivative is a mapping with `label` (its id) and, for each side, `baseline_value` or `reporting_value` in the
derivative's unit, `..._lower` and `..._upper` (half-widths of the 95 % interval, in the same unit) and `..._n` (days);
None where the model of a side gave no number. `uncertainty` is the method of its intervals, and `systematic_error`, in
the unit, a bound for the error that it shares with other meters; None where none is known.
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

# Before there are panels nothing flows back: a missing baseline of unconsumed generation is known to be zero.
DEFAULT_BASELINES = {"ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED": {"value": 0.0, "lower": 0.0, "upper": 0.0, "n": 0}}


class Partial(NamedTuple):
    """The sum of some of the derivatives: enough to go on adding, exactly.

    sums: for each of SUMS the expansion of the sum, of squares for lower and upper. taken: how many derivatives are in
    it. methods: those of their intervals, sorted. statuses: of each derivative, taken or not, a row of the output.
    """

    sums: dict[str, list[float]]
    taken: int
    methods: list[str]
    statuses: list[dict[str, Any]]


class NothingToAddError(Exception):
    """No derivative was accepted."""


def partial_sum(derivatives: Iterable[Mapping[str, Any]], trace_interpretation: str) -> Partial:
    """The sum of some derivatives of a trace interpretation (full name).

    A derivative that lacks a part of a side is REJECTED on both: without its half-widths a value would make the sum's
    too narrow. Only a baseline that is not there at all can have a DEFAULT. A systematic error may be missing: the sum
    is of those that there are, and `systematic_error_n` counts them.
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
    """The result's numbers, from the sums of partials and the number of derivatives in them.

    SUM: values and n are added, half-widths in quadrature, sqrt(sum(h**2)), as of independent errors (ASHRAE Guideline
    14-2014, annex B). Systematic errors, which are not independent, are added; the sum is None where there is none.
    MEAN: values, half-widths and systematic error of the sum over the number of derivatives; n stays the sum of days.
    Each is made of the exact sum, rounded once (`math.fsum`), so that no bit depends on split or order. The
    differential is what was saved: baseline minus reporting, or for generation the reverse, of the rounded values, its
    half-widths in quadrature, its n the days behind both.

    Raises NothingToAddError.
    """
    if not taken:
        raise NothingToAddError
    terms: dict[str, list[float]] = {name: [] for name in SUMS}
    for partial in sums:
        for name, expanded in partial.items():
            terms[name].extend(expanded)
    over = taken if aggregation_interpretation == "MEAN" else 1
    found: dict[str, Any] = {}
    for name, numbers in terms.items():
        exact = math.fsum(numbers)
        if name.endswith("_n"):
            found[name] = int(exact)
        else:
            found[name] = (math.sqrt(exact) if name.endswith(("_lower", "_upper")) else exact) / over
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
    """The four numbers of a side; None when any is missing."""
    parts = {part: derivative[f"{side}_{part}"] for part in PARTS}
    return None if None in parts.values() else parts


def _status(derivative: Mapping[str, Any], baseline: str, reporting: str) -> dict[str, Any]:
    """The output's row of a derivative."""
    return {
        "derivative": derivative["label"],
        "baseline_status": baseline,
        "reporting_status": reporting,
        "uncertainty": derivative["uncertainty"],
        "systematic_error": derivative["systematic_error"],
    }


def _quadrature(one: float, other: float) -> float:
    return math.sqrt(one * one + other * other)
