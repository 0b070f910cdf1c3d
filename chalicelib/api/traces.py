"""traces/"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, with_config
from typing_extensions import TypedDict

from chalicelib import vocabulary
from chalicelib.api.endpoints import (
    READ,
    WRITE,
    Call,
    Example,
    NoQuery,
    Reply,
    Resource,
)
from chalicelib.api.fields import (
    MOST_ITEMS,
    OUTPUT,
    Body,
    Id,
    Key,
    PageQuery,
    Timestamp,
    TraceInterpretation,
)
from chalicelib.api.paging import LINK, page_of
from chalicelib.api.problems import DUPLICATE, ErrorItem, Problem, error, invalid, refuse_any
from chalicelib.api.syncing import Synced, repeated, synced
from chalicelib.api.times import timestamp
from chalicelib.store import projects, trace_groups, traces
from chalicelib.store.errors import Conflict
from chalicelib.store.tables import Trace

resource = Resource("traces", "trace", "The series of gas and electricity meters.")

MOST_PROJECTS = 40  # of one trace


def _known_unit(unit: str, info: ValidationInfo) -> str:
    vocabulary.normalised_unit(unit, info.data.get("interpretation", ""))
    return unit


Unit = Annotated[str, AfterValidator(_known_unit), Field(examples=["KWH", "kWh", "Wh", "THERM", "therms"])]


class TraceChanges(Body):
    """Some fields of a trace; null resets a field."""

    trace_id: Key = Field(default="", description="Your own id of the trace, unique.", examples=["METER-17-E"])
    interpretation: TraceInterpretation = Field(default="", description="What is metered: full name or short code.")
    unit: Unit = Field(
        default="", description="The unit of the records you post; electricity is kept in KWH, natural gas in THERM."
    )
    projects: list[Id] | None = Field(
        default=None, max_length=MOST_PROJECTS, description="The projects that the trace belongs to; null: none."
    )

    def given(self) -> dict[str, Any]:
        """The fields that were given, as the store keeps them."""
        given = self.model_dump(exclude_unset=True)
        if "projects" in given:
            given["projects"] = sorted(set(given["projects"] or ()))
        if "unit" in given:
            given["unit"], given["unit_multiplier"] = vocabulary.normalised_unit(given["unit"])
        return given


class TraceIn(TraceChanges):
    """A trace to create."""

    trace_id: Key = Field(description="Your own id of the trace, unique.", examples=["METER-17-E"])
    interpretation: TraceInterpretation = Field(description="What is metered: full name or short code.")
    unit: Unit = Field(
        description="The unit of the records you post; electricity is kept in KWH, natural gas in THERM."
    )


@with_config(OUTPUT)
class TraceOut(TypedDict):
    """A trace."""

    id: Id
    trace_id: str
    interpretation: Annotated[str, Field(json_schema_extra={"enum": list(vocabulary.SHORT_CODES)})]
    unit: Literal["KWH", "THERM"]
    projects: list[Id]
    added: Timestamp
    updated: Timestamp


class TraceQuery(PageQuery):
    """The filters of traces."""

    projects: Id | None = Field(default=None, description="The id of a project that the traces belong to.")
    trace_id: Key | None = Field(default=None, description="Your own id of a trace.")
    interpretation: TraceInterpretation | None = Field(default=None, description="Full name or short code.")
    group: Id | None = Field(default=None, description="The id of a trace group that the traces are in.")


def trace_out(trace: Trace) -> TraceOut:
    """A trace as a response shows it."""
    return {
        "id": trace.id,
        "trace_id": trace.trace_id,
        "interpretation": trace.interpretation,
        "unit": trace.unit,  # type: ignore[typeddict-item]
        "projects": trace.projects,
        "added": timestamp(trace.added),
        "updated": timestamp(trace.updated),
    }


def unit_errors(fields: Mapping[str, Any], *path: str | int) -> list[ErrorItem]:
    """Whether the unit is one of the fuel."""
    interpretation, unit = fields["interpretation"], fields["unit"]
    if unit == vocabulary.expected_unit(interpretation):
        return []
    taken = vocabulary.units_taken(interpretation)
    return [error(f"{unit} is no unit of {interpretation}; give {taken}.", *path, "unit")]


def project_errors(items: list[tuple[tuple[str | int, ...], Any]]) -> list[ErrorItem]:
    """The projects that do not exist, in fields given by the path to each and its list of ids."""
    wanted = {id for _, given in items for id in given or ()}
    known = projects.get_many(wanted) if wanted else {}
    return [
        error(f"There is no project {id}.", *path, index)
        for path, given in items
        for index, id in enumerate(given or ())
        if id not in known
    ]


EXAMPLE_IN = {"trace_id": "METER-17-E", "interpretation": "E_C_S", "unit": "kWh", "projects": [1]}
EXAMPLE_OUT = {
    "id": 2,
    "trace_id": "METER-17-E",
    "interpretation": "ELECTRICITY_CONSUMPTION_SUPPLIED",
    "unit": "KWH",
    "projects": [1],
    "added": "2016-09-28T23:57:21.454235Z",
    "updated": "2016-09-28T23:57:21.454260Z",
}
TAKEN = {409: "Another trace has this `trace_id`."}


def _taken(conflict: Conflict) -> Problem:
    detail = f"Trace {conflict.id} has the trace_id {conflict.value!r} already."
    return Problem(DUPLICATE, detail, [error(detail, "trace_id")])


@resource.endpoint(
    "GET",
    "/traces/",
    scope=READ,
    query=TraceQuery,
    returns=list[TraceOut],
    headers=LINK,
    examples={"one trace": Example(response=[EXAMPLE_OUT])},
)
def list_traces(call: Call[None, TraceQuery]) -> Reply:
    """List traces."""
    filters = call.query.filters()
    group = filters.pop("group")
    if group is not None:
        filters["among"] = _traces_of_group(group)
    found = traces.page(after=call.query.after, limit=call.query.limit, **filters)
    return page_of(call, [trace_out(trace) for trace in found.items], found.next)


def _traces_of_group(id: int) -> list[int]:
    group = trace_groups.get(id)
    if group is None:
        raise invalid({**error(f"There is no trace group {id}.", "group"), "parameter": "group"})
    return sorted({trace for _, trace in trace_groups.members(group)})


@resource.endpoint(
    "POST",
    "/traces/",
    scope=WRITE,
    body=TraceIn,
    returns=TraceOut,
    status=201,
    headers={"Location": "The path of the trace."},
    errors=TAKEN,
    examples={"a trace": Example(EXAMPLE_IN, EXAMPLE_OUT)},
)
def create_trace(call: Call[TraceIn, NoQuery]) -> Reply:
    """Create a trace."""
    fields = call.body.given()
    refuse_any(unit_errors(fields) + project_errors([(("projects",), call.body.projects)]))
    try:
        trace = traces.create(fields)
    except Conflict as conflict:
        raise _taken(conflict) from None
    return Reply(trace_out(trace), {"Location": f"/api/v1/traces/{trace.id}/"})


@resource.endpoint(
    "POST",
    "/traces/sync/",
    scope=WRITE,
    body=Annotated[list[TraceIn], Field(max_length=MOST_ITEMS)],
    returns=list[Synced],
    examples={"one trace": Example([EXAMPLE_IN], [{"id": 2, "trace_id": "METER-17-E", "status": "created"}])},
)
def sync_traces(call: Call[list[TraceIn], NoQuery]) -> Reply:
    """Create, update or leave each trace by its trace_id.

    In an existing trace a field that an item leaves out stays as it is. The response says what was done with each.
    """
    items = [item.given() for item in call.body]
    errors = repeated("trace_id", items)
    for index, item in enumerate(items):
        errors += unit_errors(item, index)
    errors += project_errors([((index, "projects"), item.projects) for index, item in enumerate(call.body)])
    refuse_any(errors)
    return Reply(synced("trace_id", traces.sync(items)))


@resource.endpoint(
    "GET", "/traces/{id}/", scope=READ, returns=TraceOut, examples={"a trace": Example(response=EXAMPLE_OUT)}
)
def get_trace(call: Call[None, NoQuery]) -> Reply:
    """Get a trace."""
    trace = traces.get(call.id)
    if trace is None:
        raise call.not_found()
    return Reply(trace_out(trace))


@resource.endpoint(
    "PATCH",
    "/traces/{id}/",
    scope=WRITE,
    body=TraceChanges,
    returns=TraceOut,
    errors=TAKEN,
    examples={"another project": Example({"projects": [1]}, EXAMPLE_OUT)},
)
def change_trace(call: Call[TraceChanges, NoQuery]) -> Reply:
    """Change the fields of a trace that are given; null resets a field.

    A new unit is that of the records you post from now on; those that are there keep their values.
    """
    trace = traces.get(call.id)
    if trace is None:
        raise call.not_found()
    changes = call.body.given()
    merged = {name: changes.get(name, getattr(trace, name)) for name in ("interpretation", "unit")}
    refuse_any(unit_errors(merged) + project_errors([(("projects",), call.body.projects)]))
    try:
        changed = traces.update(trace.id, changes)
    except Conflict as conflict:
        raise _taken(conflict) from None
    if changed is None:
        raise call.not_found()
    return Reply(trace_out(changed))


@resource.endpoint("DELETE", "/traces/{id}/", scope=WRITE, status=204)
def delete_trace(call: Call[None, NoQuery]) -> Reply:
    """Delete a trace and its records.

    Its meter runs and their results stay.
    """
    if not traces.delete(call.id):
        raise call.not_found()
    return Reply(None)
