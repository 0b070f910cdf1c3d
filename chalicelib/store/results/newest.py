"""The newest successful meter run of each trace and project."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice

from pynamodb.transactions import TransactWrite

from chalicelib.store.shared import lean, ordered
from chalicelib.store.shared.compact import IdMap, IdPairs, IdSet
from chalicelib.store.shared.ids import last
from chalicelib.store.shared.pages import in_blocks
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.indexes import NewestIndex
from chalicelib.store.tables.results import NewestRun
from chalicelib.store.tables.runs import MeterRun

Key = tuple[int, int]  # the ids of a trace and of a project (or NewestRun.ANY_PROJECT)

THREADS = 16
QUERIES = 1000  # in the pool at a time
ROWS_PER_QUERY = 100  # rows that a scan reads in the time of a query
ATTRIBUTES = ("trace", "project", "meter_run")
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
    wanted = sorted(set(keys))
    return {key: run for key, run in zip(wanted, each_run(wanted), strict=True) if run}


def each_run(keys: list[Key] | IdPairs) -> Iterator[int]:
    """The id of the newest successful run for each of some distinct keys, in order; 0 for those that have none.

    Few of them are in memory at a time. Raises DeadlineExceededError.
    """
    of_projects = _of_projects(key for key in keys if key[1] != NewestRun.ANY_PROJECT)
    of_any_project = _of_any_project(IdSet(trace for trace, project in keys if project == NewestRun.ANY_PROJECT))
    for trace, project in keys:
        yield of_any_project[trace] if project == NewestRun.ANY_PROJECT else next(of_projects)


def ids(first: int, last: int) -> Iterator[int]:
    """The ids of the runs that are the newest of their trace and project, with first <= id <= last, ascending.

    They are those of up to a second ago.
    """

    def read(partition: str, first: int, last: int, limit: int) -> list[int]:
        found = NewestRun.run_index.query(partition, NewestIndex.meter_run.between(first, last), limit=limit)
        return [one.meter_run for one in found]

    return ordered.block_ids(read, PARTITION, first, last)


def _of_projects(keys: Iterable[Key]) -> Iterator[int]:
    def read(block: list[Key]) -> list[int]:
        found = {(one.trace, one.project): one.meter_run for one in lean.batch_get(NewestRun, block, ATTRIBUTES)}
        return [found.get(key, 0) for key in block]

    return chain.from_iterable(in_blocks(read, keys))


def _of_any_project(traces: IdSet) -> IdMap:
    found = IdMap()
    if not traces:
        return found
    if last("traces") < ROWS_PER_QUERY * len(traces):  # a scan is faster than so many queries
        for one in lean.scan(NewestRun, ATTRIBUTES):
            found[one.trace] = max(found[one.trace], one.meter_run)
        return found

    def read(trace: int) -> int:
        return max((one.meter_run for one in lean.query(NewestRun, trace, ("meter_run",))), default=0)

    remaining = iter(traces)
    with ThreadPoolExecutor(THREADS) as pool:
        while block := list(islice(remaining, QUERIES)):
            for trace, run in zip(block, pool.map(read, block), strict=True):
                found[trace] = run
    return found
