"""How often intervals hold the truth, how wide they are and should be, and whether errors average out."""

import math
from collections.abc import Sequence
from statistics import mean, median, stdev
from typing import NamedTuple

from benchmarks.validation.simulation import Outcome

LEVEL = 0.95
_Z = 1.959964  # of a two-sided 95 % interval of a normal variable


class Estimate(NamedTuple):
    """A share or a mean, and its own 95 % interval."""

    value: float
    low: float
    high: float


class Coverage(NamedTuple):
    """Of errors and the half-widths of their intervals, in percent of the baseline; NaN where there are none.

    n: those that have an interval. share: in percent, how many of these hold the truth. half_width: the median. needed:
    the half-width that, the same for all, holds 95 % of the errors. bias: the mean error.
    """

    n: int
    share: Estimate
    half_width: float
    needed: float
    bias: Estimate


def coverage(outcomes: Sequence[Outcome]) -> Coverage:
    """Of outcomes that are alike."""
    return coverage_of([(outcome.error, outcome.half_width) for outcome in outcomes])


def coverage_of(pairs: Sequence[tuple[float, float]]) -> Coverage:
    """Of errors with their half-widths."""
    known = [(error, half_width) for error, half_width in pairs if math.isfinite(half_width)]
    if not known:
        return Coverage(0, wilson(0, 0), math.nan, math.nan, mean_of([]))
    errors = [error for error, _ in known]
    return Coverage(
        len(known),
        wilson(sum(abs(error) <= half_width for error, half_width in known), len(known)),
        median(half_width for _, half_width in known),
        sorted(map(abs, errors))[math.ceil(LEVEL * len(known)) - 1],
        mean_of(errors),
    )


def wilson(successes: float, n: float) -> Estimate:
    """A binomial share in percent, with its score interval (Wilson 1927).

    >>> [round(part, 1) for part in wilson(95, 100)]
    [95.0, 88.8, 97.8]
    """
    if not n:
        return Estimate(math.nan, math.nan, math.nan)
    centre, spread = successes + _Z**2 / 2, _Z * math.sqrt(successes * (n - successes) / n + _Z**2 / 4)
    return Estimate(
        *(100 * part for part in (successes / n, (centre - spread) / (n + _Z**2), (centre + spread) / (n + _Z**2)))
    )


def mean_of(errors: Sequence[float]) -> Estimate:
    """A mean, with its normal interval, which takes two errors or more."""
    if not errors:
        return Estimate(math.nan, math.nan, math.nan)
    spread = _Z * stdev(errors) / math.sqrt(len(errors)) if len(errors) > 1 else math.nan
    return Estimate(mean(errors), mean(errors) - spread, mean(errors) + spread)
