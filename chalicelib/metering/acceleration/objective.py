"""eemeter.eemeter.models.daily.objective_function and optimize: the objective, evaluated thousands of times per fit."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

import numpy as np
from eemeter.eemeter.models.daily.objective_function import obj_fcn_decorator as _theirs
from eemeter.eemeter.models.daily.optimize import obj_fcn_dec as _their_obj_fcn_dec

from chalicelib.metering.acceleration.curve import Curve, Temperatures
from chalicelib.metering.acceleration.libm import Floats
from chalicelib.metering.acceleration.spread import fast_std
from chalicelib.metering.acceleration.weights import weigh

_TOO_FEW = 1e30  # factor for a slope with too few days


def obj_fcn_decorator(
    model_fcn_full: Callable[..., Floats],
    weight_fcn: Callable[..., tuple[Floats, Floats, Floats]],
    TSS_fcn: Callable[..., Any] | None,
    T: Floats,
    obs: Floats,
    base_weights: Floats | None,
    settings: Any,
    alpha: float | str = 2.0,
    coef_id: list[str] | None = None,
    initial_fit: bool = True,
) -> Callable[..., Any]:
    """`obj_fcn_decorator`: the loss of the coefficients, and at the end the whole result.

    Temperatures are sorted once. If alpha is 2 and no weights are given, all weights are 1: the sum of squares needs no
    weighting, and the spread of a segment depends only on its ends, so it is cached.
    """
    if T.dtype != float or obs.dtype != float:  # lower precision rounds differently
        arguments = (T, obs, base_weights, settings, alpha, coef_id, initial_fit)
        return _theirs(model_fcn_full, weight_fcn, TSS_fcn, *arguments)  # type: ignore[no-any-return]
    return _Objective(TSS_fcn, T, obs, base_weights, settings, alpha, coef_id or [])


def obj_fcn_dec(obj_fcn: Callable[..., Any], x0: Floats, bnds: Floats) -> tuple[Callable[..., Any], list[int]]:
    """`obj_fcn_dec`: the objective itself if no coefficient is fixed by its bounds, which is nearly always the case."""
    free = [number for number, (low, high) in enumerate(bnds.tolist()) if low < high]
    return (obj_fcn, free) if len(free) == len(x0) else _their_obj_fcn_dec(obj_fcn, x0, bnds)


class _Objective:
    def __init__(
        self,
        tss_fcn: Callable[..., Any] | None,
        T: Floats,
        obs: Floats,
        base_weights: Floats | None,
        settings: Any,
        alpha: float | str,
        coef_id: list[str],
    ) -> None:
        order = np.argsort(T)
        self.back = np.argsort(order)
        self.T, self.obs = T, obs
        self.size = len(coef_id)
        self.temperatures = Temperatures(T[order])
        self.ordered_obs = obs[order]
        self.tss_fcn, self.alpha = tss_fcn, alpha
        self.base_weights = None if base_weights is None else base_weights[order]
        self.uniform = alpha == 2.0 and base_weights is None
        self.of_split = "r_squared" in settings.split_selection.criteria
        self.curve = _CURVES[len(coef_id)]
        self.raw = Curve if self.curve is _smooth else self.curve
        self.regularized = settings.regularization_alpha != 0
        self.penalty = _Penalty(self.temperatures, self.ordered_obs, settings, len(coef_id))
        self._squares = np.empty_like(obs)

    def __call__(self, X: Any, grad: Any = (), optimize_flag: bool = True) -> Any:
        coefficients: list[float] = np.asarray(X).tolist()
        if len(coefficients) < self.size:  # a scalar search, whose number eemeter uses for all coefficients
            coefficients *= self.size
        energy = self.temperatures.energy(self.curve(*coefficients))
        residuals = np.subtract(energy, self.ordered_obs)
        if self.uniform:
            weight = None
            np.square(residuals, out=self._squares)
        else:
            weight, scale, shape = weigh(self.raw(*coefficients), self.temperatures.ordered, residuals, self.alpha)
            if self.base_weights is not None:
                weight = weight * self.base_weights
                weight /= np.sum(weight)
            np.multiply(weight, residuals**2, out=self._squares)
        squared = float(np.add.reduce(self._squares[self.back]))
        loss = squared / len(self.obs)
        if self.regularized:
            loss += self.penalty(coefficients, weight, math.sqrt(loss))
        if optimize_flag:
            return loss
        if weight is None:
            weight = np.ones(len(self.obs))
            scale, shape = weight, 2.0 * weight
        found = np.array(coefficients)
        spread = squared
        if self.of_split and self.tss_fcn is not None:
            spread = self.tss_fcn(*found, self.temperatures.ordered, self.ordered_obs)
        return (
            found,
            np.float64(loss),
            np.float64(spread),
            self.T,
            energy[self.back],
            weight[self.back],
            residuals[self.back],
            None,
            np.mean(shape),
            scale,
        )


class _Penalty:
    """`elastic_net_penalty`: the size of the coefficients, scaled by the spread of the data."""

    def __init__(self, temperatures: Temperatures, obs: Floats, settings: Any, size: int) -> None:
        self.temperatures, self.obs = temperatures, obs
        self.least = settings.segment_minimum_count
        self.lasso: float = settings.regularization_percent_lasso * settings.regularization_alpha
        self.ridge: float = (1 - settings.regularization_percent_lasso) * settings.regularization_alpha
        self.scaled = _SCALED[size]
        self.first, self.last = temperatures.values[0], temperatures.values[-1]
        self.span = self.last - self.first
        self.ratios: dict[tuple[int, int], float] = {}

    def __call__(self, coefficients: list[float], weight: Floats | None, rmse: float) -> float:
        per_degree = rmse / self.span if self.span else float(np.divide(rmse, self.span))
        scaled = self.scaled(self, coefficients, weight, per_degree)
        total = 0.0
        for one in scaled:  # not sum(), which compensates rounding errors since Python 3.12
            total += abs(one)
        penalty = self.lasso * total
        return penalty if self.ridge == 0 else penalty + self.ridge * float(np.linalg.norm(scaled, 2))

    def of_two(self, coefficients: list[float], weight: Floats | None, per_degree: float) -> list[float]:
        """Scale the coefficients of a model with a heating and a cooling slope, with or without smoothing."""
        smooth = len(coefficients) == 7
        if smooth:
            hdd_bp, hdd_beta, hdd_k, cdd_bp, cdd_beta, cdd_k, _ = coefficients
        else:
            hdd_bp, hdd_beta, cdd_bp, cdd_beta, _ = coefficients
        values, least = self.temperatures.values, self.least
        size = len(values)
        first, last = bisect_left(values, hdd_bp), bisect_right(values, cdd_bp)
        heated, cooled = first, size - last
        until, since = heated, last
        if heated < least <= cooled:
            until = max(first, last)
        elif cooled < least <= heated:
            since = min(first, last)
        if until >= least and size - since >= least:
            hdd_ratio = self.ratio(0, until, weight, in_array=True)
            cdd_ratio = self.ratio(since, size, weight, in_array=True)
        else:
            hdd_ratio = cdd_ratio = self.ratio_of_all(weight)
            heated = cooled = max(0, last - first)
        hdd_beta, cdd_beta = hdd_beta * hdd_ratio, cdd_beta * cdd_ratio
        if heated < least:
            hdd_beta *= _TOO_FEW
        if cooled < least:
            cdd_beta *= _TOO_FEW
        half = (cdd_bp - hdd_bp) / 2
        hdd_bp = (min(abs(hdd_bp - self.first), abs(hdd_bp - self.last)) + half) * per_degree
        cdd_bp = (min(abs(cdd_bp - self.first), abs(cdd_bp - self.last)) + half) * per_degree
        if not smooth:
            return [hdd_bp, hdd_beta, cdd_bp, cdd_beta]
        total = hdd_k + cdd_k
        if total > 1:
            hdd_k, cdd_k = hdd_k / total, cdd_k / total
        return [hdd_bp, hdd_beta, hdd_k * (hdd_beta / 2), cdd_bp, cdd_beta, cdd_k * (cdd_beta / 2)]

    def of_one(self, coefficients: list[float], weight: Floats | None, per_degree: float) -> list[float]:
        """Scale the coefficients of a model with one slope (negative for heating), with or without smoothing."""
        bp, beta = coefficients[:2]
        values, least = self.temperatures.values, self.least
        size = len(values)
        if beta < 0:
            heated = bisect_right(values, bp)
            cooled, cut = 0, heated
        else:
            cut = bisect_left(values, bp)
            heated, cooled = 0, size - cut
        tidd = size - heated - cooled
        in_hdd, in_cdd = heated, cooled
        if heated < least <= cooled:
            in_hdd = tidd
        elif cooled < least <= heated:
            in_cdd = tidd
        if in_hdd >= least:
            days, ratio = heated, self.ratio(0, cut, weight)
        elif in_cdd >= least:
            days, ratio = cooled, self.ratio(cut, size, weight)
        else:
            days, ratio = tidd, self.ratio_of_all(weight)
        beta *= ratio
        if days < least:
            beta *= _TOO_FEW
        scaled = [min(abs(bp - self.first), abs(bp - self.last)) * per_degree, beta]
        return scaled if len(coefficients) == 3 else [*scaled, coefficients[2] * (beta / 2)]

    def of_none(self, coefficients: list[float], weight: Floats | None, per_degree: float) -> list[float]:
        """Return no coefficients for a model without slopes; raises the same division error as eemeter."""
        self.ratio_of_all(weight)
        return []

    def ratio(self, start: int, end: int, weight: Floats | None, *, in_array: bool = False) -> float:
        """Return the spread of the temperatures divided by that of the observations, for a range of sorted days.

        in_array: for two slopes, eemeter divides in an array, where a division by 0 is not an error.
        """
        if weight is not None:
            both = (of[start:end] for of in (self.temperatures.ordered, self.obs))
            above, below = (fast_std(of, weight[start:end].copy()) for of in both)
            return float(above / (np.float64(below) if in_array else below))
        if (start, end) not in self.ratios:
            above, below = (fast_std(of[start:end]) for of in (self.temperatures.ordered, self.obs))
            self.ratios[start, end] = float(above / below)
        return self.ratios[start, end]

    def ratio_of_all(self, weight: Floats | None) -> float:
        """Return the ratio for all days; the first spread changes the weights that the second one uses."""
        if weight is None:
            return self.ratio(0, len(self.obs), None)
        weight = weight.copy()
        above, below = (fast_std(of, weight) for of in (self.temperatures.ordered, self.obs))
        return float(above / below)


def _smooth(
    hdd_bp: float, hdd_beta: float, hdd_k: float, cdd_bp: float, cdd_beta: float, cdd_k: float, c: float
) -> Curve:
    """`get_smooth_coeffs`: k is a share of the distance between the breakpoints, which move closer by it."""
    if hdd_k < 0.01 and cdd_k < 0.01:
        return Curve(hdd_bp, hdd_beta, 0.0, cdd_bp, cdd_beta, 0.0, c)
    total = hdd_k + cdd_k
    if total > 1:
        hdd_k, cdd_k = hdd_k / total, cdd_k / total
    hdd_k, cdd_k = hdd_k * (cdd_bp - hdd_bp), cdd_k * (cdd_bp - hdd_bp)
    return Curve(hdd_bp + hdd_k, hdd_beta, hdd_k, cdd_bp - cdd_k, cdd_beta, cdd_k, c)


def _one_slope(bp: float, beta: float, k: float, intercept: float) -> Curve:
    if beta < 0:
        return Curve(bp, -beta, k, bp, 0.0, 0.0, intercept)
    return Curve(bp, 0.0, 0.0, bp, beta, k, intercept)


# By the number of coefficients, which identifies eemeter's five models.
_CURVES: dict[int, Callable[..., Curve]] = {
    7: _smooth,
    5: lambda hdd_bp, hdd_beta, cdd_bp, cdd_beta, c: Curve(hdd_bp, hdd_beta, 0.0, cdd_bp, cdd_beta, 0.0, c),
    4: _one_slope,
    3: lambda bp, beta, c: _one_slope(bp, beta, 0.0, c),
    1: lambda c: Curve(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, c),
}
_SCALED: dict[int, Callable[..., list[float]]] = {
    7: _Penalty.of_two,
    5: _Penalty.of_two,
    4: _Penalty.of_one,
    3: _Penalty.of_one,
    1: _Penalty.of_none,
}
