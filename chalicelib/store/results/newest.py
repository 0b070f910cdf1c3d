"""The newest successful meter run of each trace, per project and over all projects."""

from collections.abc import Iterable

from pynamodb.transactions import TransactWrite

from chalicelib.store.shared.pages import batch_get, in_blocks
from chalicelib.store.tables.results import NewestRun
from chalicelib.store.tables.runs import MeterRun

Key = tuple[int, int]  # the ids of a trace and of a project (or NewestRun.ANY_PROJECT)


def superseded_keys(run: MeterRun) -> list[Key]:
    """The keys for which this run becomes the newest successful one, if it succeeds."""
    if run.trace is None:
        return []
    keys = [(run.trace, run.project), (run.trace, NewestRun.ANY_PROJECT)]
    existing = runs_of(keys)
    return [key for key in keys if existing.get(key, 0) < run.id]


def record(transaction: TransactWrite, run: MeterRun, keys: Iterable[Key]) -> None:
    """Record a run as the newest successful one, in the transaction that ends it as SUCCESS."""
    for trace, project in keys:
        older = NewestRun.meter_run.does_not_exist() | (NewestRun.meter_run < run.id)
        transaction.save(NewestRun(trace, project, meter_run=run.id), condition=older)


def runs_of(keys: Iterable[Key]) -> dict[Key, int]:
    """The id of the newest successful run for each key that has one."""

    def read(block: list[Key]) -> list[NewestRun]:
        return list(batch_get(NewestRun, block))

    found = (entry for block in in_blocks(read, sorted(set(keys))) for entry in block)
    return {(entry.trace, entry.project): entry.meter_run for entry in found}
