"""Traces: the time series of meters. A trace may belong to several projects."""

import copy
import time
from collections.abc import Collection, Iterable
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.store.collections import links
from chalicelib.store.collections.changes import Change, changed
from chalicelib.store.collections.keyed import KeyedCollection
from chalicelib.store.series import series
from chalicelib.store.shared import bulk, ids, lean, pages
from chalicelib.store.shared.errors import Busy
from chalicelib.store.shared.retries import attempts
from chalicelib.store.tables.collections import DeletedProject, DeletedTrace, Link, Project, Trace

BLOCK = 1000  # links that are read or changed at a time
ATTEMPTS = 12  # at links that other requests change

logger = Logger(child=True)

_traces = KeyedCollection(Trace, "traces", "trace_id", leaves=DeletedTrace)

# The traces as they are stored: for a moment they may still name a project that was deleted. `shown`, `update` and
# `page` leave it out.
get = _traces.get
get_many = _traces.get_many
find_many = _traces.find_many
create = _traces.create
sync = _traces.sync


def to_match(wanted: Iterable[int]) -> dict[int, Any]:
    """The traces that exist among these ids, by id, with only the attributes that filters of groups compare."""
    found = lean.batch_get(Trace, sorted(set(wanted)), ("id", "trace_id", "projects"))
    return {trace.id: trace for trace in found}


def shown(id: int) -> Trace | None:
    """The trace, with only its existing projects; or None."""
    deleted = links.deleted_projects()
    trace = get(id)
    return trace and without(trace, deleted)


def update(id: int, fields: dict[str, Any]) -> Trace | None:
    """Set fields of a trace and return it, with only its existing projects; None when there is no such trace.

    Raises Conflict when a new trace_id is already in use, UnknownProject, and Busy.
    """
    deleted = links.deleted_projects()
    trace = _traces.update(id, fields)
    return trace and without(trace, deleted)


def delete(id: int) -> bool:
    """Delete a trace and its records; False when there is no such trace. Its runs and results remain.

    Records that are being added or compacted at the same time are deleted by the reconciler.
    """
    if not _traces.delete(id):
        return False
    try:
        series.delete(series.trace_prefix(id))
    except Exception:
        logger.exception("the records of a deleted trace remain; the reconciler will delete them", trace=id)
    return True


def reconcile() -> int:
    """Delete what is left of the series of deleted traces; returns their number. The next pass retries what fails."""
    swept = 0
    for entry in DeletedTrace.scan(filter_condition=DeletedTrace.due < int(time.time()), consistent_read=True):
        try:
            series.delete(series.trace_prefix(entry.id))
            entry.delete()
            swept += 1
        except Exception:
            logger.exception("the records of a deleted trace could not be deleted", trace=entry.id)
    return swept


def page(
    *,
    after: int,
    limit: int,
    projects: Collection[int] = (),
    trace_id: str | None = None,
    interpretation: Collection[str] = (),
) -> pages.Page[Trace]:
    """A page of the traces that match the filters.

    projects: they belong to one of these. interpretation: it is one of these. Each accepts any if it is empty.
    """
    deleted = links.deleted_projects()
    owners = set(projects) - deleted
    if projects and not owners:
        return pages.Page([], None)
    if trace_id is not None:
        found = _traces.page_of_key(trace_id, after, interpretation=interpretation).items
        whole = pages.Page([trace for trace in found if not owners or not owners.isdisjoint(trace.projects)], None)
    elif not owners:
        whole = _traces.page(after, limit, interpretation=interpretation)
    else:
        linked = [links.traces_of(project, after, BLOCK) for project in sorted(owners)]
        # Where projects have more links than that, their other traces follow on the next page.
        last = min((of_one[-1] for of_one in linked if len(of_one) == BLOCK), default=None)
        candidates = sorted({id for of_one in linked for id in of_one if last is None or id <= last})
        whole = pages.walk(Trace, candidates, after, limit, pages.matches(interpretation=interpretation))
        if whole.next is None:
            whole = pages.Page(whole.items, last)
    return pages.Page([without(trace, deleted) for trace in whole.items], whole.next)


def without(trace: Trace, deleted: set[int]) -> Trace:
    """The trace without deleted projects, which are those that `links.deleted_projects` returned before it was read."""
    if deleted.isdisjoint(trace.projects):
        return trace
    result = copy.deepcopy(trace)
    result.projects = _remaining(trace, deleted)
    return result


def unlink(project: int) -> None:
    """Take a deleted project from all its traces; after that, nothing names it.

    Raises Busy and DeadlineExceededError; calling it again does the rest.
    """
    for _ in attempts(ATTEMPTS):
        linked = links.traces_of(project)
        if not linked:
            DeletedProject(project).delete()
            return
        for start in range(0, len(linked), BLOCK):
            block = linked[start : start + BLOCK]
            naming = {id: trace for id, trace in get_many(block).items() if project in trace.projects}
            changes = [changed(trace, {"projects": _remaining(trace, {project})}) for trace in naming.values()]
            _traces.commit_many(changes)
            bulk.delete_all(Link, (Link(project, id) for id in block if id not in naming))
    raise Busy(f"other requests changed the traces of project {project} in all {ATTEMPTS} attempts")


def rebuild_links() -> None:
    """Write the links of all traces again, and take from the traces the projects that do not exist. Safe to repeat.

    Raises Busy when other requests change the same traces for too long.
    """
    allocated = ids.allocated("traces")
    for start in range(0, len(allocated), BLOCK):
        remaining: Iterable[int] = allocated[start : start + BLOCK]
        for _ in attempts(ATTEMPTS):
            linked = [trace for trace in get_many(remaining).values() if trace.projects]
            named = {project for trace in linked for project in trace.projects}
            gone = named - pages.get_many(Project, named).keys()
            remaining = [change.id for change in _traces.commit_many([_relinked(trace, gone) for trace in linked])]
            if not remaining:
                break
        else:
            raise Busy(f"other requests changed the same traces in all {ATTEMPTS} attempts")


def _relinked(trace: Trace, gone: set[int]) -> Change[Trace]:
    """The change that writes all links of a trace, as if it had none."""
    bare = copy.deepcopy(trace)
    bare.projects = []
    item = trace if gone.isdisjoint(trace.projects) else changed(trace, {"projects": _remaining(trace, gone)}).item
    return Change(item, bare)


def _remaining(trace: Trace, gone: set[int]) -> list[int]:
    return [project for project in trace.projects if project not in gone]


def of_projects(projects: Iterable[int]) -> dict[int, list[Trace]]:
    """The traces of each project, ordered by id."""
    wanted = set(projects)
    linked = links.traces_of_each(wanted)
    found = get_many(trace for traces in linked.values() for trace in traces)
    return {project: [found[id] for id in linked.get(project, ()) if id in found] for project in wanted}
