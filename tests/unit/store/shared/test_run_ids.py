"""Which meter runs a list goes through."""

from collections.abc import Collection, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.shared import ids, pages, run_ids

LAST = 120
SUBSETS = st.sets(st.integers(1, LAST))


@given(
    owned=SUBSETS,
    listed=st.none() | SUBSETS,
    owner=st.sampled_from(["project", "trace", None]),
    bounds=st.none() | st.sets(st.integers(1, LAST), max_size=8),
    after=st.integers(0, LAST),
    gap=st.integers(0, 50),
)
def test_all_runs_that_match_are_candidates(
    owned: set[int], listed: set[int] | None, owner: str | None, bounds: set[int] | None, after: int, gap: int
) -> None:
    def indexed(index: object, keys: Collection[int], first: int, last: int) -> Iterator[int]:
        assert first <= last
        return iter(sorted(id for id in owned if first <= id <= last))

    def read(first: int, last: int) -> Iterator[int]:
        assert first <= last
        return iter(sorted(id for id in listed or () if first <= id <= last))

    within = None if bounds is None else ranges(sorted(bounds))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "allocated", lambda name: range(1, LAST + 1))
        patch.setattr(pages, "indexed", indexed)
        patch.setattr(run_ids, "GAP", gap)
        found = list(
            run_ids.candidates(
                after,
                project=[1] if owner == "project" else (),
                trace=[1] if owner == "trace" else (),
                within=within,
                listed=None if listed is None else read,
            )
        )
    allowed = {id for part in within for id in part} if within is not None else set(range(1, LAST + 1))
    allowed = {id for id in allowed if id > after}
    expected = allowed & (owned if owner else allowed) & (allowed if listed is None else listed)
    assert found == sorted(set(found))
    assert expected <= set(found) <= allowed
    if owner is None or listed is None:
        assert set(found) == expected


def ranges(bounds: Sequence[int]) -> list[range]:
    """Ranges with these starts and stops, some of which are empty."""
    return [range(start, stop) for start, stop in zip(bounds[::2], bounds[1::2], strict=False)] + [range(LAST, LAST)]
