"""The weights of residuals equal eemeter's."""

from collections.abc import Callable

import eemeter.common.adaptive_loss as theirs
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.metering.acceleration import loss
from chalicelib.metering.acceleration.libm import Floats
from tests.unit.metering.acceleration.same import outcome

Alpha = float | str

KINDS = ("normal", "ties", "outliers", "one outlier", "heavy", "same", "zeros", "integers", "bounded", "skew", "two")


def residuals(kind: str, size: int, seed: int, scale: float) -> Floats:
    random = np.random.default_rng(seed)
    normal = random.standard_normal(size)
    kinds: dict[str, Callable[[], Floats]] = {
        "normal": lambda: normal,
        "ties": lambda: np.round(normal, 1),
        "outliers": lambda: np.where(random.random(size) < 0.1, 100 * normal, normal),
        "one outlier": lambda: np.where(np.arange(size) == size // 2, 1e6, normal),
        "heavy": lambda: random.standard_cauchy(size),
        "same": lambda: np.full(size, normal[0]),
        "zeros": lambda: np.where(random.random(size) < 0.8, 0.0, normal),
        "integers": lambda: np.round(3 * normal),
        "bounded": lambda: random.uniform(-1, 1, size),
        "skew": lambda: random.exponential(1, size) ** random.uniform(1, 6),
        "two": lambda: np.where(random.random(size) < 0.5, -1.0, 2.0),
    }
    return np.asarray(scale * kinds[kind]())


def weights_of(module: object, x: Floats, alpha: Alpha) -> object:
    # a copy for each, in case one modifies it
    found = outcome(module.adaptive_weights, x.copy(), alpha=alpha, sigma=2.698, quantile=0.25)  # type: ignore[attr-defined]
    if alpha == 2 and isinstance(found, list):
        return found[0], found[2]  # the scale is not used then
    return found


@pytest.mark.parametrize("alpha", ["adaptive", 2.0, 1.5, 1.0, 0.5, 0.0, -2.0, -30.0, -100.0, -150.0])
@settings(deadline=None)  # eemeter compiles a function at its first call
@given(
    st.sampled_from(KINDS),
    st.one_of(st.integers(3, 12), st.integers(3, 400)),
    st.integers(0, 2**32),
    st.sampled_from([1.0, 1e-12, 1e12, 1e150, 1e-160, 1e300, 1e-300, 5e-324]),
)
def test_adaptive_weights(alpha: Alpha, kind: str, size: int, seed: int, scale: float) -> None:
    x = residuals(kind, size, seed, scale)
    assert weights_of(loss, x, alpha) == weights_of(theirs, x, alpha)


@pytest.mark.parametrize("alpha", ["adaptive", 2.0, 1.5, 1.0, 0.0, -2.0, -100.0])
@settings(deadline=None)  # eemeter compiles a function at its first call
@given(st.lists(st.floats(), min_size=3, max_size=30))
@example([1e-170, -1e-170, 2e-170, 3e-170, 1.0])
@example([0.0, 1e-300, 2e-300, -1e-300, 1.0])
@example([1.0, 2.0, 3.0, float("inf")])
@example([1.0, 2.0, 3.0, float("nan")])
@example([float("nan")] * 3)
@example([1e308, -1e308, 1e308, -1e308])
def test_adaptive_weights_of_any_numbers(alpha: Alpha, numbers: list[float]) -> None:
    x = np.array(numbers)
    assert weights_of(loss, x, alpha) == weights_of(theirs, x, alpha)
