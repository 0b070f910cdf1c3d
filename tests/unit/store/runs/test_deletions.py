"""A step of the deletion of a batch: what it deletes, in which order, and what is repeated after a kill."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from chalicelib.store.results import newest
from chalicelib.store.results.derivatives import derivative_ids
from chalicelib.store.runs import batches, deletions, meter_runs
from chalicelib.store.runs.deletions import Deleted
from chalicelib.store.shared import bulk, documents, pages
from chalicelib.store.tables.results import Derivative, MeterResult
from chalicelib.store.tables.runs import Batch, DeletedRuns, MeterRun


class Killed(BaseException):
    """The process was killed."""


class InMemory:
    """Batch 3 with the runs 11 to 15, of which 13 was deleted before; `deleted` is what was deleted, in order."""

    def __init__(self) -> None:
        self.first: Batch | None = Batch(3, 0, first_run=11, size=5, state="DELETING", deleted=1)
        self.rows = {id: MeterRun(id, document=f"d{id}", trace=1, project=2) for id in (11, 12, 14, 15)}
        self.entries: dict[int, list[Deleted]] = {}
        self.deleted: list[str] = []
        self.kill_before = ""
        self.saved = False

    def delete_all(self, model: Any, items: Iterable[Any]) -> None:
        ids = [item.id for item in items]
        if model.__name__ == self.kill_before:
            raise Killed
        if ids:
            self.deleted.append(f"{model.__name__} {ids}")
        for id in ids if model is MeterRun else ():
            self.rows.pop(id, None)

    def recorded(self, entry: DeletedRuns) -> bool:
        if entry.first_run in self.entries:
            return False
        self.entries[entry.first_run] = deletions.runs_of(entry)
        return True

    def move_on(self, first: Batch, last: int, count: int) -> None:
        first.deleted_to = last
        first.deleted += count

    def finish(self, first: Batch) -> None:
        self.first = None


@pytest.fixture
def batch(monkeypatch: pytest.MonkeyPatch) -> InMemory:
    """A batch in memory."""
    batch = InMemory()
    older = {12: MeterResult(12, derivatives=None), 14: MeterResult(14, derivatives=[[1]])}

    def save(entry: DeletedRuns, condition: Any) -> None:
        batch.saved = batch.recorded(entry)

    monkeypatch.setattr(deletions, "CHUNK", 3)
    monkeypatch.setattr(batches, "find", lambda number: batch.first)
    monkeypatch.setattr(meter_runs, "get_many", lambda ids: {id: batch.rows[id] for id in ids if id in batch.rows})
    monkeypatch.setattr(pages, "get_many", lambda model, ids: {id: older[id] for id in ids if id in older})
    monkeypatch.setattr(bulk, "delete_all", batch.delete_all)
    monkeypatch.setattr(documents, "delete_many", lambda keys: batch.deleted.append(f"{len(list(keys))} keys"))
    monkeypatch.setattr(documents, "keys_of", lambda document, attempts: [document])
    monkeypatch.setattr(deletions, "settings", lambda: type("Settings", (), {"max_attempts": 3}))
    monkeypatch.setattr(newest, "forget_many", lambda runs, keys: batch.deleted.append(f"newest {sorted(runs)}"))
    monkeypatch.setattr(DeletedRuns, "save", save)
    monkeypatch.setattr(deletions, "conditional_write", lambda write: write() or batch.saved)
    monkeypatch.setattr(
        DeletedRuns,
        "get",
        lambda first, number, consistent_read: deletions._entry(first, number, batch.entries[first]),
    )
    monkeypatch.setattr(deletions, "_move_on", batch.move_on)
    monkeypatch.setattr(deletions, "_finish", batch.finish)
    return batch


CHUNK = [
    "MeterRun [11, 12]",
    f"Derivative {[*derivative_ids(12)]}",
    "newest [11, 12]",
    "MeterResult [12]",
    "2 keys",
]


def test_runs_are_deleted_before_their_results_and_chunk_by_chunk(batch: InMemory) -> None:
    assert not deletions.advance(3)
    assert batch.deleted == CHUNK
    assert batch.first is not None
    assert (batch.first.deleted_to, batch.first.deleted) == (13, 3)
    assert not deletions.advance(3)
    assert (batch.first.deleted_to, batch.first.deleted) == (15, 5)
    assert deletions.advance(3)
    assert deletions.advance(3)  # it is gone


@pytest.mark.parametrize("table", [MeterRun, Derivative, MeterResult])
def test_a_step_that_was_killed_is_repeated_with_the_runs_that_it_had(batch: InMemory, table: Any) -> None:
    batch.kill_before = table.__name__
    with pytest.raises(Killed):
        deletions.advance(3)
    batch.kill_before, before = "", batch.deleted[:]
    assert not deletions.advance(3)
    assert batch.deleted[len(before) :] == CHUNK


def test_only_a_batch_that_is_to_be_deleted_is_deleted(batch: InMemory) -> None:
    assert batch.first is not None
    batch.first.state = None
    with pytest.raises(ValueError, match="batch 3 is ACTIVE"):
        deletions.advance(3)


def test_a_run_may_have_written_to_the_keys_of_all_attempts() -> None:
    assert set(documents.keys_of("d", 2)) == {
        "meter_inputs/d.json",
        "meter_outputs/d.json",
        *(f"meter_inputs/d-{number}.json" for number in range(3)),
        *(f"meter_outputs/d-{number}.json" for number in (1, 2)),
    }


def test_a_request_that_deletes_a_batch_twice_begins_once(
    batch: InMemory, monkeypatch: pytest.MonkeyPatch, commit: Callable[..., bool]
) -> None:
    monkeypatch.setattr(deletions, "commit", commit)
    assert deletions.begin(3)
    batch.first = None
    assert not deletions.begin(3)


@pytest.fixture
def commit() -> Callable[..., bool]:
    def fail(fill: Callable[[Any], None]) -> bool:
        raise AssertionError("a transaction was committed")

    return fail
