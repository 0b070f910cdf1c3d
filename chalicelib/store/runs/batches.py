"""Batches: the runs of a bulk request, with counts of those that have ended, sharded by run id.

A claim changes no count: how many runs are RUNNING is counted in the index by status.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from pynamodb.transactions import TransactWrite

from chalicelib.store.runs import statuses
from chalicelib.store.shared import bulk, ids
from chalicelib.store.tables.base import now
from chalicelib.store.tables.runs import BatchShard, MeterRun
from chalicelib.vocabulary import FAILURE_REASONS, FailureReason

RUNS_PER_SHARD, MAX_SHARDS = 25, 64  # of a batch of up to 64,000 runs
RUNS_PER_SHARD_OF_MANY = 1_000  # of a larger one, whose transactions still rarely conflict then


@dataclass(frozen=True)
class BatchCount:
    """The progress of a bulk request.

    failed_by_reason: the FAILED runs by reason. Older ones have no reason and are counted only in `failed`.
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


def allocate() -> int:
    """Allocate the id of a new batch."""
    return ids.allocate("batches")[0]


def shard_of(run_id: int, size: int) -> int:
    """The shard that counts a run, for a batch of `size` runs."""
    return run_id % shards_of(size)


def shards_of(size: int) -> int:
    """The number of shards of a batch of `size` runs."""
    return max(1, min(max(MAX_SHARDS, size // RUNS_PER_SHARD_OF_MANY), size // RUNS_PER_SHARD))


def new(batch: int, runs: range) -> BatchShard:
    """Shard 0 of a new batch, by which the batch exists. A run that ends writes the others."""
    moment = now()
    return BatchShard(batch, 0, first_run=runs.start, size=len(runs), added=moment, updated=moment)


def get(batch: int) -> BatchCount | None:
    """The counts of a batch; None when there is no such batch."""
    shards = _shards(batch)
    if shards is None:
        return None
    runs, ended = _runs(shards[0]), sum(shard.success + shard.failed for shard in shards)
    left = len(runs) - ended
    running = min(left, statuses.count_running(runs.start, runs.stop - 1)) if left else 0
    return BatchCount(
        id=batch,
        total=len(runs),
        pending=left - running,
        running=running,
        success=sum(shard.success for shard in shards),
        failed=sum(shard.failed for shard in shards),
        failed_by_reason={
            reason: sum(getattr(shard, _count_of(reason)) for shard in shards) for reason in FAILURE_REASONS
        },
        added=shards[0].added,
        updated=max(shard.updated for shard in shards),
    )


def has_ended(batch: int) -> bool:
    """Whether every run of a batch has ended."""
    shards = _shards(batch)
    return shards is not None and sum(shard.success + shard.failed for shard in shards) == shards[0].size


def completed_batch(run: MeterRun) -> bool:
    """Whether a run that has just ended was the last of its batch.

    A worker that completes a shard checks the others. If two do so at once, at least the later one sees all of them
    complete.
    """
    if run.batch is None:
        return False
    shard, runs = BatchShard.get(run.batch, run.batch_shard, consistent_read=True), _known_runs(run.batch)
    shards = shards_of(len(runs))
    of_shard = len(range(runs.start + (run.batch_shard - runs.start) % shards, runs.stop, shards))
    return shard.success + shard.failed == of_shard and has_ended(run.batch)


def remove(batch: int) -> None:
    """Delete the shards of a batch, however many were written."""
    bulk.delete_all(BatchShard, BatchShard.query(batch, consistent_read=True))


def runs_of(batch: int) -> range:
    """The run ids of a batch; empty when there is no such batch."""
    try:
        return _runs(BatchShard.get(batch, 0, consistent_read=True))
    except BatchShard.DoesNotExist:
        return range(0)


def count(transaction: TransactWrite, run: MeterRun, status: str, reason: FailureReason | None = None) -> None:
    """Count a run that ends with a status, in the transaction that ends it.

    reason: the failure reason, if the status is FAILED.
    """
    if run.batch is None:
        return
    counts = [status.lower()] if reason is None else [status.lower(), _count_of(reason)]
    transaction.update(
        BatchShard(run.batch, run.batch_shard),
        actions=[*(getattr(BatchShard, name).add(1) for name in counts), BatchShard.updated.set(now())],
    )


@lru_cache(maxsize=64)
def _known_runs(batch: int) -> range:
    """The run ids of a batch that exists; they never change."""
    return _runs(BatchShard.get(batch, 0, consistent_read=True))


def _shards(batch: int) -> list[BatchShard] | None:
    """The shards that have been written, in order; None when there is no such batch."""
    shards = list(BatchShard.query(batch, consistent_read=True))
    return shards if shards and shards[0].shard == 0 else None


def _runs(first: BatchShard) -> range:
    return range(first.first_run, first.first_run + first.size)


def _count_of(reason: FailureReason) -> str:
    return f"failed_{reason}"
