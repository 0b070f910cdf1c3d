from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.tables.attributes import IdsAttribute


@given(st.lists(st.integers(1, 2**53 - 1)))
def test_ids_survive_a_round_trip(ids: list[int]) -> None:
    attribute = IdsAttribute()
    assert attribute.deserialize(attribute.serialize(ids)) == ids


def test_100_000_ids_fit_in_an_item() -> None:
    ids = [3 * number + number % 7 * 1000 for number in range(100_000)]
    assert len(IdsAttribute().serialize(ids)) < 400_000
