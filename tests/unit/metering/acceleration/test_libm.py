"""The exponential and power functions equal the C library's."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.metering.acceleration import libm


def test_it_is_exact_here() -> None:
    assert libm.is_exact()


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=70))
def test_exp(numbers: list[float]) -> None:
    assert libm.exp(np.array(numbers)).tolist() == [math.exp(number) for number in numbers]


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=70), st.floats(-51, 1))
def test_power(bases: list[float], exponent: float) -> None:
    assert libm.power(np.array(bases), exponent).tolist() == [math.pow(base, exponent) for base in bases]
