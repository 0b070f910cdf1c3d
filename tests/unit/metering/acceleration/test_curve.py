"""The curve over temperatures equals eemeter's."""

from typing import Any

import numpy as np
import pytest
from eemeter.eemeter.models.daily.base_models.full_model import full_model as theirs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.metering.acceleration import curve
from tests.unit.metering.acceleration.same import outcome

temperatures = st.one_of(st.floats(-60, 130), st.integers(0, 100).map(float), st.sampled_from([0.0, 40.0, 60.0, 100.0]))
slopes = st.one_of(st.just(0.0), st.floats(-10, 1e3), st.sampled_from([1e-300, 1e150, -0.0]))
ks = st.one_of(st.just(0.0), st.floats(-50, 1e3), st.sampled_from([1e-12, 1e-308, 5e-324, -1e-9]))


@settings(deadline=None)  # eemeter compiles a function at its first call
@given(
    temperatures,
    slopes,
    ks,
    temperatures,
    slopes,
    ks,
    st.floats(-1e6, 1e6),
    st.booleans(),
    st.tuples(temperatures, temperatures).map(sorted),
    st.lists(temperatures, min_size=0, max_size=60),
)
@example(100.0, 1.0, 2.0, 100.0, 0.0, 0.0, 5.0, False, [40.0, 100.0], [0.0, 40.0, 100.0, 120.0])  # heated beyond
@example(0.0, 1.0, 2.0, 0.0, 3.0, 1.0, 5.0, False, [0.0, 60.0], [-20.0, 0.0, 60.0, 120.0])
@example(60.0, 1.0, -2.0, 40.0, 3.0, 1.0, 5.0, False, [0.0, 60.0], [-20.0, 0.0, 40.0, 50.0, 60.0, 120.0])
def test_full_model(
    hdd_bp: float,
    hdd_beta: float,
    hdd_k: float,
    cdd_bp: float,
    cdd_beta: float,
    cdd_k: float,
    intercept: float,
    one_breakpoint: bool,
    bounds: list[float],
    values: list[float],
) -> None:
    x = (hdd_bp, hdd_beta, hdd_k, hdd_bp if one_breakpoint else cdd_bp, cdd_beta, cdd_k, intercept)
    T = np.array(values, dtype=float)
    assert outcome(curve.full_model, *x, np.array(bounds), T) == outcome(theirs, *x, np.array(bounds), T)


def test_temperatures_that_are_not_known() -> None:
    T = np.array([1.0, np.nan, 3.0, 2.0, np.nan, np.nan, 4.0, np.nan])
    bounds = np.array([1.0, 4.0])
    for x in (
        (1.5, 1.0, 0.0, 2.5, 2.0, 0.0, 7.0),
        (1.5, 1.0, 0.5, 2.5, 2.0, 0.5, 7.0),
        (4.0, 1.0, 0.5, 4.0, 0.0, 0.0, 7.0),
    ):
        assert outcome(curve.full_model, *x, bounds, T) == outcome(theirs, *x, bounds, T)


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_other_numbers(dtype: type) -> None:
    T: Any = np.array([1, 7, 3, 2, 90], dtype=dtype)
    x = (2.5, 0.1, 0.3, 4.5, 0.7, 0.5, 0.123)
    bounds = np.array([1.0, 90.0])
    assert outcome(curve.full_model, *x, bounds, T) == outcome(theirs, *x, bounds, T)
