"""eemeter.common.adaptive_loss: a loss whose shape is estimated from the residuals, and its weights."""

import math
from functools import lru_cache
from typing import Any

import eemeter.common.adaptive_loss as theirs
import numpy as np
from eemeter.common.adaptive_loss import LOSS_ALPHA_MIN, ln_Z_fit, ln_Z_inf
from scipy.interpolate._dierckx import evaluate_spline

from chalicelib.metering.acceleration.libm import Floats, exp, power
from chalicelib.metering.acceleration.search import bounded

_QUARTILE = 0.25
_their_weights: Any = theirs.adaptive_weights
_KNOTS, _COEFFICIENTS, _DEGREE = ln_Z_fit.t, ln_Z_fit.c.reshape(-1, 1), ln_Z_fit.k
_SCALE = 1 - 2 / (1 + 10**3)
_BOUNDS, _XATOL = (-1e-5, 1 + 1e-5), 1e-5


def adaptive_weights(
    x: Floats,
    alpha: float | str = "adaptive",
    sigma: float = 3,
    quantile: float = _QUARTILE,
    min_weight: float = 0.0,
    replace_nonfinite: bool = True,
) -> tuple[Floats, float, float]:
    """`adaptive_weights`: the weight of each residual, their scale, and alpha, the shape of the loss.

    A single sort gives the quartiles, the median without outliers, and the quartiles around it.
    """
    if alpha == 2.0:  # the weights are 1 whatever the scale, and no caller uses the scale
        return np.ones(len(x)), 1.0, 2.0
    ordered = np.sort(x)
    values = ordered.tolist()
    if not (math.isfinite(values[0]) and math.isfinite(values[-1])):
        return _rare(x, alpha, sigma, quantile, min_weight, replace_nonfinite)
    reach = 0.7413 * sigma - 0.5
    low, high = _fences(values, _QUARTILE, reach, 0.0)
    start, end = int(ordered.searchsorted(low)), int(ordered.searchsorted(high, side="right"))
    if start >= end:  # numbers so small that no value is within the fences: eemeter takes the mean of nothing
        return _rare(x, alpha, sigma, quantile, min_weight, replace_nonfinite)
    mu = _median(values, start, end)
    low, high = _fences(values, quantile, reach, mu)
    scale = max(abs(low), abs(high)) or 1.0  # eemeter uses the order of magnitude of 0, which it defines as 1
    z = (x - mu) / scale
    first, last = (values[0] - mu) / scale, (values[-1] - mu) / scale
    if not math.isfinite(first * first + last * last):  # the losses are not finite either: eemeter raises an error
        return _rare(x, alpha, sigma, quantile, min_weight, replace_nonfinite)
    shape = _shape(z) if alpha == "adaptive" else float(alpha)
    return _weights(z, shape) * (1 - min_weight) + min_weight, scale, shape


def _rare(x: Floats, alpha: float | str, *others: Any) -> tuple[Floats, float, float]:
    """Leave degenerate residuals to eemeter."""
    if alpha == "adaptive" and not np.isfinite(x).any():
        np.max(x[:0])  # raises the same error as eemeter; without numba, eemeter would raise a different one first
    return _their_weights(x, alpha, *others)  # type: ignore[no-any-return]


def _fences(values: list[float], quantile: float, reach: float, mu: float) -> tuple[float, float]:
    """`IQR_outlier` of ordered values minus mu; its quantiles are numba's, linear between neighbors."""
    quantiles = []
    for fraction in (quantile, 1 - quantile):
        rank = 1 + (len(values) - 1) * (fraction * 100.0 / 100.0)
        below = math.floor(rank)
        part = rank - below
        quantiles.append((values[below - 1] - mu) * (1 - part) + (values[min(below, len(values) - 1)] - mu) * part)
    first, third = quantiles
    beyond = (third - first) * reach
    return first - beyond, third + beyond


def _median(values: list[float], start: int, end: int) -> float:
    """`np.median` of a slice of ordered values."""
    middle = (start + end) // 2
    return values[middle] if (end - start) % 2 else (values[middle - 1] + values[middle]) / 2


def _shape(z: Floats) -> float:
    """`adaptive_loss_fcn`: the alpha with the smallest penalized loss.

    Nearly all searches descend to alpha 2 by the same steps. The losses at these steps are computed together; if they
    show that SciPy's search would take these steps, the search is skipped.
    """
    squared = z**2
    if _falls(_usual_losses(squared)):
        return 2.0
    return _alpha(bounded(lambda s: _loss(squared, *_alpha(s)), *_BOUNDS, xatol=_XATOL))[0]


def _usual_losses(squared: Floats) -> Floats:
    """Return the penalized losses at the usual steps."""
    losses = squared / _DISTANCES
    losses += 1.0
    np.float_power(losses, _EXPONENTS, out=losses)
    losses -= 1.0
    losses *= _FACTORS
    losses += _PENALTIES
    last = 0.5 * squared
    last += _LAST_PENALTY
    totals = np.empty(len(_STEPS))
    np.add.reduce(losses, axis=1, out=totals[: len(losses)])
    totals[len(losses) :] = np.add.reduce(last)
    return totals


def _falls(losses: Floats) -> bool:
    """Return whether `bounded` would take the usual steps: the losses never rise, and every parabola is rejected."""
    before, here = losses[:-1], losses[1:]
    r = _TO_LAST * (here[1:-1] - losses[:-3])
    q = _TO_LAST_BUT_ONE * (here[1:-1] - before[1:-1])
    p = _TO_LAST_BUT_ONE * q - _TO_LAST * r
    q = 2.0 * (q - r)
    p = np.where(q > 0.0, -p, p)
    q = np.abs(q)
    parabola = (np.abs(p) < np.abs(0.5 * q * _REACH)) & (p > q * _TO_START) & (p < q * _TO_END)
    return bool((here <= before).all() and not parabola.any())


def _loss(squared: Floats, a: float, penalty: float) -> float:
    """The sum of `penalized_loss_fcn`."""
    if a in (2.0, 1.0, 0.0, -2.0) or a <= LOSS_ALPHA_MIN:
        losses = _special(squared, a)
    else:
        losses = abs(a - 2) / a * (power(squared / abs(a - 2) + 1, a / 2) - 1)
    losses += penalty
    summed = float(np.add.reduce(losses))
    if not math.isfinite(summed) and not np.isfinite(losses).all():
        raise Exception("non-finite values in 'penalized_loss_fcn'")  # the same as eemeter
    return summed


def _special(squared: Floats, a: float) -> Floats:
    """`generalized_loss_fcn` at the alphas where its general formula is undefined."""
    if a == 2.0:
        return 0.5 * squared
    if a == 1.0:
        return np.sqrt(squared + 1) - 1
    if a == 0.0:
        return np.array([math.log(0.5 * one + 1) for one in squared.tolist()])
    if a == -2.0:
        return 2 * squared / (squared + 4)
    return 1 - exp(-0.5 * squared)


@lru_cache(maxsize=4096)  # every search starts with the same steps, and many end at the same value
def _alpha(s: float) -> tuple[float, float]:
    """`alpha_scaled`, and its `ln_Z`."""
    s = min(max(s, 0.0), 1.0)
    a = LOSS_ALPHA_MIN + (2 - LOSS_ALPHA_MIN) * ((1 - 2 / (1 + 10.0 ** (3 * s**0.25))) / _SCALE)
    if a <= LOSS_ALPHA_MIN:
        return a, ln_Z_inf
    return a, float(evaluate_spline(_KNOTS, _COEFFICIENTS, _DEGREE, np.array([a]), 0, True)[0, 0])


def _weights(z: Floats, a: float) -> Floats:
    """`generalized_loss_weights`: 1 for residuals up to 0, and for all if alpha is 2."""
    if a == 2:
        return np.ones(len(z))
    if a == 0:
        weights = 1 / (0.5 * z**2 + 1)
    elif a <= LOSS_ALPHA_MIN:
        weights = exp(-0.5 * z**2)
    else:
        weights = power(z**2 / abs(a - 2) + 1, 0.5 * a - 1)
    return np.where(z <= 0, 1.0, weights)


def _usual_steps() -> Floats:
    """Return the steps of a search whose loss decreases throughout."""
    steps: list[float] = []

    def falling(s: float) -> float:
        steps.append(s)
        return -s

    bounded(falling, *_BOUNDS, xatol=_XATOL)
    return np.array(steps)


_STEPS = _usual_steps()
# The quantities that the search compares at each step after the second: distances to the two previous steps and bounds.
_TO_LAST, _TO_LAST_BUT_ONE = _STEPS[2:-1] - _STEPS[1:-2], _STEPS[2:-1] - _STEPS[:-3]
_TO_START, _TO_END = _STEPS[1:-2] - _STEPS[2:-1], _BOUNDS[1] - _STEPS[2:-1]
_REACH = _BOUNDS[1] - _STEPS[1:-2]
_ALL = np.array([_alpha(s) for s in _STEPS.tolist()])
_ALPHAS, _PENALTIES = (_ALL[_ALL[:, 0] < 2, column].reshape(-1, 1) for column in (0, 1))
_DISTANCES, _EXPONENTS = np.abs(_ALPHAS - 2), _ALPHAS / 2
_FACTORS = _DISTANCES / _ALPHAS
_LAST_PENALTY = _alpha(1.0)[1]
