"""The harness catches deliberate bugs: each takes away one of the things that make an effect happen exactly once."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from pynamodb.transactions import TransactWrite

from chalicelib.jobs import reconcile
from chalicelib.store import idempotency
from chalicelib.store.collections import traces
from chalicelib.store.runs import batch_shards, claims, outbox, outcomes, queue
from chalicelib.store.shared.transactions import commit
from chalicelib.store.tables.runs import MeterRun
from tests.faults.injection import Mode
from tests.faults.search import search

Bug = Callable[[pytest.MonkeyPatch], None]


def claim_without_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim succeeds even if another worker has claimed or ended the run since it was read."""
    monkeypatch.setattr(claims, "can_be_claimed", lambda: MeterRun.id.exists())


def count_outside_of_its_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a run is counted in its batch right after the transaction that ends it."""
    count = batch_shards.count

    def commit_apart(fill: Callable[[TransactWrite], None]) -> bool:
        counted: list[tuple[Any, ...]] = []
        with patch.object(batch_shards, "count", lambda _, *arguments: counted.append(arguments)):
            done = commit(fill)
        if done and counted:
            commit(lambda transaction: count(transaction, *counted[0]))
        return done

    monkeypatch.setattr(outcomes, "commit", commit_apart)


def message_before_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are queued before they are written and accepted."""
    open = outbox.open

    def open_and_queue(table: Any, runs: range, *arguments: Any, **named: Any) -> Any:
        queue.send(runs)
        return open(table, runs, *arguments, **named)

    monkeypatch.setattr(outbox, "open", open_and_queue)


def no_second_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody wakes the aggregations of a batch if its last worker dies before it does."""
    monkeypatch.delitem(reconcile.TASKS, "never_woken")


def success_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that succeeds is not counted in its batch."""
    count = batch_shards.count

    def skipping(transaction: TransactWrite, run: MeterRun, status: str, *reason: Any) -> None:
        if status != "SUCCESS":
            count(transaction, run, status, *reason)

    monkeypatch.setattr(batch_shards, "count", skipping)


def key_without_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a request creates is not recorded with its Idempotency-Key."""
    monkeypatch.setattr(idempotency, "record", lambda transaction, created: None)


def forgotten_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing remembers that the series of a deleted trace is to be deleted."""
    monkeypatch.setattr(traces._traces, "leaves", None)


def cancelled_without_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reconciler removes the runs of an interrupted request, which may still be accepted."""
    monkeypatch.setattr(outbox, "conditional_write", lambda write: True)


BATCH, SINGLE, WAITING = "an aggregation after a batch", "a single run", "an aggregation after a batch"
BUGS: list[tuple[Bug, str, str, Mode | None]] = [
    (claim_without_condition, BATCH, "UpdateItem", Mode.LATE),
    (count_outside_of_its_transaction, BATCH, "TransactWriteItems", Mode.KILLED_AFTER),
    (message_before_row, SINGLE, "TransactWriteItems", Mode.KILLED_BEFORE),
    (no_second_callback, WAITING, "SendTaskSuccess", Mode.KILLED_BEFORE),
    (success_not_counted, BATCH, "", None),
    (key_without_effect, SINGLE, "SendMessageBatch", Mode.KILLED_BEFORE),
    (forgotten_series, "a delete during a run", "TransactWriteItems", Mode.KILLED_AFTER),
    (cancelled_without_condition, SINGLE, "TransactWriteItems", Mode.LATE),
]


@pytest.mark.slow
@pytest.mark.parametrize(("bug", "scenario", "call", "mode"), BUGS, ids=[bug.__name__ for bug, *_ in BUGS])
def test_a_bug_is_caught(
    monkeypatch: pytest.MonkeyPatch, bug: Bug, scenario: str, call: str, mode: Mode | None
) -> None:
    bug(monkeypatch)
    outcomes_of_faults = list(
        search(scenario, lambda points: [point for point in points if (point.call, point.mode) == (call, mode)])
    )
    found = {violation.invariant for outcome in outcomes_of_faults for violation in outcome.violations}
    assert found - {"harness"}
