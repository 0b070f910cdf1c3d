"""eemeter.eemeter.models.daily.base_models.full_model: the weight of each residual, by the pieces of the curve."""

from functools import lru_cache
from itertools import pairwise

import numpy as np

from chalicelib.metering.acceleration.curve import Curve
from chalicelib.metering.acceleration.libm import Floats
from chalicelib.metering.acceleration.loss import adaptive_weights

OUTLIER = 2.698  # standard deviations, equivalent to 1.5 interquartile ranges
_MIN_RESIDUALS = 3  # for a spread of their own


def weigh(curve: Curve, temperatures: Floats, residuals: Floats, alpha: float | str) -> tuple[Floats, Floats, Floats]:
    """`full_model_weight` for sorted temperatures: weights, what eemeter calls their scale, and the alpha of each."""
    ends = [0, *_cuts(curve, temperatures), len(residuals)]
    weights, shapes = np.ones_like(residuals), np.full_like(residuals, 2.0)
    for start, end in pairwise(ends):
        if end - start >= _MIN_RESIDUALS:
            weights[start:end], shapes[start:end] = _of_piece(residuals[start:end].tobytes(), alpha)
    return weights, weights.copy(), shapes  # eemeter returns the weights in place of the scale


def _cuts(curve: Curve, temperatures: Floats) -> list[int]:
    """Return where the pieces of the curve meet: the temperature closest to each breakpoint with a slope."""
    hdd_bp, cdd_bp = sorted((curve.hdd_bp, curve.cdd_bp))
    hdd_beta, cdd_beta = curve.hdd_beta, curve.cdd_beta
    if (hdd_beta == 0 and cdd_beta == 0) or cdd_bp >= temperatures[-1] or hdd_bp <= temperatures[0]:
        return []
    found = [bp for bp, beta in ((hdd_bp, hdd_beta), (cdd_bp, cdd_beta)) if beta != 0]
    return [int(np.argmin(np.abs(temperatures - bp))) for bp in found]


@lru_cache(maxsize=256)  # a step of the optimizer often leaves one side of the curve unchanged
def _of_piece(residuals: bytes, alpha: float | str) -> tuple[Floats, float]:
    weights, _, shape = adaptive_weights(np.frombuffer(residuals), alpha=alpha, sigma=OUTLIER)
    return weights, shape
