"""The newest successful meter run of each trace and project.

When it is deleted, the one before it takes its place. That one is found by reading, and may be outdated a moment later:
so every run that succeeds without becoming the newest changes the version of the newest, on which the change depends.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice

from pynamodb.transactions import TransactWrite

from chalicelib import deadline
from chalicelib.store.shared import lean, ordered, pages
from chalicelib.store.shared.compact import IdMap, IdPairs, IdSet
from chalicelib.store.shared.errors import Busy
from chalicelib.store.shared.ids import last
from chalicelib.store.shared.pages import batch_get, in_blocks
from chalicelib.store.shared.retries import attempts
from chalicelib.store.shared.transactions import commit, conditional_write
from chalicelib.store.tables.indexes import NewestIndex
from chalicelib.store.tables.results import NewestRun
from chalicelib.store.tables.runs import MeterRun

Key = tuple[int, int]  # the ids of a trace and of a project (or NewestRun.ANY_PROJECT)

THREADS = 16
QUERIES = 1000  # in the pool at a time
ROWS_PER_QUERY = 100  # rows that a scan reads in the time of a query
ATTRIBUTES = ("trace", "project", "meter_run")
ATTEMPTS = 12  # at a newest run that other requests change
CANDIDATES = 25  # runs of a trace that are read at a time
PARTITION = "newest"


def supersedes(run: MeterRun) -> bool:
    """Whether a run becomes the newest one of its trace and project if it succeeds."""
    if run.trace is None:
        return False
    key = (run.trace, run.project)
    return runs_of([key]).get(key, 0) < run.id


def record(transaction: TransactWrite, run: MeterRun) -> None:
    """Record a run as the newest one of its trace and project, in the transaction that ends it as SUCCESS."""
    older = NewestRun.meter_run.does_not_exist() | (NewestRun.meter_run < run.id)
    transaction.save(entry(run.trace, run.project, run.id), condition=older)


def pass_over(transaction: TransactWrite, run: MeterRun) -> None:
    """Note that a run succeeds although a newer one of its trace and project has, in the transaction that ends it."""
    if run.trace is not None:
        version = NewestRun.version.set(uuid.uuid4().hex)
        newer = NewestRun.meter_run > run.id
        transaction.update(NewestRun(run.trace, run.project), actions=[version], condition=newer)


def forget(transaction: TransactWrite, run: MeterRun) -> None:
    """Let no newest run name a successful run, in the transaction that deletes it."""
    if run.trace is None:
        return
    found = {one.project: one for one in _entries([(run.trace, run.project), (run.trace, NewestRun.ANY_PROJECT)])}
    recorded = found.get(run.project)
    if recorded is not None and recorded.meter_run == run.id:
        _replace(transaction, recorded, _last_success(run.trace, run.project, without={run.id}))
    else:
        other = NewestRun.meter_run.does_not_exist() | (NewestRun.meter_run != run.id)
        transaction.condition_check(NewestRun, run.trace, run.project, condition=other)
    older = found.get(NewestRun.ANY_PROJECT)
    if older is not None and older.meter_run == run.id:
        _replace(transaction, older, None)  # the runs of its projects are recorded as well


def forget_many(runs: Collection[int], keys: Iterable[Key]) -> None:
    """Let no newest run of these traces and projects name one of these runs, which have been deleted.

    Raises Busy and DeadlineExceededError; calling it again does the rest.
    """
    naming = [one for one in _entries(set(keys)) if one.meter_run in runs]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda one: _forget(one.trace, one.project, runs), naming))


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


def ids(first: int, last: int, page: int = ordered.PAGE) -> Iterator[int]:
    """The ids of the runs that are the newest of their trace and project, with first <= id <= last, ascending.

    They are those of up to a second ago. page: how many of a partition each query reads.
    """

    def read(partition: str, first: int, last: int, limit: int) -> list[int]:
        found = NewestRun.run_index.query(partition, NewestIndex.meter_run.between(first, last), limit=limit)
        return [one.meter_run for one in found]

    return ordered.block_ids(read, PARTITION, first, last, page)


def _of_projects(keys: Iterable[Key]) -> Iterator[int]:
    def read(block: list[Key]) -> list[int]:
        found = {(one.trace, one.project): one.meter_run for one in lean.batch_get(NewestRun, block, ATTRIBUTES)}
        return [found.get(key, 0) for key in block]

    return chain.from_iterable(in_blocks(read, keys))


def _entries(keys: Iterable[Key]) -> list[NewestRun]:
    def read(block: list[Key]) -> list[NewestRun]:
        return list(batch_get(NewestRun, block))

    return [one for block in in_blocks(read, sorted(keys)) for one in block]


def _forget(trace: int, project: int, runs: Collection[int]) -> None:
    for _ in attempts(ATTEMPTS):
        deadline.check()
        found = _entries([(trace, project)])
        if not found or found[0].meter_run not in runs:
            return
        other = None if project == NewestRun.ANY_PROJECT else _last_success(trace, project, runs)
        if commit(lambda transaction: _replace(transaction, found[0], other)):  # noqa: B023 (called at once)
            return
    raise Busy(f"other requests changed the newest run of trace {trace} in all {ATTEMPTS} attempts")


def _replace(transaction: TransactWrite, found: NewestRun, other: int | None) -> None:
    """Put another run in the place of the newest one, or none, unless any has succeeded since it was read."""
    same = NewestRun.version.does_not_exist() if found.version is None else NewestRun.version == found.version
    unchanged = (NewestRun.meter_run == found.meter_run) & same
    if other is None:
        transaction.delete(NewestRun(found.trace, found.project), condition=unchanged)
        return
    transaction.condition_check(MeterRun, other, condition=MeterRun.status == "SUCCESS")
    following = entry(found.trace, found.project, other)
    following.version = uuid.uuid4().hex
    transaction.save(following, condition=unchanged)


def _last_success(trace: int, project: int, without: Collection[int]) -> int | None:
    """The successful run of a trace and project with the highest id, except for some."""
    listed = MeterRun.trace_index.query(trace, scan_index_forward=False, page_size=CANDIDATES)
    ids = (run.id for run in listed if run.id not in without)
    while block := list(islice(ids, CANDIDATES)):
        found = pages.get_many(MeterRun, block)
        for id in block:
            if id in found and (found[id].status, found[id].project) == ("SUCCESS", project):
                return int(id)
    return None


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
