"""Sums of floats without rounding, in parts: any split and any order end in the same bits."""

import math
from collections.abc import Iterable


def expansion(values: Iterable[float]) -> list[float]:
    """The few floats, largest first, that add up to exactly what the values add up to.

    `math.fsum` rounds the exact sum once; what it rounded off is a sum of floats again (Shewchuk 1997). The fsum of
    several expansions is therefore the fsum of all their values.

    >>> expansion([1e100, 1.0, -1e100, 2.0**-60])
    [1.0, 8.673617379884035e-19]
    """
    terms, parts = list(values), []
    while rest := math.fsum(terms):
        parts.append(rest)
        terms.append(-rest)
    return parts
