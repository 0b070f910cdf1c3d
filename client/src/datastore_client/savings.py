"""The savings that a derivative or an aggregation result holds."""

import math
from typing import Any, NamedTuple

HEADLINE = "annualized_weather_normal"


class Savings(NamedTuple):
    """Savings with the half-width of their 95% interval: in the unit, and in percent of the baseline (or None)."""

    value: float
    half_width: float
    percent: float | None
    percent_half_width: float | None


def of_derivative(derivative: dict[str, Any]) -> Savings | None:
    """Return baseline minus reporting, or the reverse for energy generated on site; None if a side has no value."""
    sides = [derivative[f"{side}_{part}"] for side in ("baseline", "reporting") for part in ("value", "lower")]
    if any(number is None for number in sides):
        return None
    before, before_width, after, after_width = sides
    generated = "ON_SITE_GENERATION" in derivative["trace_interpretation"]
    value = after - before if generated else before - after
    return _savings(value, math.hypot(before_width, after_width), before)


def of_aggregation(result: dict[str, Any]) -> Savings:
    """Return the savings of an aggregation result."""
    return _savings(result["differential_value"], result["differential_lower"], result["baseline_value"])


def _savings(value: float, half_width: float, baseline: float) -> Savings:
    if not baseline:
        return Savings(value, half_width, None, None)
    return Savings(value, half_width, 100 * value / baseline, 100 * half_width / abs(baseline))
