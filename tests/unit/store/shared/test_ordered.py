"""Ids are listed in order from the partitions that they are dealt out to."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.shared import ordered

Listed = Callable[[ordered.Read, str, int, int], Iterator[int]]


@pytest.mark.parametrize(
    ("partition", "listed"),
    [(ordered.partition, ordered.ids), (ordered.block_partition, ordered.block_ids)],
)
@given(ids=st.sets(st.integers(1, 400)), first=st.integers(1, 400), last=st.integers(0, 420), page=st.integers(1, 20))
def test_the_ids_in_a_range_are_listed_in_order_and_each_once(
    partition: Callable[[str, int], str], listed: Listed, ids: set[int], first: int, last: int, page: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "PAGE", page)
        patch.setattr(ordered, "BLOCK", 50)
        stored: defaultdict[str, list[int]] = defaultdict(list)
        for id in sorted(ids):
            stored[partition("name", id)].append(id)

        def read(name: str, first: int, last: int, limit: int) -> list[int]:
            found = stored[name]
            return found[bisect_left(found, first) : bisect_right(found, last)][:limit]

        assert list(listed(read, "name", first, last)) == sorted(id for id in ids if first <= id <= last)


def test_consecutive_ids_are_in_different_partitions() -> None:
    assert len({ordered.partition("name", id) for id in range(8)}) == ordered.SHARDS
    assert len({ordered.block_partition("name", id) for id in range(8)}) == ordered.SHARDS
    assert ordered.block_partition("name", 1) != ordered.block_partition("name", 1 + ordered.BLOCK)
