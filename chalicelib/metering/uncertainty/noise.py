"""What residuals tell of the noise behind them."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Indexes = npt.NDArray[np.int64]

EXPONENTS = (0.0, 0.5, 1.0)
LEAST_LOAD = 0.1  # of the mean: there is noise also where the model expects nothing
MOST_AUTOCORRELATION = 0.95


def bounded_load(fitted: Floats, mean: float) -> Floats:
    """The load to which noise is in proportion: what is expected, at least a tenth of the mean load; 1 without any."""
    return np.maximum(np.abs(fitted), LEAST_LOAD * mean) if mean > 0 else np.ones(len(fitted))


def exponent_of(residual: Floats, load: Floats) -> float:
    """The one of EXPONENTS by which noise in proportion to load ** exponent is most likely (normal likelihood)."""

    def log_likelihood(exponent: float) -> float:
        squares = np.mean((residual / load**exponent) ** 2)
        return float(-len(residual) / 2 * np.log(squares) - exponent * np.log(load).sum())

    return max(EXPONENTS, key=log_likelihood)


def lag1_autocorrelation(noise: Floats, day: Indexes, parameters: int) -> float:
    """From one day to the next, of the residuals of a fit with so many parameters; from 0 to 0.95.

    Marriott and Pope (1954) have its bias for a fitted mean, (1 + 3 rho) / n. A parameter that follows the seasons, as
    the mean does, takes the slowest part of the noise away as well: (p + (p + 2) rho) / n for p of them.
    """
    n = len(noise)
    next_to = np.diff(day) == 1
    pairs = int(next_to.sum())
    if not pairs or not noise @ noise > 0:
        return 0.0
    raw = float(noise[1:][next_to] @ noise[:-1][next_to]) / pairs / (float(noise @ noise) / n)
    return float(np.clip(raw + (parameters + (parameters + 2) * raw) / n, 0.0, MOST_AUTOCORRELATION))
