"""eemeter.eemeter.models.daily.base_models.hdd_tidd_cdd: the initial guess for the optimizer."""

import math
from bisect import bisect_left, bisect_right
from typing import Any

import numpy as np
from eemeter.eemeter.models.daily.base_models.hdd_tidd_cdd import _hdd_tidd_cdd_smooth_x0 as _theirs
from eemeter.eemeter.models.daily.optimize import InitialGuessOptimizer
from eemeter.eemeter.models.daily.parameters import ModelCoefficients, ModelType
from eemeter.eemeter.models.daily.utilities.opt_settings import OptimizationSettings

from chalicelib.metering.acceleration.curve import Curve, Temperatures
from chalicelib.metering.acceleration.libm import Floats
from chalicelib.metering.acceleration.loss import adaptive_weights
from chalicelib.metering.acceleration.search import brent

_LN_2 = np.log(2)
_SCALAR_ALGORITHMS = ("scipy_brent", "scipy_bounded", "scipy_golden")


def get_slope(x: Floats, y: Floats, x_bp: float, intercept: float, alpha: float | str = 2) -> float:
    """`get_slope`: the slope from a fixed point by least squares, or by log cosh loss if alpha is not 2."""
    beyond = x - x_bp
    line = np.empty_like(beyond)

    def squares(slope: float) -> float:
        np.multiply(beyond, slope, out=line)
        np.add(line, intercept, out=line)
        np.subtract(y, line, out=line)
        np.square(line, out=line)
        return math.sqrt(np.add.reduce(line))

    def log_cosh(slope: float) -> float:
        residuals = y - (slope * beyond + intercept)
        return float(np.sum(np.logaddexp(residuals, -residuals) - _LN_2))

    return brent(squares if alpha == 2 else log_cosh, tol=0.1)


class _Breakpoints:
    """The loss of two breakpoints, with slopes and intercept estimated for them."""

    def __init__(self, T: Floats, obs: Floats, alpha: float | str, settings: Any) -> None:
        order = np.argsort(T)
        self.T, self.obs = T[order], obs[order]
        self.temperatures = Temperatures(self.T)
        self.least: int = settings.segment_minimum_count
        self.lasso: float = settings.regularization_alpha
        self.alpha = alpha
        self.low = float(np.quantile(self.obs, 0.20))

    def __call__(self, x: Any, grad: Any = ()) -> float:
        first, second = x.tolist()
        residuals = self.residuals(self.curve(first, second))
        residuals -= self.middle(residuals)
        if self.alpha == 2:
            loss = float(np.add.reduce(np.square(residuals)))
        else:
            weight, _, _ = adaptive_weights(residuals, alpha=self.alpha, sigma=2.698)
            loss = float(np.sum(weight * residuals**2))
        values: list[float] = self.temperatures.values
        half = (second - first) / 2
        scale = float(math.sqrt(loss / len(values)) / np.float64(values[-1] - values[0]))
        low, high = (min(abs(bp - values[0]), abs(bp - values[-1])) for bp in (first, second))
        penalty: float = self.lasso * (abs((low + half) * scale) + abs((high + half) * scale))
        return loss + penalty

    def best(self, first: float, second: float) -> Curve:
        """Return the curve of two breakpoints, with the mean or median residual added to its intercept.

        eemeter does the same.
        """
        curve = self.curve(first, second)
        return curve._replace(intercept=curve.intercept + self.middle(self.residuals(curve)))

    def residuals(self, curve: Curve) -> Floats:
        return np.subtract(self.temperatures.energy(curve), self.obs)

    def curve(self, first: float, second: float) -> Curve:
        """`estimate_betas_and_intercept`."""
        hdd_bp, cdd_bp = (first, second) if first < second else (second, first)
        T, obs, values, least, size = self.T, self.obs, self.temperatures.values, self.least, len(self.obs)
        heated, cooled = bisect_left(values, hdd_bp), bisect_right(values, cdd_bp)
        if cooled > heated:
            intercept = self.middle(obs[heated:cooled])
        elif size - cooled >= least and heated >= least and (cooled + least - 1) - (heated - least) > 0:
            intercept = self.middle(obs[heated - least : cooled + least - 1])
        else:
            intercept = self.low
        hdd_beta = -get_slope(T[:heated], obs[:heated], hdd_bp, intercept, self.alpha)
        cdd_beta = get_slope(T[cooled:], obs[cooled:], cdd_bp, intercept, self.alpha)
        return Curve(hdd_bp, max(hdd_beta, 0.0), 0.0, cdd_bp, max(cdd_beta, 0.0), 0.0, intercept)

    def middle(self, y: Floats) -> float:
        """`get_intercept`."""
        return float(np.add.reduce(y) / len(y)) if self.alpha == 2 else float(np.median(y))


def _hdd_tidd_cdd_smooth_x0(T: Floats, obs: Floats, alpha: float | str, settings: Any, smooth: bool) -> Any:
    """`_hdd_tidd_cdd_smooth_x0`: a coarse search for the two breakpoints."""
    if settings.initial_guess_algorithm_choice in _SCALAR_ALGORITHMS or not len(T):  # fails, with eemeter's message
        return _theirs(T, obs, alpha, settings, smooth)
    if T.dtype != float or obs.dtype != float:  # lower precision rounds differently
        return _theirs(T, obs, alpha, settings, smooth)
    loss = _Breakpoints(T, obs, alpha, settings)
    low, high = sorted((loss.T[loss.least - 1], loss.T[-loss.least]))
    if low == high:
        low, high = np.min(loss.T), np.max(loss.T)
    search = InitialGuessOptimizer(
        loss,
        np.array([(high - low) * 0.10, (high - low) * 0.90]) + low,
        np.array([[low, high], [low, high]]),
        OptimizationSettings(
            algorithm=settings.initial_guess_algorithm_choice,
            stop_criteria_type="iteration maximum",
            stop_criteria_value=200,
            initial_step=settings.initial_step_percentage,
            x_tol_rel=1e-3,
            f_tol_rel=0.5,
        ),
    )
    curve = loss.best(*search.run().x.tolist())
    return ModelCoefficients(
        model_type=ModelType.HDD_TIDD_CDD_SMOOTH if smooth else ModelType.HDD_TIDD_CDD,
        hdd_bp=curve.hdd_bp,
        hdd_beta=curve.hdd_beta,
        hdd_k=0.0 if smooth else None,
        cdd_bp=curve.cdd_bp,
        cdd_beta=curve.cdd_beta,
        cdd_k=0.0 if smooth else None,
        intercept=curve.intercept,
    )
