"""The noise of simulated meters: normal, and autocorrelated from one day to the next.

Its standard deviation is proportional to the load, or constant. Readings are clipped at a minimum; to compensate, the
expected value before clipping is lowered, so that the mean reading is still the load.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter
from scipy.special import ndtr

PROPORTIONAL, CONSTANT = LAWS = ("proportional to load", "independent of load")

Floats: TypeAlias = npt.NDArray[np.float64]

_MIN_READING = {"THERM": 0.0, "KWH": 0.01}  # fraction of the load: eemeter treats electricity of 0 as missing
_CENTERS = np.linspace(-8, 8, 1601)
# means of a normal variable with standard deviation 1 around each center, clipped at 0
_MEANS = _CENTERS * ndtr(_CENTERS) + np.exp(-(_CENTERS**2) / 2) / np.sqrt(2 * np.pi)


def autoregressive(draw: np.random.Generator, n: int, autocorrelation: float) -> Floats:
    """Draw AR(1) noise with mean 0 and variance 1."""
    steps = draw.standard_normal(n)
    steps[1:] *= np.sqrt(1 - autocorrelation**2)
    noise: Floats = lfilter([1.0], [1.0, -autocorrelation], steps)
    return noise


def deviations(law: str, cvrmse: float, load: Floats, year: Floats) -> Floats:
    """Return the standard deviation of each day's noise, in the load's unit. cvrmse: of the year, a fraction."""
    deviation = cvrmse * year.mean()
    of_load = load / np.sqrt(np.mean(year**2)) if law == PROPORTIONAL else np.ones(len(load))
    return np.asarray(deviation * of_load)


def read(load: Floats, deviation: Floats, noise: Floats, unit: str) -> Floats:
    """Return the meter's reading for each day."""
    minimum = _MIN_READING[unit] * load
    with np.errstate(divide="ignore"):  # without noise
        above = (load - minimum) / deviation
    lower = np.interp(above, _MEANS, _MEANS - _CENTERS)
    return np.asarray(np.maximum(load + deviation * (noise - lower), minimum))
