"""The time that is left, and where it stops work that can take long."""

import math
import time
from collections.abc import Callable
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import deadline
from chalicelib.deadline import DeadlineExceededError
from chalicelib.store.collections import traces
from chalicelib.store.runs import batches, meter_runs, outbox, queue
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.series import chunks, series
from chalicelib.store.series.series import Column
from chalicelib.store.shared import bulk, documents, ids, pages
from chalicelib.store.tables.runs import MeterRun


def test_without_a_deadline_there_is_time_for_everything() -> None:
    assert deadline.left() == math.inf
    deadline.check(1e9)


def test_it_holds_inside_and_in_threads_and_ends_with_the_block() -> None:
    seen: list[float] = []
    with deadline.within(5):
        thread = Thread(target=lambda: seen.append(deadline.left()))
        thread.start()
        thread.join()
        deadline.check(4)
        with pytest.raises(DeadlineExceededError):
            deadline.check(6)
    assert 4 < seen[0] <= 5
    assert deadline.left() == math.inf


def test_an_inner_deadline_can_only_be_sooner() -> None:
    with deadline.within(5):
        with deadline.within(60):
            assert deadline.left() <= 5
        with deadline.within(deadline.left() - 2):
            assert deadline.left() <= 3
        assert 3 < deadline.left() <= 5


def test_it_ends_with_the_block_after_an_error_as_well() -> None:
    with pytest.raises(DeadlineExceededError), deadline.within(0):
        deadline.check()
    assert deadline.left() == math.inf


class Table:
    """A table that counts its requests, each of which takes some time."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.requests = seconds, 0

    def batch_get(self, keys: list[int], *, consistent_read: bool) -> list[Any]:
        self.requests += 1
        time.sleep(self.seconds)
        return [SimpleNamespace(id=key) for key in keys]


def test_many_items_are_read_only_while_there_is_time() -> None:
    table: Any = Table(0.02)
    with pytest.raises(DeadlineExceededError), deadline.within(0.1):
        pages.get_many(table, range(100_000))
    assert 1 <= table.requests <= 6


def test_a_page_ends_in_time_and_the_next_goes_on_where_it_ended() -> None:
    table: Any = Table(0.02)
    with deadline.within(0.1):
        first = pages.walk(table, range(1, 10_001), 0, 1000, lambda item: item.id % 10 == 0)
    assert 0 < len(first.items) < 1000
    assert first.next is not None
    assert first.next % pages.BLOCK == 0
    second = pages.walk(table, range(1, 10_001), first.next, 1000, lambda item: item.id % 10 == 0)
    assert [item.id for item in first.items + second.items] == list(range(10, 10_001, 10))


def test_a_page_for_which_no_time_is_left_is_an_error_and_no_page() -> None:
    with pytest.raises(DeadlineExceededError), deadline.within(0):
        pages.walk(Table(0), range(1, 100), 0, 10)  # type: ignore[arg-type]


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written to a store in memory."""
    done: list[str] = []

    def noting(name: str) -> Callable[..., None]:
        return lambda *_, **__: done.append(name)

    monkeypatch.setattr(ids, "allocate", lambda resource, count=1: range(1, count + 1))
    entry = SimpleNamespace(first_run=1, size=0, delete=lambda: None)
    monkeypatch.setattr(outbox, "open", lambda *_: entry)
    monkeypatch.setattr(outbox, "accept", noting("accepted"))
    monkeypatch.setattr(bulk, "put_all", noting("runs"))
    monkeypatch.setattr(batches, "allocate", lambda: 1)
    monkeypatch.setattr(queue, "send", noting("queue"))
    monkeypatch.setattr(series, "append", noting("records"))
    monkeypatch.setattr(chunks, "keys", lambda prefix: ["a chunk"])
    monkeypatch.setattr(documents, "client", lambda: SimpleNamespace(delete_objects=noting("chunks deleted")))
    return done


def test_a_bulk_request_begins_to_write_only_what_it_has_the_time_to_write(writes: list[str]) -> None:
    with deadline.within(5):
        with pytest.raises(DeadlineExceededError):
            meter_runs.schedule_batch([[RunSpec()] * 6_000])
        assert writes == []
        meter_runs.schedule_batch([[RunSpec()] * 4_000])
    assert writes == ["runs", "accepted", "queue"]


def test_runs_that_were_written_are_accepted_although_there_is_no_time_to_queue_them(
    writes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(block: range) -> None:
        raise DeadlineExceededError

    monkeypatch.setattr(queue, "send", stop)
    with deadline.within(5):
        _, groups = meter_runs.schedule_batch([[RunSpec()]])
    assert len(groups[0]) == 1


def test_records_are_added_only_while_there_is_time(writes: list[str]) -> None:
    with pytest.raises(DeadlineExceededError), deadline.within(0):
        series.append_many({"a": Column(), "b": Column()})
    assert writes == []


def test_a_trace_whose_records_take_too_long_to_delete_is_deleted_and_its_records_later(
    writes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:

    def delete(number: int) -> bool:
        writes.append("trace deleted")
        return True

    monkeypatch.setattr(traces._traces, "delete", delete)
    with deadline.within(0):
        assert traces.delete(1)
    assert writes == ["trace deleted"]


def test_what_was_begun_is_undone_whatever_time_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    deleted: list[int] = []

    class Writer:
        def __enter__(self) -> "Writer":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def delete(self, run: MeterRun) -> None:
            deleted.append(run.id)

    monkeypatch.setattr(MeterRun, "batch_write", Writer)
    with deadline.within(0):
        with pytest.raises(DeadlineExceededError):
            bulk.put_all(MeterRun, [MeterRun(id=1)])
        bulk.delete_all(MeterRun, [MeterRun(id=1)])
    assert deleted == [1]
