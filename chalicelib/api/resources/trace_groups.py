"""trace_groups/"""

from typing import Any

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.collections import CollectionEndpoints
from chalicelib.api.http.endpoints import Example, Resource
from chalicelib.api.http.fields import OUTPUT, Body, Id, Key, PageQuery, Timestamp
from chalicelib.api.http.times import timestamp
from chalicelib.api.shared.filters import NodeOut, Specification
from chalicelib.store.collections import trace_groups
from chalicelib.store.shared.pages import Page
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


collection = CollectionEndpoints[TraceGroup](resource, TraceGroupOut, trace_group_out)


@collection.list(TraceGroupQuery, examples={"one trace group": Example(response=[EXAMPLE_OUT])})
def list_trace_groups(query: TraceGroupQuery) -> Page[TraceGroup]:
    """List trace groups."""
    return trace_groups.page(**dict(query))


@collection.create(TraceGroupIn, read=trace_groups.get, examples={"two filters": Example(EXAMPLE_IN, EXAMPLE_OUT)})
def create_trace_group(body: TraceGroupIn) -> TraceGroup:
    """Create a trace group."""
    return trace_groups.create(body.given())


@collection.get(examples={"a trace group": Example(response=EXAMPLE_OUT)})
def get_trace_group(id: int) -> TraceGroup | None:
    """Get a trace group."""
    return trace_groups.get(id)


@collection.change(TraceGroupChanges, examples={"a new name": Example({"name": "Large retrofits"}, EXAMPLE_OUT)})
def change_trace_group(id: int, body: TraceGroupChanges) -> TraceGroup | None:
    """Change the given fields of a trace group."""
    return trace_groups.update(id, body.given())


@collection.delete()
def delete_trace_group(id: int) -> bool:
    """Delete a trace group.

    Its traces, their meter runs and the results are kept.
    """
    return trace_groups.delete(id)
