"""Batches: the runs of a bulk request, with counts per status that are sharded by run id."""

from dataclasses import dataclass
from datetime import datetime

from pynamodb.transactions import TransactWrite

from chalicelib.store.shared import bulk, ids
from chalicelib.store.tables.base import now
from chalicelib.store.tables.runs import BatchShard, MeterRun
from chalicelib.vocabulary import FAILURE_REASONS, FailureReason

RUNS_PER_SHARD, MAX_SHARDS = 25, 64


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
    return run_id % max(1, min(MAX_SHARDS, size // RUNS_PER_SHARD))


def new(batch: int, runs: range) -> list[BatchShard]:
    """The shards of a new batch with all its runs pending. A batch exists once its first shard, shard 0, is written."""
    moment = now()
    counts = {0: 0}
    for run in runs:
        shard = shard_of(run, len(runs))
        counts[shard] = counts.get(shard, 0) + 1
    return [
        BatchShard(batch, shard, first_run=runs.start, size=len(runs), pending=pending, added=moment, updated=moment)
        for shard, pending in counts.items()
    ]


def write(shards: list[BatchShard]) -> None:
    """Write shards."""
    bulk.put_all(BatchShard, shards)


def get(batch: int) -> BatchCount | None:
    """The counts of a batch; None when there is no such batch."""
    shards = list(BatchShard.query(batch, consistent_read=True))
    if not shards or shards[0].shard != 0:
        return None
    return BatchCount(
        id=batch,
        total=shards[0].size,
        pending=sum(shard.pending for shard in shards),
        running=sum(shard.running for shard in shards),
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
    count = get(batch)
    return count is not None and not count.pending and not count.running


def completed_batch(run: MeterRun) -> bool:
    """Whether a run that has just ended was the last of its batch.

    A worker that empties a shard checks the others. If two do so at once, at least the later one sees them all empty.
    """
    if run.batch is None:
        return False
    shard = BatchShard.get(run.batch, run.batch_shard, consistent_read=True)
    return not shard.pending and not shard.running and has_ended(run.batch)


def remove(batch: int) -> None:
    """Delete the shards of a batch, however many were written."""
    bulk.delete_all(BatchShard, BatchShard.query(batch, consistent_read=True))


def runs_of(batch: int) -> range:
    """The run ids of a batch; empty when there is no such batch."""
    try:
        shard = BatchShard.get(batch, 0, consistent_read=True)
    except BatchShard.DoesNotExist:
        return range(0)
    return range(shard.first_run, shard.first_run + shard.size)


def move(transaction: TransactWrite, run: MeterRun, to: str, reason: FailureReason | None = None) -> None:
    """Move a run to the count of its new status, in the transaction that sets this status.

    reason: the failure reason, if the new status is FAILED.
    """
    if run.batch is None:
        return
    entered = [to.lower()] if reason is None else [to.lower(), _count_of(reason)]
    transaction.update(
        BatchShard(run.batch, run.batch_shard),
        actions=[
            getattr(BatchShard, run.status.lower()).add(-1),
            *(getattr(BatchShard, name).add(1) for name in entered),
            BatchShard.updated.set(now()),
        ],
    )


def _count_of(reason: FailureReason) -> str:
    return f"failed_{reason}"
