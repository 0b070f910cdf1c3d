"""SciPy's scalar minimization, in plain floats.

The steps are those of `scipy.optimize.minimize_scalar`, operation by operation, so that the numbers and the result are
identical. SciPy spends most of its time in NumPy functions on single numbers and in handling its options.
"""

import math
from collections.abc import Callable

from scipy.optimize import minimize_scalar

Function = Callable[[float], float]

_GOLD, _GROW, _TINY = 1.618034, 110.0, 1e-21
_SECTION, _LEAST = 0.3819660, 1.0e-11
_GOLDEN_MEAN = 0.5 * (3.0 - math.sqrt(5.0))
_SQRT_EPS = math.sqrt(2.2e-16)


def brent(function: Function, tol: float) -> float:
    """Return the minimum that `minimize_scalar(function, method="brent", tol=tol)` finds."""
    found = _bracket(function)
    if found is None:  # flat, or not a number: rare, so left to SciPy
        return float(minimize_scalar(function, method="brent", tol=tol).x)
    xa, x, xc, fx = found
    w = v = x
    fw = fv = fx
    a, b = (xa, xc) if xa < xc else (xc, xa)
    deltax = rat = 0.0
    for _ in range(500):
        tol1 = tol * abs(x) + _LEAST
        tol2 = 2.0 * tol1
        xmid = 0.5 * (a + b)
        if abs(x - xmid) < (tol2 - 0.5 * (b - a)):
            break
        if abs(deltax) <= tol1:
            deltax = a - x if x >= xmid else b - x
            rat = _SECTION * deltax
        else:
            tmp1 = (x - w) * (fx - fv)
            tmp2 = (x - v) * (fx - fw)
            p = (x - v) * tmp2 - (x - w) * tmp1
            tmp2 = 2.0 * (tmp2 - tmp1)
            if tmp2 > 0.0:
                p = -p
            tmp2 = abs(tmp2)
            before, deltax = deltax, rat
            if p > tmp2 * (a - x) and p < tmp2 * (b - x) and abs(p) < abs(0.5 * tmp2 * before):
                rat = p * 1.0 / tmp2
                u = x + rat
                if (u - a) < tol2 or (b - u) < tol2:
                    rat = tol1 if xmid - x >= 0 else -tol1
            else:
                deltax = a - x if x >= xmid else b - x
                rat = _SECTION * deltax
        step = max(abs(rat), tol1)
        u = x + step if rat >= 0 else x - step
        fu = function(u)
        if fu > fx:
            if u < x:
                a = u
            else:
                b = u
            if fu <= fw or w == x:
                v, w, fv, fw = w, u, fw, fu
            elif fu <= fv or v in (x, w):
                v, fv = u, fu
        else:
            if u >= x:
                a = x
            else:
                b = x
            v, w, x = w, x, u
            fv, fw, fx = fw, fx, fu
    return x


def _bracket(function: Function) -> tuple[float, float, float, float] | None:
    """Return the ends and middle of `scipy.optimize.bracket`, and the value at the middle; None if there is none."""
    xa, xb = 0.0, 1.0
    fa, fb = function(xa), function(xb)
    if fa < fb:
        xa, xb, fa, fb = xb, xa, fb, fa
    xc = xb + _GOLD * (xb - xa)
    fc = function(xc)
    for _ in range(1000):
        if not fc < fb:
            break
        tmp1 = (xb - xa) * (fb - fc)
        tmp2 = (xb - xc) * (fb - fa)
        val = tmp2 - tmp1
        denom = 2.0 * _TINY if abs(val) < _TINY else 2.0 * val
        w = xb - ((xb - xc) * tmp2 - (xb - xa) * tmp1) / denom
        wlim = xb + _GROW * (xc - xb)
        if (w - xc) * (xb - w) > 0.0:
            fw = function(w)
            if fw < fc:
                xa, xb, fa, fb = xb, w, fb, fw
                break
            if fw > fb:
                xc, fc = w, fw
                break
            w = xc + _GOLD * (xc - xb)
            fw = function(w)
        elif (w - wlim) * (wlim - xc) >= 0.0:
            w = wlim
            fw = function(w)
        elif (w - wlim) * (xc - w) > 0.0:
            fw = function(w)
            if fw < fc:
                xb, xc, fb, fc = xc, w, fc, fw
                w = xc + _GOLD * (xc - xb)
                fw = function(w)
        else:
            w = xc + _GOLD * (xc - xb)
            fw = function(w)
        xa, xb, xc = xb, xc, w
        fa, fb, fc = fb, fc, fw
    else:
        return None
    lower = (fb < fc and fb <= fa) or (fb < fa and fb <= fc)
    ordered = xa < xb < xc or xc < xb < xa
    return (xa, xb, xc, fb) if lower and ordered and math.isfinite(xa) and math.isfinite(xc) else None


def bounded(function: Function, a: float, b: float, xatol: float) -> float:
    """Return the minimum: `minimize_scalar(function, bounds=[a, b], method="bounded", options={"xatol": xatol})`."""
    fulc = nfc = xf = a + _GOLDEN_MEAN * (b - a)
    ffulc = fnfc = fx = function(xf)
    rat = e = 0.0
    xm = 0.5 * (a + b)
    tol1 = _SQRT_EPS * abs(xf) + xatol / 3.0
    tol2 = 2.0 * tol1
    for _ in range(499):
        if not abs(xf - xm) > (tol2 - 0.5 * (b - a)):
            break
        golden = True
        if abs(e) > tol1:
            r = (xf - nfc) * (fx - ffulc)
            q = (xf - fulc) * (fx - fnfc)
            p = (xf - fulc) * q - (xf - nfc) * r
            q = 2.0 * (q - r)
            if q > 0.0:
                p = -p
            q = abs(q)
            r, e = e, rat
            if abs(p) < abs(0.5 * q * r) and p > q * (a - xf) and p < q * (b - xf):
                golden = False
                rat = (p + 0.0) / q
                x = xf + rat
                if (x - a) < tol2 or (b - x) < tol2:
                    rat = tol1 if xm - xf >= 0 else -tol1
        if golden:
            e = a - xf if xf >= xm else b - xf
            rat = _GOLDEN_MEAN * e
        step = max(abs(rat), tol1)
        x = xf + step if rat >= 0 else xf - step
        fu = function(x)
        if fu <= fx:
            if x >= xf:
                a = xf
            else:
                b = xf
            fulc, ffulc = nfc, fnfc
            nfc, fnfc = xf, fx
            xf, fx = x, fu
        else:
            if x < xf:
                a = x
            else:
                b = x
            if fu <= fnfc or nfc == xf:
                fulc, ffulc = nfc, fnfc
                nfc, fnfc = x, fu
            elif fu <= ffulc or fulc in (xf, nfc):
                fulc, ffulc = x, fu
        xm = 0.5 * (a + b)
        tol1 = _SQRT_EPS * abs(xf) + xatol / 3.0
        tol2 = 2.0 * tol1
    return xf
