"""Meter runs: written as PENDING and queued, and read one by one or in pages."""

import heapq
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from aws_lambda_powertools import Logger
from pynamodb.transactions import TransactWrite

from chalicelib import deadline
from chalicelib.reporting_window import Window
from chalicelib.store.runs import announcements, batch_shards, batches, outbox, queue, statuses
from chalicelib.store.shared import bulk, documents, ids, pages, run_ids
from chalicelib.store.shared.errors import Busy
from chalicelib.store.shared.narrowing import Read
from chalicelib.store.tables.runs import MeterRun, Outbox
from chalicelib.vocabulary import FailureReason

logger = Logger(child=True)

MESSAGE_LIFETIME = 13 * 24 * 3600  # seconds; the queue retains a message for one more day
WRITTEN_PER_SECOND = 1_000  # runs, at least
ARGUMENTS = ("model_class", "model_kwargs", "formatter_class", "formatter_kwargs", "uncertainty", "reporting_window")


@dataclass(frozen=True)
class RunSpec:
    """A client's request for a meter run."""

    project: int | None = None
    trace: int | None = None
    model_class: str | None = None
    model_kwargs: dict[str, Any] | None = None
    formatter_class: str | None = None
    formatter_kwargs: dict[str, Any] | None = None
    uncertainty: str | None = None
    reporting_window: Window | None = None
    posted_input: str | None = None  # S3 key of a meter input that is already stored

    @property
    def arguments(self) -> dict[str, Any]:
        """How the models are fitted."""
        return {name: getattr(self, name) for name in ARGUMENTS}


def schedule(spec: RunSpec, posted: dict[str, Any] | None = None) -> MeterRun:
    """Write a run and queue it. `posted`: a meter input that is to be stored.

    A stored input is copied, so that each run has its own, and the other run can be deleted.

    Raises DeadlineExceededError and Busy; the run does not take place in that case.
    """
    block = _allocate(1)
    (run,) = new_runs(block, [spec])
    key = documents.input_key(run.document)
    keys = [] if posted is None and spec.posted_input is None else [key]
    if keys:
        run.posted_input = run.meter_input = key
    entry = outbox.open(Outbox, block, keys=keys)
    run.save()
    if posted is not None:
        documents.put(key, posted)
    elif spec.posted_input is not None and not documents.copy(spec.posted_input, key):
        raise Busy("the meter input was deleted at the same time")
    outbox.accept(entry, {"resource": "meter_runs", "id": run.id})
    queue_accepted(entry)
    return run


def schedule_batch(groups: Sequence[Sequence[RunSpec]]) -> tuple[int, list[list[MeterRun]]]:
    """Write the runs of a bulk request and queue them. Returns the batch id and the runs in the groups of their specs.

    Raises DeadlineExceededError and Busy; no run takes place in that case, and the reconciler deletes those that were
    written.
    """
    specs = [spec for group in groups for spec in group]
    batch, shards = batches.allocate(), batch_shards.number_for(len(specs))
    block = _allocate(len(specs))
    runs = new_runs(block, specs)
    for run in runs:
        run.batch, run.batch_shard = batch, batch_shards.shard_of(run.id, shards)
    entry = outbox.open(Outbox, block, batch)
    bulk.put_all(MeterRun, runs)

    def fill(transaction: TransactWrite) -> None:
        transaction.save(batches.new(batch, block))
        announcements.add(transaction, batch)

    sizes = [len(group) for group in groups]
    outbox.accept(entry, {"resource": "batches", "id": batch, "groups": sizes}, fill)
    queue_accepted(entry)
    return batch, outbox.in_groups(runs, sizes)


def new_runs(block: range, specs: Sequence[RunSpec]) -> list[MeterRun]:
    """The rows of runs with these ids."""
    due = int(time.time()) + MESSAGE_LIFETIME
    return [
        MeterRun(
            id=id,
            document=str(uuid.uuid4()),
            status_partition=statuses.partition(statuses.PENDING, id),
            due=due,
            **vars(spec),
        )
        for id, spec in zip(block, specs, strict=True)
    ]


def queue_accepted(entry: Outbox) -> None:
    """Queue the runs of an accepted entry. Never raises: the reconciler queues what could not be queued."""
    try:
        queue.send(outbox.runs_of(entry))
        entry.delete()
    except Exception:
        logger.exception("accepted runs were not all queued; the reconciler will queue them", first_run=entry.first_run)


def reconcile() -> int:
    """Queue the runs of accepted requests that were interrupted, and remove those of others; returns how many."""
    return outbox.reconcile(Outbox, _finish, _cancel)


def _allocate(count: int) -> range:
    deadline.check(count / WRITTEN_PER_SECOND)
    return ids.allocate("meter_runs", max(count, 1))[:count]  # even an empty batch needs an outbox entry of its own


def _finish(entry: Outbox) -> int:
    if entry.batch is not None and batches.get(entry.batch) is None:  # interrupted in an earlier version
        _cancel(entry)
        return 0
    runs = get_many(outbox.runs_of(entry))
    pending = [id for id, run in sorted(runs.items()) if run.status == "PENDING"]
    queue.send(pending)
    return len(pending)


def _cancel(entry: Outbox) -> None:
    runs = get_many(outbox.runs_of(entry))
    bulk.delete_all(MeterRun, runs.values())
    if entry.batch is not None:
        batches.remove(entry.batch)


def get(id: int) -> MeterRun | None:
    """The run, or None."""
    return pages.get(MeterRun, id)


def was_allocated(id: int) -> bool:
    """Whether a run has ever had this id: if it does not exist, it was deleted, or its request was cancelled."""
    return 0 < id <= ids.last("meter_runs")


def get_many(wanted: Iterable[int]) -> dict[int, MeterRun]:
    """The runs that exist among these ids, by id."""
    return pages.get_many(MeterRun, wanted)


def page(
    *,
    after: int,
    limit: int,
    project: Collection[int] = (),
    trace: Collection[int] = (),
    status: Collection[str] = (),
    batch: Collection[int] = (),
    failure_reason: Collection[FailureReason] = (),
) -> pages.Page[MeterRun]:
    """A page of the runs that match the filters, each of which is a collection of accepted values; empty: all."""
    keep = pages.matches(project=project, trace=trace, status=status, batch=batch, failure_reason=failure_reason)
    within = ranges_of(batch) if batch else None
    candidates = run_ids.candidates(
        after, project=project, trace=trace, within=within, listed=_listed(status, failure_reason)
    )
    return pages.of_ids(MeterRun, candidates, limit, lambda block: list(filter(keep, block)))


def ranges_of(wanted: Collection[int]) -> list[range]:
    """The run ids of batches, as ascending ranges; an unknown batch has none."""
    return sorted((part for batch in set(wanted) for part in batches.runs_of(batch)), key=lambda part: part.start)


def _listed(status: Collection[str], failure_reason: Collection[FailureReason]) -> Read | None:
    if failure_reason:
        return lambda first, last: _merged(lambda one: statuses.ids("FAILED", first, last, one), failure_reason)
    if status:
        return lambda first, last: _merged(lambda one: statuses.ids(one, first, last), status)
    return None


def _merged(read: Callable[[Any], Iterator[int]], values: Collection[Any]) -> Iterator[int]:
    """The ids of all values, ascending and each once: for a moment, a run may be listed with two statuses."""
    return (id for id, _ in groupby(heapq.merge(*map(read, set(values)))))
