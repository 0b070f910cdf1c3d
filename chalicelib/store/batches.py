"""Batches: the runs of one bulk request, counted in shards by run id."""

from dataclasses import dataclass
from datetime import datetime

from pynamodb.transactions import TransactWrite

from chalicelib.store import bulk, ids
from chalicelib.store.tables import BatchShard, MeterRun, now
from chalicelib.vocabulary import FAILURE_REASONS, FailureReason

RUNS_PER_SHARD, MAX_SHARDS = 25, 64


@dataclass(frozen=True)
class BatchCount:
    """The progress of one bulk request.

    failed_by_reason: those that FAILED, by FAILURE_REASONS; older ones, which have no reason, are in `failed` alone.
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
    """The id of a new batch."""
    return ids.allocate("batches")[0]


def shard_of(run_id: int, size: int) -> int:
    """The shard that counts a run of a batch of this size."""
    return run_id % max(1, min(MAX_SHARDS, size // RUNS_PER_SHARD))


def write(batch: int, runs: range) -> None:
    """Store a batch with all its runs pending. Its shard 0 comes last: once it is there the batch is accepted."""
    moment = now()
    counts = {0: 0}
    for run in runs:
        shard = shard_of(run, len(runs))
        counts[shard] = counts.get(shard, 0) + 1
    first, *others = [
        BatchShard(batch, shard, first_run=runs.start, size=len(runs), pending=pending, added=moment, updated=moment)
        for shard, pending in counts.items()
    ]
    bulk.put_all(BatchShard, others)
    first.save()


def get(batch: int) -> BatchCount | None:
    """The counts of a batch."""
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

    Whoever empties a shard looks at the others; of two who do so at once, at least the later sees all of them empty.
    """
    if run.batch is None:
        return False
    shard = BatchShard.get(run.batch, run.batch_shard, consistent_read=True)
    return not shard.pending and not shard.running and has_ended(run.batch)


def remove(batch: int) -> None:
    """Remove what was written of a batch."""
    bulk.delete_all(BatchShard, BatchShard.query(batch, consistent_read=True))


def runs_of(batch: int) -> range:
    """The ids of a batch's runs; empty when there is no such batch."""
    try:
        shard = BatchShard.get(batch, 0, consistent_read=True)
    except BatchShard.DoesNotExist:
        return range(0)
    return range(shard.first_run, shard.first_run + shard.size)


def move(transaction: TransactWrite, run: MeterRun, to: str, reason: FailureReason | None = None) -> None:
    """Count a run of a batch under its new status, in the transaction that gives it that status.

    reason: that of a run that is now FAILED.
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
