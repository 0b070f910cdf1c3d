"""Exact sums of floats in parts: the result is bit-identical for any split and any order."""

import math
from collections.abc import Iterable


def expansion(values: Iterable[float]) -> list[float]:
    """Return a few floats, largest first, whose exact sum is the exact sum of the values.

    `math.fsum` rounds the exact sum once; the rounding error is again a sum of floats (Shewchuk 1997). The fsum of
    several expansions is therefore the fsum of all their values.

    >>> expansion([1e100, 1.0, -1e100, 2.0**-60])
    [1.0, 8.673617379884035e-19]
    """
    terms, parts = list(values), []
    while rest := math.fsum(terms):
        parts.append(rest)
        terms.append(-rest)
    return parts
