"""Estimate properties of the noise from residuals."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Indexes = npt.NDArray[np.int64]

EXPONENTS = (0.0, 0.5, 1.0)
MIN_LOAD = 0.1  # fraction of the mean load: there is noise even where the model predicts no consumption
MAX_AUTOCORRELATION = 0.95


def bounded_load(fitted: Floats, mean: float) -> Floats:
    """Return the load that scales the noise: the fitted load, at least a tenth of the mean; 1 without a mean load."""
    return np.maximum(np.abs(fitted), MIN_LOAD * mean) if mean > 0 else np.ones(len(fitted))


def exponent_of(residual: Floats, load: Floats) -> float:
    """Return the one of EXPONENTS with the highest normal likelihood for noise proportional to load ** exponent."""

    def log_likelihood(exponent: float) -> float:
        squares = np.mean((residual / load**exponent) ** 2)
        return float(-len(residual) / 2 * np.log(squares) - exponent * np.log(load).sum())

    return max(EXPONENTS, key=log_likelihood)


def lag1_autocorrelation(noise: Floats, day: Indexes, parameters: int) -> float:
    """Return the day-to-day autocorrelation of the residuals of a fit with this many parameters, between 0 and 0.95.

    Marriott and Pope (1954) give the bias for a fitted mean: -(1 + 3 rho) / n. A parameter whose gradient varies with
    the seasons also absorbs the slowest part of the noise, as the mean does: the bias is -(p + (p + 2) rho) / n for p
    of them.
    """
    n = len(noise)
    next_to = np.diff(day) == 1
    pairs = int(next_to.sum())
    if not pairs or not noise @ noise > 0:
        return 0.0
    raw = float(noise[1:][next_to] @ noise[:-1][next_to]) / pairs / (float(noise @ noise) / n)
    return float(np.clip(raw + (parameters + (parameters + 2) * raw) / n, 0.0, MAX_AUTOCORRELATION))
