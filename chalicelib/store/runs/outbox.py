"""The transactional outbox: a request that schedules runs either takes effect completely, or not at all.

An entry is written before the runs, and accepted once everything the runs need is stored; after that they are queued or
started, and the entry is deleted. The reconciler completes the entries that remain: it finishes a request that was
accepted, and cancels one that was not, which then can no longer be accepted.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aws_lambda_powertools import Logger
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.store import idempotency
from chalicelib.store.shared import documents
from chalicelib.store.shared.errors import Busy
from chalicelib.store.shared.transactions import commit, conditional_write
from chalicelib.store.tables.base import latest_write
from chalicelib.store.tables.runs import Outbox

R = TypeVar("R")

logger = Logger(child=True)

GRACE_PERIOD = 120  # seconds; longer than any request lives


def open(
    table: type[Outbox], runs: range, batch: int | None = None, keys: Sequence[str] = (), grace: int = GRACE_PERIOD
) -> Outbox:
    """Write the entry of a request that is about to write these runs, and documents under these keys.

    grace: seconds after which the process that writes them is certainly dead.
    """
    due = int(time.time()) + grace
    entry = table(runs.start, size=len(runs), batch=batch, documents=list(keys), due=due)
    entry.save()
    return entry


def accept(entry: Outbox, created: dict[str, Any], fill: Callable[[TransactWrite], None] = lambda _: None) -> None:
    """Accept a request, together with the writes that `fill` adds. `created`: see `idempotency.record`.

    Raises Busy when the request was cancelled, or another one holds its Idempotency-Key by now.
    """

    def fill_all(transaction: TransactWrite) -> None:
        idempotency.record(transaction, created)
        fill(transaction)

    if not accept_part(entry, fill_all):
        raise Busy("the request took so long that it was cancelled")


def accept_part(entry: Outbox, fill: Callable[[TransactWrite], None]) -> bool:
    """Accept runs that a job has written for a request; False if they were cancelled, or a condition does not hold."""
    table = type(entry)

    def fill_all(transaction: TransactWrite) -> None:
        accepted: list[Action] = [table.state.set("ACCEPTED")]
        transaction.update(table(entry.first_run), actions=accepted, condition=table.state == "WRITING")
        fill(transaction)

    return commit(fill_all)


def runs_of(entry: Outbox) -> range:
    """The ids of the runs of a request."""
    return range(entry.first_run, entry.first_run + entry.size)


def in_groups(runs: Sequence[R], sizes: Sequence[int]) -> list[list[R]]:
    """The runs in consecutive groups of these sizes."""
    remaining = iter(runs)
    return [[next(remaining) for _ in range(size)] for size in sizes]


def reconcile(table: type[Outbox], finish: Callable[[Outbox], int], cancel: Callable[[Outbox], None]) -> int:
    """Complete the overdue entries; returns the number of runs that `finish` queued or started.

    finish: finish an accepted request. cancel: remove the rows that a request wrote. The next pass retries what fails.
    """
    finished = 0
    for entry in table.scan(filter_condition=table.due < int(time.time()), consistent_read=True):
        try:
            finished += _complete(entry, finish, cancel)
        except Exception:
            logger.exception("a request could not be completed", first_run=entry.first_run)
    return finished


def _complete(entry: Outbox, finish: Callable[[Outbox], int], cancel: Callable[[Outbox], None]) -> int:
    table = type(entry)
    if entry.state in ("ACCEPTED", None):  # None: written by an earlier version
        finished = finish(entry)
        entry.delete()
        return finished
    if entry.state == "CANCELLED":  # for the second time: whatever arrived late
        _remove(entry, cancel)
        entry.delete()
        return 0
    cancelled: list[Action] = [table.state.set("CANCELLED"), table.due.set(latest_write())]
    still_writing = table.state == "WRITING"
    if conditional_write(lambda: table(entry.first_run).update(actions=cancelled, condition=still_writing)):
        _remove(entry, cancel)
    return 0


def _remove(entry: Outbox, cancel: Callable[[Outbox], None]) -> None:
    for key in entry.documents:
        documents.delete(key)
    cancel(entry)
