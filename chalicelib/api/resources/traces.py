"""traces/"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib import vocabulary
from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import MAX_ITEMS, OUTPUT, Body, Id, Key, PageQuery, Timestamp, TraceInterpretation
from chalicelib.api.http.paging import LINK, page_of
from chalicelib.api.http.problems import DUPLICATE, ErrorItem, Problem, error, invalid, raise_if_any
from chalicelib.api.http.times import timestamp
from chalicelib.api.shared.syncing import CUT_SHORT, Synced, duplicate_errors, synced
from chalicelib.store.collections import projects, trace_groups, traces
from chalicelib.store.shared.errors import Conflict
from chalicelib.store.tables import Trace, TraceGroup

resource = Resource("traces", "trace", "Gas and electricity meters, each with one series of readings.")

MAX_PROJECTS = 40  # per trace


DEFAULTS = {"projects": [], "zero_is_reading": False}  # the meaning of null
UNIT = (
    "The unit of the records you post: kWh, Wh, MWh, GWh, Btu, kBtu, MMBtu, MJ or GJ; for gas also therms, Dth, or a "
    "volume (CCF, MCF, cf, m3) with its `heat_content`. Electricity is stored in KWH, natural gas in THERM."
)

Unit = Annotated[str, Field(max_length=255, examples=["KWH", "kWh", "Wh", "THERM", "therms", "CCF", "m3"])]


class TraceChanges(Body):
    """Some fields of a trace; null resets a field."""

    trace_id: Key = Field(default="", description="Your own unique id for the trace.", examples=["METER-17-E"])
    interpretation: TraceInterpretation = Field(default="", description="What is metered: full name or short code.")
    unit: Unit = Field(default="", description=UNIT)
    projects: list[Id] | None = Field(
        default=None, max_length=MAX_PROJECTS, description="The ids of the trace's projects; null: none."
    )
    heat_content: float | None = Field(
        default=None,
        description="Only for gas by volume: the therms in one posted unit, about 1.04 in a CCF, 10.4 in an MCF and "
        "0.366 in an m3. Divide MJ/m3 by 105.5 to get therms per m3.",
        examples=[1.036],
    )
    readings: vocabulary.Readings | None = Field(
        default=None,
        description="Whether a value is the consumption of a period (`consumption`), or a read of the meter's register "
        "at an instant (`register`). Null: consumption, and a run fails if the values look like register reads.",
    )
    zero_is_reading: bool | None = Field(
        default=False,
        description="Whether 0 is a valid reading of electricity, rather than a missing one; null: false.",
    )

    def given(self) -> dict[str, Any]:
        """The fields that were given, with null replaced by its default; `unit` as the client spells it."""
        given = self.model_dump(exclude_unset=True)
        given = {name: DEFAULTS.get(name) if value is None else value for name, value in given.items()}
        if "projects" in given:
            given["projects"] = sorted(set(given["projects"]))
        return given


class TraceIn(TraceChanges):
    """A trace to create."""

    trace_id: Key = Field(description="Your own unique id for the trace.", examples=["METER-17-E"])
    interpretation: TraceInterpretation = Field(description="What is metered: full name or short code.")
    unit: Unit = Field(description=UNIT)


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
    posted_unit: Annotated[str, Field(description="The unit of the records that are posted, as the client spelled it.")]
    heat_content: Annotated[float | None, Field(description="The therms in one posted unit, if that is a volume.")]
    readings: Annotated[vocabulary.Readings | None, Field(description="Null if it was not given.")]
    zero_is_reading: bool


class TraceQuery(PageQuery):
    """Filters for traces."""

    projects: Id | None = Field(default=None, description="The id of a project that the traces belong to.")
    trace_id: Key | None = Field(default=None, description="Your own id for a trace.")
    interpretation: TraceInterpretation | None = Field(default=None, description="Full name or short code.")
    group: Id | None = Field(default=None, description="The id of a trace group that the traces are in.")


def trace_out(trace: Trace) -> TraceOut:
    """A trace as shown in responses."""
    return {
        "id": trace.id,
        "trace_id": trace.trace_id,
        "interpretation": trace.interpretation,
        "unit": trace.unit,  # type: ignore[typeddict-item]
        "projects": trace.projects,
        "added": timestamp(trace.added),
        "updated": timestamp(trace.updated),
        "posted_unit": trace.posted_unit or trace.unit,
        "heat_content": trace.heat_content,
        "readings": trace.readings,  # type: ignore[typeddict-item]
        "zero_is_reading": trace.zero_is_reading,
    }


def stored_fields(given: Mapping[str, Any], before: Trace | None) -> dict[str, Any]:
    """The fields as they are stored: the client's unit, the datastore's unit, and the factor between the two.

    before: the trace to change, whose values apply to fields that are not given. Raises ValueError if the unit is
    wrong, and HeatContentError if the heat content is.
    """
    if given.keys().isdisjoint(("interpretation", "unit", "heat_content")):
        return dict(given)
    whole: dict[str, Any] = {name: getattr(before, name, None) for name in ("interpretation", "heat_content")}
    whole |= given
    posted = None if before is None else before.posted_unit or before.unit
    if "unit" not in given and before is not None:
        unit = vocabulary.expected_unit(whole["interpretation"])
        if unit != before.unit:
            raise ValueError(
                f"The records of this trace are stored in {before.unit}, but {whole['interpretation']} is stored in "
                f"{unit}; also give the unit of the records that you post from now on"
            )
        if "heat_content" not in given:
            return dict(given)
        whole["unit"] = posted
    elif posted and "heat_content" not in given and not vocabulary.same_unit(whole["unit"], posted):
        whole["heat_content"] = None  # it belongs to the previous unit
    unit, factor = vocabulary.normalised_unit(whole["unit"], whole["interpretation"], whole["heat_content"])
    return {
        **given,
        "unit": unit,
        "unit_multiplier": factor,
        "posted_unit": whole["unit"],
        "heat_content": whole["heat_content"],
    }


def unit_errors(given: Mapping[str, Any], before: Trace | None, *path: str | int) -> list[ErrorItem]:
    """The error if the unit or the heat content does not match the fuel; `before` as in `stored_fields`."""
    try:
        stored_fields(given, before)
    except vocabulary.HeatContentError as problem:
        return [error(f"{problem}.", *path, "heat_content")]
    except ValueError as problem:
        return [error(f"{problem}.", *path, "unit")]
    return []


def project_errors(items: list[tuple[tuple[str | int, ...], Any]]) -> list[ErrorItem]:
    """An error for each project that does not exist; `items`: the path and the list of ids of each field."""
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
    "posted_unit": "kWh",
    "heat_content": None,
    "readings": None,
    "zero_is_reading": False,
}
EXAMPLE_GAS_IN = {
    "trace_id": "METER-17-G",
    "interpretation": "NG_C_S",
    "unit": "CCF",
    "projects": [1],
    "heat_content": 1.036,
}
EXAMPLE_GAS_OUT = {
    **EXAMPLE_OUT,
    "id": 3,
    "trace_id": "METER-17-G",
    "interpretation": "NATURAL_GAS_CONSUMPTION_SUPPLIED",
    "unit": "THERM",
    "posted_unit": "CCF",
    "heat_content": 1.036,
}
DUPLICATE_ERROR = {409: "Another trace already has this `trace_id`."}


def _duplicate(conflict: Conflict) -> Problem:
    detail = f"Trace {conflict.id} already has the trace_id {conflict.value!r}; use another one, or change that trace."
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
    page = traces.page if group is None else partial(trace_groups.traces_page, _group(group))
    found = page(after=call.query.after, limit=call.query.limit, **filters)
    return page_of(call, [trace_out(trace) for trace in found.items], found.next)


def _group(id: int) -> TraceGroup:
    group = trace_groups.get(id)
    if group is None:
        raise invalid({**error(f"There is no trace group {id}.", "group"), "parameter": "group"})
    return group


@resource.endpoint(
    "POST",
    "/traces/",
    scope=WRITE,
    body=TraceIn,
    returns=TraceOut,
    status=201,
    headers={"Location": "The path of the trace."},
    errors=DUPLICATE_ERROR,
    examples={
        "a trace": Example(EXAMPLE_IN, EXAMPLE_OUT),
        "gas by volume": Example(EXAMPLE_GAS_IN, EXAMPLE_GAS_OUT),
    },
)
def create_trace(call: Call[TraceIn, NoQuery]) -> Reply:
    """Create a trace."""
    given = call.body.given()
    raise_if_any(unit_errors(given, None) + project_errors([(("projects",), call.body.projects)]))
    try:
        trace = traces.create(stored_fields(given, None))
    except Conflict as conflict:
        raise _duplicate(conflict) from None
    return Reply(trace_out(trace), {"Location": f"/api/v1/traces/{trace.id}/"})


@resource.endpoint(
    "POST",
    "/traces/sync/",
    scope=WRITE,
    body=Annotated[list[TraceIn], Field(max_length=MAX_ITEMS)],
    returns=list[Synced],
    errors=CUT_SHORT,
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
    errors += project_errors([((index, "projects"), item.projects) for index, item in enumerate(call.body)])
    raise_if_any(errors)
    return Reply(
        synced("trace_id", traces.sync([_with_same_spelling(stored_fields(*pair), pair[1]) for pair in pairs]))
    )


def _with_same_spelling(fields: dict[str, Any], before: Trace | None) -> dict[str, Any]:
    """The fields, but with the trace's spelling of the unit if the unit is the same: a new spelling is not a change."""
    same = before is not None and all(fields[name] == getattr(before, name) for name in ("unit", "unit_multiplier"))
    return fields | {"posted_unit": before.posted_unit or fields["posted_unit"]} if before and same else fields


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
    errors=DUPLICATE_ERROR,
    examples={"another project": Example({"projects": [1]}, EXAMPLE_OUT)},
)
def change_trace(call: Call[TraceChanges, NoQuery]) -> Reply:
    """Change the given fields of a trace; null resets a field.

    A new unit or heat content applies to the records you post from now on; existing records keep their values. The heat
    content belongs to the unit: another unit of volume needs its own.
    """
    trace = traces.get(call.id)
    if trace is None:
        raise call.not_found()
    given = call.body.given()
    raise_if_any(unit_errors(given, trace) + project_errors([(("projects",), call.body.projects)]))
    try:
        changed = traces.update(trace.id, stored_fields(given, trace))
    except Conflict as conflict:
        raise _duplicate(conflict) from None
    if changed is None:
        raise call.not_found()
    return Reply(trace_out(changed))


@resource.endpoint(
    "DELETE",
    "/traces/{id}/",
    scope=WRITE,
    status=204,
    errors={503: "Some of its records may have been deleted; the same request again deletes the rest, and the trace."},
)
def delete_trace(call: Call[None, NoQuery]) -> Reply:
    """Delete a trace and its records.

    Its meter runs and their results are kept.
    """
    if not traces.delete(call.id):
        raise call.not_found()
    return Reply(None)
