from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.shared.compact import PAGE, IdMap, IdPairs, IdSet

near = st.integers(1, 3 * PAGE)
some_ids = st.lists(near | st.integers(1, 2**53), max_size=50)


@given(some_ids)
def test_a_set_has_each_id_once_in_ascending_order(ids: list[int]) -> None:
    found = IdSet(ids)
    assert list(found) == sorted(set(ids))
    assert len(found) == len(set(ids))
    for id in ids:
        found.add(id)
    assert len(found) == len(set(ids))


@given(st.lists(st.tuples(near, st.integers(1, 2**53)), max_size=50), near)
def test_a_map_has_the_last_value_of_each_id_and_0_for_others(items: list[tuple[int, int]], other: int) -> None:
    found, expected = IdMap(), dict(items)
    for id, value in items:
        found[id] = value
    for id in [*expected, other]:
        assert found[id] == expected.get(id, 0)


@given(st.lists(st.tuples(near, near), max_size=20))
def test_pairs_keep_their_order(pairs: list[tuple[int, int]]) -> None:
    found = IdPairs()
    for pair in pairs:
        found.add(pair)
    assert (list(found), len(found)) == (pairs, len(pairs))
