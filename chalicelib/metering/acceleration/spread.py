"""eemeter.common.utils: standard deviations and orders of magnitude."""

import math
from collections.abc import Callable

import numpy as np

from chalicelib.metering.acceleration.libm import Floats

_ROUNDED: dict[str, Callable[[float], float]] = {"floor": np.floor, "ceil": np.ceil, "round": np.round}


def fast_std(x: Floats, weights: Floats | None = None, mean: float | None = None) -> float:
    """`fast_std`: the standard deviation, weighted if the weights differ.

    As in eemeter, the weighted result is a Python float, for which division by 0 is an error, and the unweighted one is
    a NumPy float; and weights that do not sum to 1 are normalized in place.
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
    """Return the sum from first to last, as in a compiled loop; NumPy's own sum is pairwise."""
    return float(np.add.accumulate(terms)[-1])


def OoM_numba(x: Floats, method: str = "round") -> Floats:
    """`OoM`: the order of magnitude of each number; 1 for 0."""
    rounded = _ROUNDED.get(method.lower(), float)
    return np.array([1.0 if one == 0.0 else rounded(math.log10(abs(one))) for one in x.tolist()], dtype=x.dtype)
