"""The newest successful meter run of each trace, for each of its projects and for any of them."""

from collections.abc import Iterable

from pynamodb.transactions import TransactWrite

from chalicelib.store.pages import in_blocks
from chalicelib.store.tables import MeterRun, NewestRun

Key = tuple[int, int]  # a trace, and a project or NewestRun.ANY_PROJECT


def superseded_keys(run: MeterRun) -> list[Key]:
    """Where this run, if it succeeds, is the newest successful one."""
    if run.trace is None:
        return []
    keys = [(run.trace, run.project), (run.trace, NewestRun.ANY_PROJECT)]
    existing = runs_of(keys)
    return [key for key in keys if existing.get(key, 0) < run.id]


def record(transaction: TransactWrite, run: MeterRun, keys: Iterable[Key]) -> None:
    """Note that a run is the newest successful one, in the transaction that makes it successful."""
    for trace, project in keys:
        older = NewestRun.meter_run.does_not_exist() | (NewestRun.meter_run < run.id)
        transaction.save(NewestRun(trace, project, meter_run=run.id), condition=older)


def runs_of(keys: Iterable[Key]) -> dict[Key, int]:
    """The newest successful run at each key that has one."""

    def read(block: list[Key]) -> list[NewestRun]:
        return list(NewestRun.batch_get(block, consistent_read=True))

    found = (entry for block in in_blocks(read, sorted(set(keys))) for entry in block)
    return {(entry.trace, entry.project): entry.meter_run for entry in found}
