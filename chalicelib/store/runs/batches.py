"""Batches: the runs of a bulk request, and how many of them have ended.

A claim changes no count: how many runs are RUNNING is counted in the index by status. A run that is deleted is counted
as deleted, and no longer with its status. The ids of a synchronous request are consecutive; those of an asynchronous
one are several ranges, which grow while it expands (`store.runs.expansions`).
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from chalicelib.store.runs import batch_shards, statuses
from chalicelib.store.runs.batch_shards import count_of, done, totals
from chalicelib.store.shared import bulk, ids, pages
from chalicelib.store.tables.base import now
from chalicelib.store.tables.runs import Batch, BatchCounts, MeterRun
from chalicelib.vocabulary import FAILURE_REASONS, FailureReason

State = Literal["EXPANDING", "ACTIVE", "DELETING"]
EXPANDING: State = "EXPANDING"  # an asynchronous request, whose runs are still being made
ACTIVE: State = "ACTIVE"
DELETING: State = "DELETING"
STATE_CACHED = 10  # seconds for which a worker knows that a batch is not being deleted


@dataclass(frozen=True)
class BatchCount:
    """The progress of a bulk request.

    failed_by_reason: the FAILED runs by reason. Older ones have no reason and are counted only in `failed`. total: the
    runs that were not deleted. While the batch is DELETING, the other counts are 0.
    failure_message: why an asynchronous request has not made all its runs; None if it has, or still makes them.
    """

    id: int
    total: int
    pending: int
    running: int
    success: int
    failed: int
    failed_by_reason: dict[FailureReason, int]
    added: datetime
    updated: datetime
    state: State = ACTIVE
    failure_message: str | None = None


def allocate() -> int:
    """Allocate the id of a new batch."""
    return ids.allocate("batches")[0]


def new(batch: int, runs: range) -> Batch:
    """The item of a new batch with consecutive runs, by which it exists."""
    moment, shards = now(), batch_shards.number_for(len(runs))
    return Batch(batch, 0, first_run=runs.start, size=len(runs), shards=shards, added=moment, updated=moment)


def find(batch: int) -> Batch | None:
    """The item of a batch (strongly consistent), or None."""
    try:
        return Batch.get(batch, 0, consistent_read=True)
    except Batch.DoesNotExist:
        return None


def find_many(wanted: Iterable[int]) -> dict[int, Batch]:
    """The items of those batches that exist (strongly consistent), by id. Raises DeadlineExceededError."""
    keys = [(batch, 0) for batch in sorted(set(wanted))]
    return {found.id: found for found in pages.batch_get(Batch, keys)}


def get(batch: int) -> BatchCount | None:
    """The counts of a batch; None when there is no such batch."""
    found, counts = _counts(batch)
    if found is None:
        return None
    total = totals(counts)
    if found.state == DELETING:
        return _being_deleted(found, max(0, found.size - total["deleted"]), counts)
    # Not below 0: runs may have been added and have ended since the batch was read.
    left = max(0, found.size - sum(map(done, counts)))
    running = min(left, statuses.count_running(ranges_in(found))) if left else 0
    return BatchCount(
        id=batch,
        total=left + total["success"] + total["failed"],
        pending=left - running,
        running=running,
        success=total["success"],
        failed=total["failed"],
        failed_by_reason={reason: total[count_of(reason)] for reason in FAILURE_REASONS},
        added=found.added,
        updated=max(one.updated for one in counts),
        state=EXPANDING if found.state == EXPANDING else ACTIVE,
        failure_message=found.failure_message,
    )


def exists(batch: int) -> bool:
    """Whether there is such a batch."""
    return find(batch) is not None


def has_ended(batch: int) -> bool:
    """Whether every run of a batch has been made, and has ended or was deleted.

    It also has ended if the batch itself is being deleted or was.
    """
    found, counts = _counts(batch)
    if found is None or found.state == DELETING:
        return True
    return bool(found.state != EXPANDING and sum(map(done, counts)) == found.size)


def completed_batch(run: MeterRun) -> bool:
    """Whether a run that has just ended, or was deleted before it could, was the last of its batch.

    A worker that completes a shard checks the others. If two do so at once, at least the later one sees all of them
    complete. While a batch expands, no shard is complete, and who ends the expansion checks the batch after that. The
    reconciler checks the batches of earlier versions.
    """
    if run.batch is None:
        return False
    parts, shards = _known_runs(run.batch)
    return shards is not None and batch_shards.is_complete(run, parts, shards) and has_ended(run.batch)


def remove(batch: int) -> None:
    """Delete what there is of a batch."""
    batch_shards.remove(batch)
    bulk.delete_all(Batch, Batch.query(batch, consistent_read=True))


def remove_counts(batch: int) -> None:
    """Delete the counts of a batch, but not the item by which it exists."""
    batch_shards.remove(batch)
    bulk.delete_all(Batch, Batch.query(batch, Batch.shard > 0, consistent_read=True))


def is_being_deleted(batch: int) -> bool:
    """Whether a batch is being deleted or was, as of up to STATE_CACHED seconds ago."""
    return _is_being_deleted(batch, int(time.time()) // STATE_CACHED)


def has_run(batch: int, run_id: int) -> bool:
    """Whether a run has been accepted as one of a batch."""
    return any(run_id in part for part in runs_of(batch))


def runs_of(batch: int) -> list[range]:
    """The run ids of a batch, as ascending ranges; none when there is no such batch."""
    found = find(batch)
    return [] if found is None else ranges_in(found)


def ranges_in(found: Batch) -> list[range]:
    """The run ids of a batch, as ascending ranges."""
    if found.bounds is None:
        return [range(found.first_run, found.first_run + found.size)]
    return [range(start, stop) for start, stop in zip(found.bounds[::2], found.bounds[1::2], strict=True)]


@lru_cache(maxsize=64)
def _is_being_deleted(batch: int, moment: int) -> bool:
    found = find(batch)
    return found is None or found.state == DELETING


@lru_cache(maxsize=64)
def _known_runs(batch: int) -> tuple[Sequence[range] | None, int | None]:
    """The run ids of a synchronous request, or None, and the number of shards of a batch. These never change."""
    found = Batch.get(batch, 0, consistent_read=True)
    return (ranges_in(found) if found.bounds is None else None), found.shards


def _counts(batch: int) -> tuple[Batch | None, list[BatchCounts]]:
    """The item of a batch, or None, and all items that have its counts, which it is one of."""
    stored = list(Batch.query(batch, consistent_read=True))  # more than one if an earlier version has counted runs
    if not stored or stored[0].shard != 0:
        return None, []
    return stored[0], [*stored, *batch_shards.of(stored[0])]


def _being_deleted(found: Batch, left: int, counts: Sequence[BatchCounts]) -> BatchCount:
    return BatchCount(
        id=found.id,
        total=left,
        pending=0,
        running=0,
        success=0,
        failed=0,
        failed_by_reason=dict.fromkeys(FAILURE_REASONS, 0),
        added=found.added,
        updated=max(one.updated for one in counts),
        state=DELETING,
    )
