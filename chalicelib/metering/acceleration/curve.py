"""The changepoint curve over sorted temperatures: eemeter's `full_model`, computed piece by piece."""

from bisect import bisect_left, bisect_right
from math import isinf
from typing import NamedTuple

import numpy as np
from eemeter.common.utils import LN_MAX_POS_SYSTEM_VALUE, LN_MIN_POS_SYSTEM_VALUE
from eemeter.eemeter.models.daily.base_models.full_model import full_model as _theirs

from chalicelib.metering.acceleration.libm import Floats, exp

_LOWEST, _HIGHEST = float(LN_MIN_POS_SYSTEM_VALUE), float(LN_MAX_POS_SYSTEM_VALUE)


class Curve(NamedTuple):
    """The seven parameters of `full_model`: non-negative slopes in energy per degree; k is a smoothing width."""

    hdd_bp: float
    hdd_beta: float
    hdd_k: float
    cdd_bp: float
    cdd_beta: float
    cdd_k: float
    intercept: float

    def ordered(self) -> "Curve":
        """Return the curve with the lower breakpoint first."""
        if self.cdd_bp < self.hdd_bp:
            return Curve(self.cdd_bp, self.cdd_beta, self.cdd_k, self.hdd_bp, self.hdd_beta, self.hdd_k, self.intercept)
        return self

    @property
    def is_too_sharp(self) -> bool:
        """Whether 1 / k is infinite and the breakpoints are equal: eemeter may or may not give NaN then."""
        return self.hdd_bp == self.cdd_bp and any(k and isinf(1 / k) for k in (self.hdd_k, self.cdd_k))


def full_model(
    hdd_bp: float,
    hdd_beta: float,
    hdd_k: float,
    cdd_bp: float,
    cdd_beta: float,
    cdd_k: float,
    intercept: float,
    T_fit_bnds: Floats,
    T: Floats,
) -> Floats:
    """`full_model`: the energy at temperatures in any order, also outside the fitted range."""
    order = np.argsort(T)
    curve = Curve(hdd_bp, hdd_beta, hdd_k, cdd_bp, cdd_beta, cdd_k, intercept).ordered()
    if T.dtype != float or not len(T) or np.isnan(T[order[-1]]) or curve.is_too_sharp:  # models never need these
        return _theirs(*curve, T_fit_bnds, T)  # type: ignore[no-any-return]
    energy = np.empty_like(T)
    # If both breakpoints are at the upper end of the fitted range, higher temperatures count as heating, too.
    heated = curve.hdd_bp == curve.cdd_bp >= T_fit_bnds[1]
    energy[order] = Temperatures(T[order]).energy(curve, heated=heated)
    return energy


class Temperatures:
    """Sorted temperatures, at which the curve is evaluated repeatedly."""

    def __init__(self, ordered: Floats) -> None:
        self.ordered = ordered
        self.values: list[float] = ordered.tolist()
        self._energy = np.empty_like(ordered)

    def energy(self, curve: Curve, *, heated: bool = False) -> Floats:
        """Return the energy at each temperature, in an array that the next call overwrites.

        heated: whether all temperatures are on the first slope. `full_model` computes the same values one at a time.
        Its rules for equal breakpoints matter only if a temperature is outside the fitted range: at a breakpoint, the
        energy is the intercept on either side.
        """
        hdd_bp, hdd_beta, hdd_k, cdd_bp, cdd_beta, cdd_k, intercept = curve.ordered()
        energy = self._energy
        if hdd_beta == 0 and cdd_beta == 0:
            energy.fill(intercept)
            return energy
        if curve.is_too_sharp:
            energy[:] = _theirs(*curve, self.ordered[[0, -1]], self.ordered)
            return energy
        size = len(self.values)
        until, since = (size, size) if heated else (bisect_left(self.values, hdd_bp), bisect_right(self.values, cdd_bp))
        if hdd_beta == 0:
            until = 0
        if cdd_beta == 0:
            since = size
        energy[until:since] = intercept
        if until:
            _piece(self.ordered[:until], hdd_bp, -hdd_beta, hdd_k, intercept, energy[:until])
        if since < size:
            _piece(self.ordered[since:], cdd_bp, cdd_beta, -cdd_k, intercept, energy[since:])
        return energy


def _piece(temperatures: Floats, bp: float, beta: float, k: float, intercept: float, out: Floats) -> None:
    """Compute the line from a breakpoint with its slope, and, if there is a k, its smoothing."""
    beyond = np.subtract(temperatures, bp)
    np.multiply(beyond, beta, out=out)
    np.add(out, intercept, out=out)
    if k:
        beyond *= 1 / k
        if not (_LOWEST <= beyond[0] <= _HIGHEST and _LOWEST <= beyond[-1] <= _HIGHEST):
            beyond = np.minimum(np.maximum(beyond, _LOWEST), _HIGHEST)
        grown = exp(beyond) - 1
        grown *= abs(beta * k)
        out += grown
