"""trace_groups/"""

from typing import Any

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import OUTPUT, Body, Id, Key, PageQuery, Timestamp
from chalicelib.api.http.paging import LINK, page_of
from chalicelib.api.http.times import timestamp
from chalicelib.api.shared.filters import NodeOut, Specification
from chalicelib.store.collections import trace_groups
from chalicelib.store.tables.collections import TraceGroup

DESCRIPTION = """\
Traces selected by attributes of the traces and their projects, rather than listed one by one; `meter_runs/bulk/` and
`aggregation_runs/` accept a group as a target.

The members of a group are determined each time it is used: its `filter_specification` is evaluated for every trace with
each project that the trace belongs to, or without a project if it belongs to none. `==` and `in` use JSON's equality: 1
equals 1.0, but not true. `>`, `>=`, `<` and `<=` only hold between two numbers or two strings; strings are compared
character by character (so `"10"` comes before `"9"`). All of these are false if the project or the field of its
metadata is absent. `!=` is the exact negation of `==`, and `not in` that of `in`, so they are true in that case.
"""

resource = Resource("trace_groups", "trace group", DESCRIPTION)

NAME = "Your own name for the group; several groups may have the same name."
SPECIFICATION = (
    "Which traces are in the group: a `filter`, or a `filter_boolean` of two filters, nested at most 20 levels deep. "
    'The wrapping, `{"filter": ...}` or `{"filter_boolean": ...}`, may be left out of a request; a response always has '
    "it."
)


class TraceGroupChanges(Body):
    """Some fields of a trace group."""

    name: Key = Field(default="", description=NAME, examples=["Retrofits"])
    filter_specification: Specification = Field(default=None, description=SPECIFICATION)  # type: ignore[assignment]

    def given(self) -> dict[str, Any]:
        """The fields that were given, as they are stored."""
        given = self.model_dump(include=self.model_fields_set - {"filter_specification"})
        if "filter_specification" in self.model_fields_set:
            given["filter_specification"] = self.filter_specification.wrapped()
        return given


class TraceGroupIn(TraceGroupChanges):
    """A trace group to create."""

    name: Key = Field(description=NAME, examples=["Retrofits"])
    filter_specification: Specification = Field(description=SPECIFICATION)


@with_config(OUTPUT)
class TraceGroupOut(TypedDict):
    """A trace group."""

    id: Id
    name: str
    filter_specification: NodeOut
    added: Timestamp
    updated: Timestamp


class TraceGroupQuery(PageQuery):
    """Filters for trace groups."""

    name: Key | None = Field(default=None, description="The name of the trace groups.")


def trace_group_out(group: TraceGroup) -> TraceGroupOut:
    """A trace group as shown in responses."""
    return {
        "id": group.id,
        "name": group.name,
        "filter_specification": group.filter_specification,
        "added": timestamp(group.added),
        "updated": timestamp(group.updated),
    }


LARGE = {"filter": {"target": "project_metadata|floor_area", "comparison": ">=", "value": 1000}}
RETROFITS = {"filter": {"target": "project_metadata|program", "comparison": "in", "value": ["retrofit", "hvac"]}}
EXAMPLE_IN = {
    "name": "Large retrofits",
    "filter_specification": {"filter_boolean": {"boolean": "and", "filter_a": RETROFITS, "filter_b": LARGE}},
}
EXAMPLE_OUT = {
    "id": 1,
    **EXAMPLE_IN,
    "added": "2016-09-28T23:57:21.454235Z",
    "updated": "2016-09-28T23:57:21.454260Z",
}


@resource.endpoint(
    "GET",
    "/trace_groups/",
    scope=READ,
    query=TraceGroupQuery,
    returns=list[TraceGroupOut],
    headers=LINK,
    examples={"one trace group": Example(response=[EXAMPLE_OUT])},
)
def list_trace_groups(call: Call[None, TraceGroupQuery]) -> Reply:
    """List trace groups."""
    found = trace_groups.page(after=call.query.after, limit=call.query.limit, **call.query.filters())
    return page_of(call, [trace_group_out(group) for group in found.items], found.next)


@resource.endpoint(
    "POST",
    "/trace_groups/",
    scope=WRITE,
    body=TraceGroupIn,
    returns=TraceGroupOut,
    status=201,
    headers={"Location": "The path of the trace group."},
    examples={"two filters": Example(EXAMPLE_IN, EXAMPLE_OUT)},
)
def create_trace_group(call: Call[TraceGroupIn, NoQuery]) -> Reply:
    """Create a trace group."""
    group = trace_groups.create(call.body.given())
    return Reply(trace_group_out(group), {"Location": f"/api/v1/trace_groups/{group.id}/"})


@resource.endpoint(
    "GET",
    "/trace_groups/{id}/",
    scope=READ,
    returns=TraceGroupOut,
    examples={"a trace group": Example(response=EXAMPLE_OUT)},
)
def get_trace_group(call: Call[None, NoQuery]) -> Reply:
    """Get a trace group."""
    group = trace_groups.get(call.id)
    if group is None:
        raise call.not_found()
    return Reply(trace_group_out(group))


@resource.endpoint(
    "PATCH",
    "/trace_groups/{id}/",
    scope=WRITE,
    body=TraceGroupChanges,
    returns=TraceGroupOut,
    examples={"a new name": Example({"name": "Large retrofits"}, EXAMPLE_OUT)},
)
def change_trace_group(call: Call[TraceGroupChanges, NoQuery]) -> Reply:
    """Change the given fields of a trace group."""
    changed = trace_groups.update(call.id, call.body.given())
    if changed is None:
        raise call.not_found()
    return Reply(trace_group_out(changed))


@resource.endpoint("DELETE", "/trace_groups/{id}/", scope=WRITE, status=204)
def delete_trace_group(call: Call[None, NoQuery]) -> Reply:
    """Delete a trace group.

    Its traces, their meter runs and the results are kept.
    """
    if not trace_groups.delete(call.id):
        raise call.not_found()
    return Reply(None)
