"""The newest successful meter run of each trace and project."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from pynamodb.transactions import TransactWrite

from chalicelib import deadline
from chalicelib.store.shared import ordered
from chalicelib.store.shared.pages import batch_get, in_blocks
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.indexes import NewestIndex
from chalicelib.store.tables.results import NewestRun
from chalicelib.store.tables.runs import MeterRun

Key = tuple[int, int]  # the ids of a trace and of a project (or NewestRun.ANY_PROJECT)

THREADS = 16
PARTITION = "newest"


def supersedes(run: MeterRun) -> bool:
    """Whether a run of a trace becomes the newest one of its trace and project if it succeeds."""
    key = (run.trace, run.project)
    return runs_of([key]).get(key, 0) < run.id


def record(transaction: TransactWrite, run: MeterRun) -> None:
    """Record a run as the newest one of its trace and project, in the transaction that ends it as SUCCESS."""
    older = NewestRun.meter_run.does_not_exist() | (NewestRun.meter_run < run.id)
    transaction.save(entry(run.trace, run.project, run.id), condition=older)


def entry(trace: int, project: int, run: int) -> NewestRun:
    """The item of the newest run of a trace and project."""
    return NewestRun(trace, project, meter_run=run, run_partition=partition(run))


def partition(run: int) -> str:
    """The index partition of the item of a run."""
    return ordered.block_partition(PARTITION, run)


def list_again(run: MeterRun) -> None:
    """Put the item of a run, if it has one, into its index partition: a worker of an earlier version did not."""
    if run.trace is None:
        return
    item, same = NewestRun(run.trace, run.project), NewestRun.meter_run == run.id
    conditional_write(lambda: item.update(actions=[NewestRun.run_partition.set(partition(run.id))], condition=same))


def runs_of(keys: Iterable[Key]) -> dict[Key, int]:
    """The id of the newest successful run for each key that has one."""
    wanted = set(keys)
    of_any = {key for key in wanted if key[1] == NewestRun.ANY_PROJECT}
    return _of_projects(wanted - of_any) | _of_any_project(of_any)


def ids(first: int, last: int) -> Iterator[int]:
    """The ids of the runs that are the newest of their trace and project, with first <= id <= last, ascending.

    They are those of up to a second ago.
    """

    def read(partition: str, first: int, last: int, limit: int) -> list[int]:
        found = NewestRun.run_index.query(partition, NewestIndex.meter_run.between(first, last), limit=limit)
        return [one.meter_run for one in found]

    return ordered.block_ids(read, PARTITION, first, last)


def _of_projects(keys: set[Key]) -> dict[Key, int]:
    def read(block: list[Key]) -> list[NewestRun]:
        return list(batch_get(NewestRun, block))

    found = (one for block in in_blocks(read, sorted(keys)) for one in block)
    return {(one.trace, one.project): one.meter_run for one in found}


def _of_any_project(keys: set[Key]) -> dict[Key, int]:
    def read(key: Key) -> int:
        deadline.check()
        return max((one.meter_run for one in NewestRun.query(key[0], consistent_read=True)), default=0)

    with ThreadPoolExecutor(THREADS) as pool:
        found = dict(zip(keys, pool.map(read, keys), strict=True))
    return {key: run for key, run in found.items() if run}
