"""eemeter.common.utils: standard deviations and orders of magnitude."""

import math
from collections.abc import Callable

import numpy as np

from chalicelib.metering.acceleration.libm import Floats

_ROUNDED: dict[str, Callable[[float], float]] = {"floor": np.floor, "ceil": np.ceil, "round": np.round}


def fast_std(x: Floats, weights: Floats | None = None, mean: float | None = None) -> float:
    """`fast_std`: the standard deviation, weighted where weights differ.

    As eemeter's, a weighted one is Python's float, whose division by 0 is an error, and any other NumPy's; and weights
    that do not add up to one are made to, in their own array.
    """
    if weights is None or len(weights) == 1 or np.allclose(weights - weights[0], 0):
        return np.float64(np.std(x) if mean is None else np.sqrt(np.sum(np.power(x - mean, 2)) / float(len(x))))
    if mean is None:
        mean = np.average(x, weights=weights)
    total = _one_by_one(weights)
    if total < 1 - 1e-6 or total > 1 + 1e-6:
        weights /= total
    return math.sqrt(_one_by_one(weights * (x - mean) ** 2) / (1 - 1 / len(x)))


def _one_by_one(terms: Floats) -> float:
    """The sum as a compiled loop takes it, from the first to the last; NumPy's own adds by halves."""
    return float(np.add.accumulate(terms)[-1])


def OoM_numba(x: Floats, method: str = "round") -> Floats:
    """`OoM`: the order of magnitude of each number, which of 0 is 1."""
    rounded = _ROUNDED.get(method.lower(), float)
    return np.array([1.0 if one == 0.0 else rounded(math.log10(abs(one))) for one in x.tolist()], dtype=x.dtype)
