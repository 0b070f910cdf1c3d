"""Which meter runs a list of results or derivatives goes through."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypedDict, Unpack

from chalicelib.store.results import newest
from chalicelib.store.shared import pages
from chalicelib.store.shared.run_ids import candidates
from chalicelib.store.tables.results import MeterResult


class Filters(TypedDict, total=False):
    """What results are selected by; one that is empty, or not given, accepts all.

    project, trace: ids. within: ascending ranges of run ids. newest: only the newest result of each trace and project.
    """

    project: Collection[int]
    trace: Collection[int]
    within: Sequence[range]
    newest: bool


def run_ids(after: int, run: Collection[int] = (), **filters: Unpack[Filters]) -> Iterator[int]:
    """The ids above `after` of the runs whose results may match the filters, ascending; `run`: these ids only."""
    if run:
        return iter(sorted(id for id in set(run) if id > after))
    return candidates(
        after,
        project=filters.get("project", ()),
        trace=filters.get("trace", ()),
        within=filters.get("within"),
        listed=newest.ids if filters.get("newest") else None,
    )


def matching(results: Iterable[MeterResult], **filters: Unpack[Filters]) -> list[MeterResult]:
    """Those results, among the results of the runs in `run_ids`, that match the filters."""
    keep, within = pages.matches(project=filters.get("project"), trace=filters.get("trace")), filters.get("within")
    found = [one for one in results if keep(one) and (within is None or any(one.id in part for part in within))]
    if not filters.get("newest"):
        return found
    newest_runs = newest.runs_of((result.trace, result.project) for result in found if result.trace is not None)
    return [result for result in found if newest_runs.get((result.trace, result.project)) == result.id]
