"""Which traces belong to a project, and which deleted projects still have traces to be taken from them."""

from collections.abc import Iterable, Iterator

from chalicelib import deadline
from chalicelib.store.shared import ids, pages
from chalicelib.store.tables.collections import DeletedProject, Link

ROWS_PER_QUERY = 25  # rows that a scan reads in the time of a query


def traces_of(project: int, after: int = 0, limit: int | None = None) -> list[int]:
    """The ids of a project's traces above `after`, ascending, at most `limit` of them (strongly consistent).

    Raises DeadlineExceededError.
    """
    deadline.check()
    return [link.trace for link in Link.query(project, Link.trace > after, consistent_read=True, limit=limit)]


def traces_of_each(projects: Iterable[int]) -> dict[int, list[int]]:
    """The ids of each project's traces, ascending; projects without traces are left out."""
    wanted = set(projects)
    if not wanted:
        return {}
    if ids.last("traces") < ROWS_PER_QUERY * len(wanted):  # a scan is faster than so many queries
        found: dict[int, list[int]] = {}
        for link in _all():
            if link.project in wanted:
                found.setdefault(link.project, []).append(link.trace)
        return {project: sorted(traces) for project, traces in found.items()}
    ordered = sorted(wanted)

    def read(block: list[int]) -> list[list[int]]:
        return [traces_of(project) for project in block]

    each = (traces for block in pages.in_blocks(read, ordered) for traces in block)
    return {project: traces for project, traces in zip(ordered, each, strict=True) if traces}


def deleted_projects() -> set[int]:
    """The deleted projects that traces may still name, almost always none.

    Read it before the traces: a project that is not in it then has either not been deleted yet, or no trace names it.
    """
    return {row.project for row in DeletedProject.scan(consistent_read=True)}


def _all() -> Iterator[Link]:
    for number, link in enumerate(Link.scan(consistent_read=True)):
        if number % pages.BLOCK == 0:
            deadline.check()
        yield link
