"""How often intervals cover the truth, how wide they are and need to be, and whether errors average out."""

import math
from collections.abc import Sequence
from statistics import NormalDist, mean, median, stdev
from typing import NamedTuple

from benchmarks.validation.simulation import Outcome

LEVEL = 0.95
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)  # for a two-sided 95 % interval of a normal variable


class Estimate(NamedTuple):
    """A share or a mean, with its 95 % interval."""

    value: float
    low: float
    high: float


class Coverage(NamedTuple):
    """The coverage of errors by their intervals, in percent of the baseline; NaN without any.

    n: how many have an interval. share: the percentage of intervals that cover the truth. half_width: their median.
    needed: the common half-width that would cover 95 % of the errors. bias: the mean error.
    """

    n: int
    share: Estimate
    half_width: float
    needed: float
    bias: Estimate


def coverage(outcomes: Sequence[Outcome]) -> Coverage:
    """Return the coverage of outcomes of the same kind."""
    return coverage_of([(outcome.error, outcome.half_width) for outcome in outcomes])


def coverage_of(pairs: Sequence[tuple[float, float]]) -> Coverage:
    """Return the coverage of pairs of an error and a half-width."""
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
    """Return a binomial share in percent, with its score interval (Wilson 1927).

    >>> [round(part, 1) for part in wilson(95, 100)]
    [95.0, 88.8, 97.8]
    """
    if not n:
        return Estimate(math.nan, math.nan, math.nan)
    center, spread = successes + Z**2 / 2, Z * math.sqrt(successes * (n - successes) / n + Z**2 / 4)
    return Estimate(
        *(100 * part for part in (successes / n, (center - spread) / (n + Z**2), (center + spread) / (n + Z**2)))
    )


def mean_of(errors: Sequence[float]) -> Estimate:
    """Return a mean with its normal interval, which needs at least two errors."""
    if not errors:
        return Estimate(math.nan, math.nan, math.nan)
    spread = Z * stdev(errors) / math.sqrt(len(errors)) if len(errors) > 1 else math.nan
    return Estimate(mean(errors), mean(errors) - spread, mean(errors) + spread)
