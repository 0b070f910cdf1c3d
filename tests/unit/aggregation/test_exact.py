"""Exact sums: neither the split nor the order changes a bit."""

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aggregation.exact import expansion

NUMBERS = st.floats(-1e125, 1e125, allow_subnormal=True)  # the range of DynamoDB's numbers


@given(st.lists(NUMBERS))
def test_the_parts_add_up_to_exactly_the_values(values: list[float]) -> None:
    assert sum(map(Fraction, expansion(values))) == sum(map(Fraction, values))


@given(st.lists(st.lists(NUMBERS)), st.randoms())
def test_any_split_and_order_gives_the_same_bits(chunks: list[list[float]], random: object) -> None:
    whole = [value for chunk in chunks for value in chunk]
    parts = [part for chunk in chunks for part in expansion(chunk)]
    random.shuffle(parts)  # type: ignore[attr-defined]
    assert math.fsum(parts).hex() == math.fsum(whole).hex()


@given(st.lists(NUMBERS, min_size=100, max_size=300))
def test_an_expansion_is_short(values: list[float]) -> None:
    assert len(expansion(values)) < 30
