"""Meter runs: written as PENDING and queued, and read one by one or in pages."""

import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from pynamodb.transactions import TransactWrite

from chalicelib import deadline
from chalicelib.reporting_window import Window
from chalicelib.store.runs import batches, outbox, queue
from chalicelib.store.shared import bulk, documents, ids, pages
from chalicelib.store.tables.indexes import DueIndex
from chalicelib.store.tables.runs import MeterRun, Outbox

logger = Logger(child=True)

MESSAGE_LIFETIME = 13 * 24 * 3600  # seconds; the queue retains a message for one more day
WRITTEN_PER_SECOND = 1_000  # runs, at least


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


def schedule(spec: RunSpec, posted: dict[str, Any] | None = None) -> MeterRun:
    """Write a run and queue it. `posted`: a meter input that is to be stored.

    Raises DeadlineExceededError and Busy; the run does not take place in that case.
    """
    block = _allocate(1)
    (run,) = _new_runs(block, [spec])
    if posted is not None:
        run.posted_input = run.meter_input = documents.input_key(run.document)
    entry = outbox.open(Outbox, block, keys=[] if posted is None else [documents.input_key(run.document)])
    run.save()
    if posted is not None:
        documents.put(documents.input_key(run.document), posted)
    outbox.accept(entry, {"resource": "meter_runs", "id": run.id})
    _queue(entry)
    return run


def schedule_batch(groups: Sequence[Sequence[RunSpec]]) -> tuple[int, list[list[MeterRun]]]:
    """Write the runs of a bulk request and queue them. Returns the batch id and the runs in the groups of their specs.

    Raises DeadlineExceededError and Busy; no run takes place in that case, and the reconciler deletes those that were
    written.
    """
    specs = [spec for group in groups for spec in group]
    batch = batches.allocate()
    block = _allocate(len(specs))
    runs = _new_runs(block, specs)
    for run in runs:
        run.batch, run.batch_shard = batch, batches.shard_of(run.id, len(specs))
    first, *others = batches.new(batch, block)
    entry = outbox.open(Outbox, block, batch)
    bulk.put_all(MeterRun, runs)
    batches.write(others)

    def fill(transaction: TransactWrite) -> None:
        transaction.save(first)

    sizes = [len(group) for group in groups]
    outbox.accept(entry, {"resource": "batches", "id": batch, "groups": sizes}, fill)
    _queue(entry)
    return batch, outbox.in_groups(runs, sizes)


def reconcile() -> int:
    """Queue the runs of accepted requests that were interrupted, and remove those of others; returns how many."""
    return outbox.reconcile(Outbox, _finish, _cancel)


def _allocate(count: int) -> range:
    deadline.check(count / WRITTEN_PER_SECOND)
    return ids.allocate("meter_runs", max(count, 1))[:count]  # even an empty batch needs an outbox entry of its own


def _new_runs(block: range, specs: Sequence[RunSpec]) -> list[MeterRun]:
    due = int(time.time()) + MESSAGE_LIFETIME
    return [
        MeterRun(
            id=id,
            document=str(uuid.uuid4()),
            open_shard=id % DueIndex.SHARDS,
            due=due,
            meter_input=spec.posted_input,
            **vars(spec),
        )
        for id, spec in zip(block, specs, strict=True)
    ]


def _queue(entry: Outbox) -> None:
    try:
        queue.send(outbox.runs_of(entry))
        entry.delete()
    except Exception:
        logger.exception("accepted runs were not all queued; the reconciler will queue them", first_run=entry.first_run)


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


def get_many(wanted: Iterable[int]) -> dict[int, MeterRun]:
    """The runs that exist among these ids, by id."""
    return pages.get_many(MeterRun, wanted)


def page(
    *,
    after: int,
    limit: int,
    project: int | None = None,
    trace: int | None = None,
    status: str | None = None,
    batch: int | None = None,
    failure_reason: str | None = None,
) -> pages.Page[MeterRun]:
    """A page of the runs that match the filters."""
    keep = pages.matches(project=project, trace=trace, status=status, batch=batch, failure_reason=failure_reason)
    if batch is not None:
        return pages.walk(MeterRun, batches.runs_of(batch), after, limit, keep)
    if trace is not None:
        return pages.query(MeterRun.trace_index, trace, after, limit, keep)
    if project is not None:
        return pages.query(MeterRun.project_index, project, after, limit, keep)
    return pages.walk(MeterRun, ids.allocated("meter_runs"), after, limit, keep)
