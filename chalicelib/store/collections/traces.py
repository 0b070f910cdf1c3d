"""Traces: the time series of meters. A trace may belong to several projects."""

import time
from collections.abc import Iterable

from aws_lambda_powertools import Logger

from chalicelib.store.collections.keyed import KeyedCollection
from chalicelib.store.series import series
from chalicelib.store.shared import pages
from chalicelib.store.tables.base import LATEST_WRITE
from chalicelib.store.tables.collections import DeletedTrace, ProjectTraces, Trace

logger = Logger(child=True)

_traces = KeyedCollection(Trace, "traces", "trace_id")

get = _traces.get
get_many = _traces.get_many
find_many = _traces.find_many
create = _traces.create
update = _traces.update
sync = _traces.sync


def delete(id: int) -> bool:
    """Delete a trace and its records; False when there is no such trace. Its runs and results remain.

    Records that are being added or compacted at the same time are deleted by the reconciler.
    """
    if get(id) is None:
        return False
    DeletedTrace(id, due=int(time.time()) + LATEST_WRITE).save()
    deleted = _traces.delete(id)
    try:
        series.delete(series.trace_prefix(id))
    except Exception:
        logger.exception("the records of a deleted trace remain; the reconciler will delete them", trace=id)
    return deleted


def reconcile() -> int:
    """Delete what is left of the series of deleted traces; returns their number. The next pass retries what fails."""
    swept = 0
    for entry in DeletedTrace.scan(filter_condition=DeletedTrace.due < int(time.time()), consistent_read=True):
        try:
            if get(entry.id) is None:  # otherwise the request died before it deleted the trace
                series.delete(series.trace_prefix(entry.id))
                swept += 1
            entry.delete(condition=DeletedTrace.due == entry.due)
        except Exception:
            logger.exception("the records of a deleted trace could not be deleted", trace=entry.id)
    return swept


def page(
    *,
    after: int,
    limit: int,
    projects: int | None = None,
    trace_id: str | None = None,
    interpretation: str | None = None,
) -> pages.Page[Trace]:
    """A page of the traces that match the filters; `projects` is the id of a project that they belong to."""
    if trace_id is not None:
        found = _traces.page_of_key(trace_id, after, interpretation=interpretation).items
        return pages.Page([trace for trace in found if projects is None or projects in trace.projects], None)
    if projects is None:
        return _traces.page(after, limit, interpretation=interpretation)
    return pages.walk(Trace, _ids_of_project(projects), after, limit, pages.matches(interpretation=interpretation))


def unlink(project: int) -> None:
    """Remove all traces from a project."""
    _traces.update_many(
        _ids_of_project(project), lambda trace: {"projects": [one for one in trace.projects if one != project]}
    )
    ProjectTraces(project).delete()


def of_projects(projects: Iterable[int]) -> dict[int, list[Trace]]:
    """The traces of each project, ordered by id."""
    wanted = set(projects)
    linked = ids_of_projects(wanted)
    found = get_many(trace for traces in linked.values() for trace in traces)
    return {project: [found[id] for id in linked.get(project, ()) if id in found] for project in wanted}


def ids_of_projects(projects: Iterable[int]) -> dict[int, list[int]]:
    """The trace ids of each project that has any, in ascending order."""
    found = pages.batch_get(ProjectTraces, set(projects))
    return {entry.project: sorted(entry.traces or ()) for entry in found}


def _ids_of_project(project: int) -> list[int]:
    try:
        return sorted(ProjectTraces.get(project, consistent_read=True).traces or ())
    except ProjectTraces.DoesNotExist:
        return []
