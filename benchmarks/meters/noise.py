"""The noise of made-up meters: normal, and autocorrelated from one day to the next.

Its standard deviation is in proportion to the load, or the same whatever the load. No day reads less than the meter can
show; the days are moved down by what this adds, so that the mean over all noise is still the load.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter
from scipy.special import ndtr

PROPORTIONAL, CONSTANT = LAWS = ("proportional to load", "independent of load")

Floats: TypeAlias = npt.NDArray[np.float64]

_LEAST = {"THERM": 0.0, "KWH": 0.01}  # of the load: eemeter takes electricity of 0 as missing
_CENTRES = np.linspace(-8, 8, 1601)
# of a normal variable with standard deviation 1 around each centre, when what is below 0 counts as 0
_MEANS = _CENTRES * ndtr(_CENTRES) + np.exp(-(_CENTRES**2) / 2) / np.sqrt(2 * np.pi)


def autoregressive(draw: np.random.Generator, n: int, autocorrelation: float) -> Floats:
    """AR(1) noise of mean 0 and variance 1."""
    steps = draw.standard_normal(n)
    steps[1:] *= np.sqrt(1 - autocorrelation**2)
    noise: Floats = lfilter([1.0], [1.0, -autocorrelation], steps)
    return noise


def deviations(law: str, cvrmse: float, load: Floats, year: Floats) -> Floats:
    """The standard deviation of each day's noise, in the unit of the load; cvrmse: that of the year (a fraction)."""
    deviation = cvrmse * year.mean()
    of_load = load / np.sqrt(np.mean(year**2)) if law == PROPORTIONAL else np.ones(len(load))
    return np.asarray(deviation * of_load)


def read(load: Floats, deviation: Floats, noise: Floats, unit: str) -> Floats:
    """What the meter shows of each day."""
    least = _LEAST[unit] * load
    with np.errstate(divide="ignore"):  # without noise
        above = (load - least) / deviation
    lower = np.interp(above, _MEANS, _MEANS - _CENTRES)
    return np.asarray(np.maximum(load + deviation * (noise - lower), least))
