"""The shards of a batch's counts: which one counts a run, and how it is counted, in the transaction that ends it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.store.runs.endings import ENDED
from chalicelib.store.shared import bulk, pages
from chalicelib.store.tables.base import now
from chalicelib.store.tables.runs import Batch, BatchCounts, BatchShard, MeterRun
from chalicelib.vocabulary import FAILURE_REASONS, FailureReason

RUNS_PER_SHARD, MAX_SHARDS = 25, 1_000  # with 1,000 shards and 2,500 runs per second, transactions rarely conflict
OLDER = range(64)  # the shards of a batch of an earlier version
THREADS = 8


def number_for(size: int) -> int:
    """The number of shards of a batch of `size` runs."""
    return max(1, min(MAX_SHARDS, size // RUNS_PER_SHARD))


def shard_of(run_id: int, shards: int) -> int:
    """The shard that counts a run, of a batch with so many shards."""
    return 1 + run_id % shards


def size_of(shard: int, parts: Iterable[range], shards: int) -> int:
    """How many of the runs with these ids a shard counts."""
    return sum(len(range(part.start + (shard - 1 - part.start) % shards, part.stop, shards)) for part in parts)


def item(batch: int, shard: int) -> BatchShard:
    """The item of a shard, by its key."""
    return BatchShard(f"{batch}#{shard}")


def of(batch: Batch) -> list[BatchShard]:
    """The shards of a batch that have been written (strongly consistent)."""
    return _written(batch.id, OLDER if batch.shards is None else range(1, batch.shards + 1))


def done(counts: BatchCounts) -> int:
    """The runs that nobody has to wait for."""
    return int(counts.success + counts.failed + counts.deleted)


def is_complete(run: MeterRun, parts: Sequence[range] | None, shards: int) -> bool:
    """Whether all runs of the shard that has just counted a run are done.

    parts: the ids of the batch's runs; None: they are many, and the shard knows how many of them are its own.
    """
    shard = BatchShard.get(item(run.batch, run.batch_shard).key, consistent_read=True)
    return done(shard) == (shard.size if parts is None else size_of(run.batch_shard, parts, shards))


def set_sizes(batch: int, parts: Sequence[range], shards: int) -> None:
    """Store in each shard how many of the runs with these ids it counts."""

    def set_size(shard: int) -> None:
        if size := size_of(shard, parts, shards):
            _write(batch, shard, [BatchShard.size.set(size)])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(set_size, range(1, shards + 1)))


def count(transaction: TransactWrite, run: MeterRun, status: str, reason: FailureReason | None = None) -> None:
    """Count a run that ends with a status, in the transaction that ends it.

    reason: the failure reason, if the status is FAILED.
    """
    if run.batch is None:
        return
    counts = [status.lower()] if reason is None else [status.lower(), count_of(reason)]
    transaction.update(
        item(run.batch, run.batch_shard),
        actions=[*(getattr(BatchShard, name).add(1) for name in counts), *_about(run.batch, run.batch_shard)],
    )


def uncount(transaction: TransactWrite, run: MeterRun) -> None:
    """Count a run as deleted, in the transaction that deletes it. It fails unless the batch exists."""
    if run.batch is None:
        return
    counted = [count_of(reason) for reason in FAILURE_REASONS if reason == run.failure_reason]
    if run.status in ENDED:
        counted.append(run.status.lower())
    transaction.condition_check(Batch, run.batch, 0, condition=Batch.added.exists())  # its request was accepted
    transaction.update(
        item(run.batch, run.batch_shard),
        actions=[
            BatchShard.deleted.add(1),
            *(getattr(BatchShard, name).add(-1) for name in counted),
            *_about(run.batch, run.batch_shard),
        ],
    )


def totals(counts: Iterable[BatchCounts]) -> Counter[str]:
    """The sums of the counts, by name."""
    names = ("success", "failed", "deleted", *map(count_of, FAILURE_REASONS))
    found: Counter[str] = Counter()
    for one in counts:
        found.update({name: getattr(one, name) for name in names})
    return found


def remove(batch: int) -> None:
    """Delete the shards of a batch, which need not exist any more."""
    bulk.delete_all(BatchShard, _written(batch, range(MAX_SHARDS + 1)))


def count_of(reason: FailureReason) -> str:
    """The name of the count of the runs that FAILED for a reason."""
    return f"failed_{reason}"


def _written(batch: int, shards: Iterable[int]) -> list[BatchShard]:
    return list(pages.batch_get(BatchShard, (item(batch, shard).key for shard in shards)))


def _write(batch: int, shard: int, actions: list[Action]) -> None:
    item(batch, shard).update(actions=[*actions, *_about(batch, shard)])


def _about(batch: int, shard: int) -> list[Action]:
    return [BatchShard.batch.set(batch), BatchShard.shard.set(shard), BatchShard.updated.set(now())]
