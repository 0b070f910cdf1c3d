"""The runs of an asynchronous request are the same in however many parts they are made."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.collections import links, projects, trace_groups, traces
from chalicelib.store.runs import batches, failed_runs, requested
from chalicelib.store.runs.meter_runs import ARGUMENTS, RunSpec
from chalicelib.store.runs.requested import START, UnavailableError, part_of
from chalicelib.store.shared import pages
from chalicelib.store.tables.runs import Batch

LINKED = {1: [1, 2, 5], 2: [3, 5], 3: [], 9: [4]}  # the traces of each project, of which 9 has been deleted
GONE = {2}  # a deleted trace that is still linked
FAILED = {7: [(10, 1, 1), (12, 2, 3), (20, 2, 5)]}  # the run, project and trace of each failed run of a batch
TARGETS: list[Any] = [
    {"pairs": [[1, 1], [1, 2], [2, 5], [9, 4], [3, 4]]},
    {"projects": [1, 9, 3, 2, 1]},
    {"traces": {"last": 5, "filter": None}},
    {"traces": {"last": 4, "filter": {"any": "filter"}}},
    {"failed_of_batch": 7},
    {"projects": [3]},
]
EXPECTED = [
    *[(1, 1), (2, 5), (3, 4)],
    *[(1, 1), (1, 5), (2, 3), (2, 5), (1, 1), (1, 5)],
    *[(1, 1), (2, 3), (1, 5), (2, 5)],
    *[(1, 1), (2, 3)],
    *[(1, 1), (2, 3), (2, 5)],
]
ALL = dict.fromkeys(ARGUMENTS) | {"model_class": "A"}


@pytest.fixture(autouse=True)
def _store(monkeypatch: pytest.MonkeyPatch) -> None:
    def existing(ids: Iterable[int], gone: set[int]) -> dict[int, int]:
        return {id: id for id in ids if id not in gone}

    def pairs_among(block: Iterable[int], specification: Any) -> list[tuple[int, int]]:
        return [
            (project, trace)
            for trace in block
            for project, linked in LINKED.items()
            if trace in linked and trace not in GONE and project != 9
        ]

    def repeated(batch: Batch, after: int, arguments: dict[str, Any]) -> Iterator[tuple[int, RunSpec]]:
        for id, project, trace in FAILED[batch.id]:
            if id > after:
                yield id, RunSpec(project, trace, **arguments)

    stored = {7: Batch(7, 0), 6: Batch(6, 0, state=batches.DELETING)}

    def traces_of(project: int, after: int, limit: int) -> list[int]:
        return [trace for trace in LINKED[project] if trace > after][:limit]

    monkeypatch.setattr(traces, "get_many", lambda ids: existing(ids, GONE))
    monkeypatch.setattr(projects, "get_many", lambda ids: existing(ids, {9}))
    monkeypatch.setattr(trace_groups, "pairs_among", pairs_among)
    monkeypatch.setattr(links, "traces_of", traces_of)
    monkeypatch.setattr(failed_runs, "repeated", repeated)
    monkeypatch.setattr(batches, "find", stored.get)


def parts(targets: list[Any], limit: int, seconds: float = 60) -> list[list[RunSpec]]:
    cursor: list[int] | None = START
    found: list[list[RunSpec]] = []
    while cursor is not None:
        part = part_of({"targets": targets, "arguments": ALL}, cursor, limit, seconds)
        assert part.specs or part.cursor is None or part.cursor > cursor
        found.append(part.specs)
        cursor = part.cursor
    return found


def pairs(specs: Iterable[RunSpec]) -> list[Any]:
    return [(spec.project, spec.trace) for spec in specs]


@given(st.integers(1, 30), st.integers(1, 4), st.integers(1, 3))
def test_every_run_is_in_one_part_in_the_order_of_the_targets(limit: int, block: int, page: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "BLOCK", block)
        patch.setattr(traces, "BLOCK", page)
        found = parts(TARGETS, limit)
    assert pairs(spec for part in found for spec in part) == EXPECTED
    assert all(len(part) <= max(limit, 2) for part in found)  # trace 5 has two projects
    assert all(spec.arguments == ALL for part in found for spec in part)


def test_a_part_ends_in_time_even_if_it_has_few_runs() -> None:
    found = parts(TARGETS, 1_000, seconds=0)
    assert len(found) > len(EXPECTED) / 2
    assert pairs(spec for part in found for spec in part) == EXPECTED


@pytest.mark.parametrize("limit", [1, 100])
@pytest.mark.parametrize("gone", [8, 6], ids=["deleted", "being deleted"])
def test_a_target_that_is_gone_is_an_error_after_the_runs_before_it(limit: int, gone: int) -> None:
    request = {"targets": [{"pairs": [[1, 1], [2, 5]]}, {"failed_of_batch": gone}], "arguments": ALL}
    cursor, found = START, list[RunSpec]()
    while len(found) < 2:
        part = part_of(request, cursor, limit, 60)
        assert part.cursor is not None
        found, cursor = found + part.specs, part.cursor
    assert pairs(found) == [(1, 1), (2, 5)]
    with pytest.raises(UnavailableError, match=f"Batch {gone} was deleted"):
        part_of(request, cursor, limit, 60)


def test_the_place_after_the_last_target_is_reached_once() -> None:
    assert requested.part_of({"targets": [{"projects": [3]}], "arguments": ALL}, START, 10, 60).cursor is None
