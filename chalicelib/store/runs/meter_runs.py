"""Meter runs: written as PENDING and queued, and read one by one or in pages."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import deadline
from chalicelib.reporting_window import Window
from chalicelib.store.runs import batches, outbox
from chalicelib.store.shared import bulk, ids, pages
from chalicelib.store.tables.indexes import DueIndex
from chalicelib.store.tables.runs import MeterRun

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
    meter_input: str | None = None  # the key of a posted input


def schedule(spec: RunSpec) -> MeterRun:
    """Write a run and queue it. Raises DeadlineExceededError; nothing is written in that case."""
    (run,) = _schedule([spec], None)
    return run


def schedule_batch(specs: list[RunSpec]) -> tuple[int, list[MeterRun]]:
    """Write the runs of a bulk request and queue them. Returns the batch id and the runs in order.

    Raises DeadlineExceededError; in that case none of the runs is queued, and the reconciler deletes those that were
    written.
    """
    batch = batches.allocate()
    return batch, _schedule(specs, batch)


def _schedule(specs: list[RunSpec], batch: int | None) -> list[MeterRun]:
    deadline.check(len(specs) / WRITTEN_PER_SECOND)
    block = ids.allocate("meter_runs", len(specs))
    due = int(time.time()) + MESSAGE_LIFETIME
    runs = [
        MeterRun(
            id=id,
            batch=batch,
            batch_shard=None if batch is None else batches.shard_of(id, len(specs)),
            document=str(uuid.uuid4()),
            open_shard=id % DueIndex.SHARDS,
            due=due,
            **vars(spec),
        )
        for id, spec in zip(block, specs, strict=True)
    ]
    outbox.open(block, batch)
    bulk.put_all(MeterRun, runs)
    if batch is not None:
        batches.write(batch, block)
    try:
        outbox.dispatch(block)
    except Exception:
        logger.exception("runs were written but not all queued; the reconciler will queue them", first_run=block.start)
    return runs


def get(id: int) -> MeterRun | None:
    """The run, or None."""
    return pages.get(MeterRun, id)


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
