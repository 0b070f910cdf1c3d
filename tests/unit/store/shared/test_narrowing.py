"""Two indexes are compared without reading either as a whole."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.shared import narrowing


class Index:
    """An index that counts the ids that are read."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids, self.entries = ids, 0

    def read(self, first: int, last: int) -> Iterator[int]:
        for id in self.ids[bisect_left(self.ids, first) : bisect_right(self.ids, last)]:
            self.entries += 1
            yield id


@given(
    one=st.sets(st.integers(1, 300)),
    other=st.sets(st.integers(1, 300)),
    first=st.integers(1, 300),
    last=st.integers(0, 320),
    page=st.integers(1, 20),
    items=st.integers(1, 20),
)
def test_no_common_id_is_missing_and_all_are_ascending(
    one: set[int], other: set[int], first: int, last: int, page: int, items: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(narrowing, "PAGE", page)
        patch.setattr(narrowing, "ITEMS", min(items, page))
        found = list(narrowing.narrowed(Index(sorted(one)).read, Index(sorted(other)).read, first, last))
    assert found == sorted(set(found))
    assert {id for id in one & other if first <= id <= last} <= set(found)
    assert set(found) <= {id for id in one | other if first <= id <= last}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (range(1, 1_000_001), range(995_001, 1_000_001)),
        (range(1, 1_000_001), range(7, 1_000_001, 100_000)),
        (range(3, 1_000_001, 3), range(33, 1_000_001, 33)),
        (range(500_000, 1_000_001), range(33, 1_000_001, 33)),
    ],
    ids=["at the end", "few", "scattered", "from the middle on"],
)
def test_a_page_of_a_list_reads_few_entries(one: range, other: range) -> None:
    indexes = Index(one), Index(other)
    both, listed, candidates = set(one) & set(other), 0, 0
    for id in narrowing.narrowed(indexes[0].read, indexes[1].read, 1, 1_000_000):
        candidates += 1
        listed += id in both
        if listed == 1_000:
            break
    assert listed == min(len(both), 1_000)
    assert candidates <= 4_000
    assert sum(index.entries for index in indexes) <= 60_000


def test_indexes_with_nothing_in_common_return_ids_for_a_page_to_end_with() -> None:
    even, odd = Index(range(2, 1_000_001, 2)), Index(range(1, 1_000_001, 2))
    found = narrowing.narrowed(even.read, odd.read, 1, 1_000_000)
    assert len(list(found)) >= 200
