"""The index of meter runs by status: in which partition a run is, and which runs have a status."""

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from pynamodb.expressions.update import Action

from chalicelib.store.runs.endings import ENDED
from chalicelib.store.shared import ordered
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.indexes import StatusIndex
from chalicelib.store.tables.runs import MeterRun

PENDING, RUNNING = "PENDING", "RUNNING"


def partition(status: str, id: int) -> str:
    """The partition of the run with this id while it has this status."""
    return ordered.block_partition(status, id) if status in ENDED else ordered.partition(status, id)


def ids(
    status: str, first: int, last: int, failure_reason: str | None = None, *, page: int = ordered.PAGE
) -> Iterator[int]:
    """The ids of the runs with a status and first <= id <= last, ascending; as of up to a second ago.

    page: how many of a partition each query reads, if the status is one of runs that have ended.
    """
    reason = None if failure_reason is None else StatusIndex.failure_reason == failure_reason

    def read(partition: str, first: int, last: int, limit: int) -> list[int]:
        found = MeterRun.status_index.query(partition, StatusIndex.id.between(first, last), reason, limit=limit)
        return [run.id for run in found]

    if status in ENDED:
        return ordered.block_ids(read, status, first, last, page)
    return ordered.ids(read, status, first, last)


def count_running(within: Sequence[range]) -> int:
    """The number of RUNNING runs with ids in these ascending ranges, as of up to a second ago."""
    if not within:
        return 0
    between = StatusIndex.id.between(within[0].start, within[-1].stop - 1)
    partitions = [ordered.partition(RUNNING, shard) for shard in range(ordered.SHARDS)]
    if len(within) == 1:
        return sum(MeterRun.status_index.count(partition, between) for partition in partitions)
    starts = [part.start for part in within]  # others may be between the ranges; far fewer run than a batch has
    running = (run.id for partition in partitions for run in MeterRun.status_index.query(partition, between))
    return sum(id in within[bisect_right(starts, id) - 1] for id in running)


def list_again(run: MeterRun) -> bool:
    """Move a run to its partition of the index, unless its status has changed since; returns whether it was moved."""
    right: Action = MeterRun.status_partition.set(partition(run.status, run.id))
    same = MeterRun.status == run.status
    return conditional_write(lambda: MeterRun(run.id).update(actions=[right], condition=same))


def overdue() -> Iterator[int]:
    """The ids of the runs that have not ended and whose check is overdue; confirm it with the run itself.

    Of the runs that were never claimed, of which there may be a million, only the oldest are read: they are due first.
    Runs that are not due at all have ended in a worker of an earlier version, which did not move them in the index.
    """
    moment = int(time.time())
    check = (StatusIndex.due < moment) | StatusIndex.due.does_not_exist()
    for shard in range(ordered.SHARDS):
        running = MeterRun.status_index.query(ordered.partition(RUNNING, shard), filter_condition=check)
        yield from (run.id for run in running)
        for run in MeterRun.status_index.query(ordered.partition(PENDING, shard), page_size=ordered.PAGE):
            if run.due is not None and run.due >= moment:
                break
            yield run.id
