"""Standard deviations, orders of magnitude and bounds equal eemeter's."""

import eemeter.common.utils as theirs
import numpy as np
import pytest
from eemeter.eemeter.models.daily.utilities import base_model
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.metering.acceleration import bounds, spread
from tests.unit.metering.acceleration.same import outcome

numbers = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)  # eemeter compiles a function at its first call
@given(st.integers(1, 400), st.integers(0, 2**32), st.sampled_from([1.0, 1e-12, 1e12, 1e150, 1e-200]), st.booleans())
@pytest.mark.parametrize("weighting", ["none", "same", "random", "normal", "few", "one differs"])
def test_fast_std(weighting: str, size: int, seed: int, scale: float, mean_is_known: bool) -> None:
    random = np.random.default_rng(seed)
    x = scale * random.standard_normal(size)
    weights = {
        "none": None,
        "same": np.full(size, 0.3),
        "random": random.random(size),
        "normal": (share := random.random(size)) / share.sum(),
        "few": np.where(random.random(size) < 0.9, 0.0, 1.0),
        "one differs": np.where(np.arange(size) == size // 2, 0.5, 1.0),
    }[weighting]
    mean = float(x.mean()) if mean_is_known else None
    copies = [None if weights is None else weights.copy() for _ in range(2)]  # eemeter writes into them
    assert outcome(spread.fast_std, x, copies[0], mean) == outcome(theirs.fast_std, x, copies[1], mean)


@pytest.mark.parametrize("method", ["round", "floor", "ceil", "exact", "Floor"])
@settings(deadline=None)  # eemeter compiles a function at its first call
@given(
    st.lists(st.one_of(st.floats(), st.integers(-400, 300).map(lambda exponent: float(f"1e{exponent}"))), max_size=20)
)
def test_orders_of_magnitude(method: str, values: list[float]) -> None:
    x = np.array(values, dtype=float)
    assert outcome(spread.OoM_numba, x, method) == outcome(theirs.OoM_numba, x, method)


@settings(deadline=None)  # eemeter compiles a function at its first call
@given(st.lists(st.one_of(st.tuples(numbers, numbers), numbers.map(lambda one: (one, one))), min_size=1, max_size=7))
@example([(0.0, 0.0), (1.0, 2.0), (-1e-5, -1e-5), (-0.0, 0.0), (1e300, 1e300), (float("inf"), float("inf"))])
def test_identical_bounds(rows: list[tuple[float, float]]) -> None:
    ours, expected = np.array(rows), np.array(rows)
    assert outcome(bounds.fix_identical_bnds, ours) == outcome(base_model.fix_identical_bnds, expected)
    assert outcome(lambda: ours) == outcome(lambda: expected)  # both in the array itself
