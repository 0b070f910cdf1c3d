"""Batches: the runs of a bulk request, with counts of those that have ended, sharded by run id.

A claim changes no count: how many runs are RUNNING is counted in the index by status. A run that is deleted is counted
as deleted, and no longer with its status. The ids of a synchronous request are consecutive; those of an asynchronous
one are several ranges, which grow while it expands (`store.runs.expansions`).
"""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.store.runs import statuses
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.shared import bulk, ids
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.base import now
from chalicelib.store.tables.runs import BatchShard, MeterRun
from chalicelib.vocabulary import FAILURE_REASONS, FailureReason

State = Literal["EXPANDING", "ACTIVE", "DELETING"]
EXPANDING: State = "EXPANDING"  # an asynchronous request, whose runs are still being made
ACTIVE: State = "ACTIVE"
DELETING: State = "DELETING"
RUNS_PER_SHARD, MAX_SHARDS = 25, 64  # of a batch of up to 64,000 runs
RUNS_PER_SHARD_OF_MANY = 1_000  # of a larger one, whose transactions still rarely conflict then
STATE_CACHED = 10  # seconds for which a worker knows that a batch is not being deleted
SHARDS_OF_UNKNOWN_SIZE = 1_000  # of an asynchronous request: 2,000 runs per second still rarely conflict
THREADS = 8

Cursor = list[int]  # a place in the targets of an asynchronous request


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


def new_expanding(batch: int, request: str, cursor: Cursor) -> BatchShard:
    """The same for an asynchronous request, whose targets and arguments are stored under the key `request`."""
    moment = now()
    progress: dict[str, Any] = {"cursor": cursor, "chunk": 0, "bounds": [], "shards": SHARDS_OF_UNKNOWN_SIZE}
    return BatchShard(batch, 0, state=EXPANDING, request=request, size=0, added=moment, updated=moment, **progress)


def get(batch: int) -> BatchCount | None:
    """The counts of a batch; None when there is no such batch."""
    shards = _shards(batch)
    if shards is None:
        return None
    first, ended = shards[0], _ended(shards)
    if first.state == DELETING:
        return _being_deleted(shards)
    # Not below 0: runs may have been added and have ended since shard 0 was read.
    left = max(0, first.size - sum(map(_done, shards)))
    running = min(left, statuses.count_running(ranges_in(first))) if left else 0
    return BatchCount(
        id=batch,
        total=left + ended,
        pending=left - running,
        running=running,
        success=sum(shard.success for shard in shards),
        failed=sum(shard.failed for shard in shards),
        failed_by_reason={
            reason: sum(getattr(shard, _count_of(reason)) for shard in shards) for reason in FAILURE_REASONS
        },
        added=first.added,
        updated=max(shard.updated for shard in shards),
        state=EXPANDING if first.state == EXPANDING else ACTIVE,
        failure_message=first.failure_message,
    )


def exists(batch: int) -> bool:
    """Whether there is such a batch."""
    return first_shard(batch) is not None


def has_ended(batch: int) -> bool:
    """Whether every run of a batch has been made, and has ended or was deleted.

    It also has ended if the batch itself is being deleted or was.
    """
    shards = _shards(batch)
    if shards is None or shards[0].state == DELETING:
        return True
    return shards[0].state != EXPANDING and sum(map(_done, shards)) == shards[0].size


def completed_batch(run: MeterRun) -> bool:
    """Whether a run that has just ended, or was deleted before it could, was the last of its batch.

    A worker that completes a shard checks the others. If two do so at once, at least the later one sees all of them
    complete. While a batch expands, no shard is complete, and who ends the expansion checks the batch after that.
    """
    if run.batch is None:
        return False
    shard = BatchShard.get(run.batch, run.batch_shard, consistent_read=True)
    runs = _known_runs(run.batch)
    if runs is None:
        of_shard = shard.size
    else:
        shards = shards_of(len(runs))
        of_shard = len(range(runs.start + (run.batch_shard - runs.start) % shards, runs.stop, shards))
    return _done(shard) == of_shard and has_ended(run.batch)


def remove(batch: int) -> None:
    """Delete the shards of a batch, however many were written."""
    bulk.delete_all(BatchShard, BatchShard.query(batch, consistent_read=True))


def remove_counts(batch: int) -> None:
    """Delete the shards of a batch except for shard 0, by which it exists."""
    others = BatchShard.query(batch, BatchShard.shard > 0, consistent_read=True)
    bulk.delete_all(BatchShard, others)


def is_being_deleted(batch: int) -> bool:
    """Whether a batch is being deleted or was, as of up to STATE_CACHED seconds ago."""
    return _is_being_deleted(batch, int(time.time()) // STATE_CACHED)


def has_run(batch: int, run_id: int) -> bool:
    """Whether a run has been accepted as one of a batch."""
    return any(run_id in part for part in runs_of(batch))


def runs_of(batch: int) -> list[range]:
    """The run ids of a batch, as ascending ranges; none when there is no such batch."""
    first = first_shard(batch)
    return [] if first is None else ranges_in(first)


def first_shard(batch: int) -> BatchShard | None:
    """Shard 0 of a batch (strongly consistent), or None."""
    try:
        return BatchShard.get(batch, 0, consistent_read=True)
    except BatchShard.DoesNotExist:
        return None


def ranges_in(first: BatchShard) -> list[range]:
    """The run ids of the batch with this shard 0, as ascending ranges."""
    if first.bounds is None:
        return [range(first.first_run, first.first_run + first.size)]
    return [range(start, stop) for start, stop in zip(first.bounds[::2], first.bounds[1::2], strict=True)]


# The expansion of an asynchronous request moves the cursor in shard 0, on the condition that nobody else has moved it.


def expanding_shard_of(run_id: int, shards: int) -> int:
    """The shard that counts a run of an asynchronous request."""
    return 1 + run_id % shards


def extend(transaction: TransactWrite, first: BatchShard, block: range, cursor: Cursor) -> None:
    """Add a block of runs to a batch that expands, in the transaction that accepts them."""
    transaction.update(BatchShard(first.id, 0), actions=_extended(first, block, cursor), condition=_unmoved(first))


def move(first: BatchShard, cursor: Cursor) -> bool:
    """Move the cursor of a batch over a part of its targets that has no runs; False if somebody else has moved it."""
    actions = _extended(first, range(0), cursor)
    return conditional_write(lambda: BatchShard(first.id, 0).update(actions=actions, condition=_unmoved(first)))


def end_expansion(first: BatchShard, failure_message: str | None) -> bool:
    """Record that all runs of a batch have been made, or why no more are; False if somebody else has moved its cursor.

    Each shard gets its number of runs, by which the worker that ends its last run sees that it is complete.
    """
    sizes = Counter[int]()
    for part in ranges_in(first):
        for start in part[: first.shards]:
            sizes[expanding_shard_of(start, first.shards)] += len(part[start - part.start :: first.shards])
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda sized: _set_size(first.id, *sized), sorted(sizes.items())))
    actions: list[Action] = [BatchShard.state.set(ACTIVE), BatchShard.updated.set(now())]
    if failure_message is not None:
        actions.append(BatchShard.failure_message.set(failure_message))
    return conditional_write(lambda: BatchShard(first.id, 0).update(actions=actions, condition=_unmoved(first)))


def _set_size(batch: int, shard: int, size: int) -> None:
    BatchShard(batch, shard).update(actions=[BatchShard.size.set(size), BatchShard.updated.set(now())])


def _extended(first: BatchShard, block: range, cursor: Cursor) -> list[Action]:
    return [
        BatchShard.cursor.set(cursor),
        BatchShard.chunk.set(first.chunk + 1),
        BatchShard.size.set(first.size + len(block)),
        BatchShard.bounds.set(_with_block(first.bounds, block)),
        BatchShard.updated.set(now()),
    ]


def _unmoved(first: BatchShard) -> Condition:
    unmoved: Condition = (BatchShard.chunk == first.chunk) & (BatchShard.state == EXPANDING)
    return unmoved


def _with_block(bounds: Sequence[int], block: range) -> list[int]:
    """The bounds with those of a block that starts after them."""
    if not block:
        return list(bounds)
    if bounds and bounds[-1] == block.start:
        return [*bounds[:-1], block.stop]
    return [*bounds, block.start, block.stop]


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


def uncount(transaction: TransactWrite, run: MeterRun) -> None:
    """Count a run as deleted, in the transaction that deletes it. It fails unless the batch exists."""
    if run.batch is None:
        return
    actions: list[Action] = [BatchShard.deleted.add(1), BatchShard.updated.set(now())]
    counted = [_count_of(reason) for reason in FAILURE_REASONS if reason == run.failure_reason]
    if run.status in ENDED:
        counted.append(run.status.lower())
    actions += [getattr(BatchShard, name).add(-1) for name in counted]
    exists = BatchShard.added.exists()  # not before the request that writes the runs is accepted
    if run.batch_shard == 0:
        transaction.update(BatchShard(run.batch, 0), actions=actions, condition=exists)
    else:
        transaction.condition_check(BatchShard, run.batch, 0, condition=exists)
        transaction.update(BatchShard(run.batch, run.batch_shard), actions=actions)


@lru_cache(maxsize=64)
def _is_being_deleted(batch: int, moment: int) -> bool:
    first = first_shard(batch)
    return first is None or first.state == DELETING


@lru_cache(maxsize=64)
def _known_runs(batch: int) -> range | None:
    """The run ids of the batch of a synchronous request, which never change; None if the request was asynchronous."""
    first: Any = first_shard(batch)
    return range(first.first_run, first.first_run + first.size) if first.bounds is None else None


def _shards(batch: int) -> list[BatchShard] | None:
    """The shards that have been written, in order; None when there is no such batch."""
    shards = list(BatchShard.query(batch, consistent_read=True))
    return shards if shards and shards[0].shard == 0 else None


def _ended(shards: Sequence[BatchShard]) -> int:
    return sum(shard.success + shard.failed for shard in shards)


def _done(shard: BatchShard) -> int:
    """The runs of a shard that nobody has to wait for."""
    return int(shard.success + shard.failed + shard.deleted)


def _being_deleted(shards: list[BatchShard]) -> BatchCount:
    left = max(0, shards[0].size - sum(shard.deleted for shard in shards))
    return BatchCount(
        id=shards[0].id,
        total=left,
        pending=0,
        running=0,
        success=0,
        failed=0,
        failed_by_reason=dict.fromkeys(FAILURE_REASONS, 0),
        added=shards[0].added,
        updated=max(shard.updated for shard in shards),
        state=DELETING,
    )


def _count_of(reason: FailureReason) -> str:
    return f"failed_{reason}"
