"""Which traces belong to a project, and which deleted projects still have traces to be taken from them."""

from array import array
from collections.abc import Iterable, Sequence

from chalicelib.store.shared import ids, lean, pages
from chalicelib.store.tables.collections import DeletedProject, Link

ROWS_PER_QUERY = 25  # rows that a scan reads in the time of a query


def traces_of(project: int, after: int = 0, limit: int | None = None) -> list[int]:
    """The ids of a project's traces above `after`, ascending, at most `limit` of them (strongly consistent).

    Raises DeadlineExceededError.
    """
    return [link.trace for link in lean.query(Link, project, ("trace",), after, limit)]


def traces_of_each(projects: Iterable[int]) -> dict[int, Sequence[int]]:
    """The ids of each project's traces, ascending; projects without traces are left out."""
    wanted = set(projects)
    if not wanted:
        return {}
    if ids.last("traces") < ROWS_PER_QUERY * len(wanted):  # a scan is faster than so many queries
        found: dict[int, array[int]] = {}
        for link in lean.scan(Link, ("project", "trace")):
            if link.project in wanted:
                found.setdefault(link.project, array("q")).append(link.trace)
        return {project: array("q", sorted(traces)) for project, traces in found.items()}
    ordered = sorted(wanted)

    def read(block: list[int]) -> "list[array[int]]":
        return [array("q", traces_of(project)) for project in block]

    each = (traces for block in pages.in_blocks(read, ordered) for traces in block)
    return {project: traces for project, traces in zip(ordered, each, strict=True) if traces}


def deleted_projects() -> set[int]:
    """The deleted projects that traces may still name, almost always none.

    Read it before the traces: a project that is not in it then has either not been deleted yet, or no trace names it.
    """
    return {row.project for row in DeletedProject.scan(consistent_read=True)}
