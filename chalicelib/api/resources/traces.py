"""traces/"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from chalicelib.api.http.collections import CollectionEndpoints
from chalicelib.api.http.endpoints import WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import MAX_ITEMS
from chalicelib.api.http.items import Items
from chalicelib.api.http.problems import ErrorItem, error, invalid, raise_if_any
from chalicelib.api.rules.trace_units import stored_fields, unit_errors, with_same_spelling
from chalicelib.api.schemas.traces import (
    EXAMPLE_GAS_IN,
    EXAMPLE_GAS_OUT,
    EXAMPLE_IN,
    EXAMPLE_OUT,
    TraceChanges,
    TraceIn,
    TraceOut,
    TraceQuery,
    trace_out,
)
from chalicelib.api.shared.duplicates import duplicates_refused
from chalicelib.api.shared.syncing import CUT_SHORT, Synced, duplicate_errors, synced
from chalicelib.store.collections import projects, trace_groups, traces
from chalicelib.store.shared.errors import UnknownProject
from chalicelib.store.shared.pages import Page
from chalicelib.store.tables.collections import Trace, TraceGroup

resource = Resource("traces", "trace", "Gas and electricity meters, each with one series of readings.")
collection = CollectionEndpoints[Trace](resource, TraceOut, trace_out)

Linked = list[tuple[tuple[str | int, ...], list[int] | None]]  # the path and the project ids of each field

DUPLICATE_ERROR = {409: "Another trace already has this `trace_id`."}


@collection.list(TraceQuery, examples={"one trace": Example(response=[EXAMPLE_OUT])})
def list_traces(query: TraceQuery) -> Page[Trace]:
    """List traces."""
    wanted = dict(query)
    group = wanted.pop("group")
    return traces.page(**wanted) if group is None else trace_groups.traces_page(_group(group), **wanted)


@collection.create(
    TraceIn,
    read=traces.shown,
    errors=DUPLICATE_ERROR,
    examples={
        "a trace": Example(EXAMPLE_IN, EXAMPLE_OUT),
        "gas by volume": Example(EXAMPLE_GAS_IN, EXAMPLE_GAS_OUT),
    },
)
def create_trace(body: TraceIn) -> Trace:
    """Create a trace."""
    given = body.given()
    linked: Linked = [(("projects",), body.projects)]
    raise_if_any(unit_errors(given, None) + _project_errors(linked))
    with duplicates_refused("trace"), _deleted_projects_refused(linked):
        return traces.create(stored_fields(given, None))


@resource.endpoint(
    "POST",
    "/traces/sync/",
    scope=WRITE,
    body=Annotated[list[TraceIn], Items(MAX_ITEMS)],
    returns=list[Synced],
    errors={**CUT_SHORT, 400: "If a project is deleted at the same time, some of the items may have been written."},
    examples={"one trace": Example([EXAMPLE_IN], [{"id": 2, "trace_id": "METER-17-E", "status": "created"}])},
)
def sync_traces(call: Call[list[TraceIn], NoQuery]) -> Reply:
    """Create or update each trace by its trace_id, or leave it unchanged.

    Fields that an item leaves out keep their values in an existing trace. The response reports what was done with each.
    """
    items = [item.given() for item in call.body]
    errors = duplicate_errors("trace_id", items)
    existing = traces.find_many([item["trace_id"] for item in items])
    pairs = [(item, existing.get(item["trace_id"])) for item in items]
    for index, (item, before) in enumerate(pairs):
        errors += unit_errors(item, before, index)
    linked: Linked = [((index, "projects"), item.projects) for index, item in enumerate(call.body)]
    raise_if_any(errors + _project_errors(linked))
    with _deleted_projects_refused(linked):
        done = traces.sync([with_same_spelling(stored_fields(*pair), pair[1]) for pair in pairs])
    return Reply(synced("trace_id", done))


@collection.get(examples={"a trace": Example(response=EXAMPLE_OUT)})
def get_trace(id: int) -> Trace | None:
    """Get a trace."""
    return traces.shown(id)


@collection.change(
    TraceChanges,
    errors=DUPLICATE_ERROR,
    examples={"another project": Example({"projects": [1]}, EXAMPLE_OUT)},
)
def change_trace(id: int, body: TraceChanges) -> Trace | None:
    """Change the given fields of a trace; null resets a field.

    A new unit or heat content applies to the records you post from now on; existing records keep their values. The heat
    content belongs to the unit: another unit of volume needs its own.
    """
    trace = traces.get(id)
    if trace is None:
        return None
    given = body.given()
    linked: Linked = [(("projects",), body.projects)]
    raise_if_any(unit_errors(given, trace) + _project_errors(linked))
    with duplicates_refused("trace"), _deleted_projects_refused(linked):
        return traces.update(id, stored_fields(given, trace))


@collection.delete(
    errors={
        503: "Some of its records may have been deleted; send the same request again to delete the rest and the trace."
    }
)
def delete_trace(id: int) -> bool:
    """Delete a trace and its records.

    Its meter runs and their results are kept.
    """
    return traces.delete(id)


def _group(id: int) -> TraceGroup:
    group = trace_groups.get(id)
    if group is None:
        raise invalid({**error(f"There is no trace group {id}.", "group"), "parameter": "group"})
    return group


@contextmanager
def _deleted_projects_refused(linked: Linked) -> Iterator[None]:
    """Raise the 400 Problem if the store finds that a project was deleted since it was checked."""
    try:
        yield
    except UnknownProject:
        raise invalid(*_project_errors(linked)) from None


def _project_errors(items: Linked) -> list[ErrorItem]:
    """An error for each project that does not exist."""
    wanted = {id for _, given in items for id in given or ()}
    known = projects.get_many(wanted) if wanted else {}
    return [
        error(f"There is no project {id}.", *path, index)
        for path, given in items
        for index, id in enumerate(given or ())
        if id not in known
    ]
