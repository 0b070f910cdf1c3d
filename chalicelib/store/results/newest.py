"""The newest successful meter run of each trace, for each of its projects and for any of them."""

from collections.abc import Iterable

from pynamodb.transactions import TransactWrite

from chalicelib.store.shared.pages import in_blocks
from chalicelib.store.tables import MeterRun, NewestRun

Place = tuple[int, int]  # a trace, and a project or NewestRun.ANY_PROJECT


def open_places(run: MeterRun) -> list[Place]:
    """Where this run, if it succeeds, is the newest successful one."""
    if run.trace is None:
        return []
    places = [(run.trace, run.project), (run.trace, NewestRun.ANY_PROJECT)]
    known = runs_of(places)
    return [place for place in places if known.get(place, 0) < run.id]


def note(transaction: TransactWrite, run: MeterRun, places: Iterable[Place]) -> None:
    """Note that a run is the newest successful one, in the transaction that makes it successful."""
    for trace, project in places:
        older = NewestRun.meter_run.does_not_exist() | (NewestRun.meter_run < run.id)
        transaction.save(NewestRun(trace, project, meter_run=run.id), condition=older)


def runs_of(places: Iterable[Place]) -> dict[Place, int]:
    """The newest successful run at each place that has one."""

    def read(block: list[Place]) -> list[NewestRun]:
        return list(NewestRun.batch_get(block, consistent_read=True))

    found = (entry for block in in_blocks(read, sorted(set(places))) for entry in block)
    return {(entry.trace, entry.project): entry.meter_run for entry in found}
