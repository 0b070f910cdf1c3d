"""traces/"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib import vocabulary
from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import MOST_ITEMS, OUTPUT, Body, Id, Key, PageQuery, Timestamp, TraceInterpretation
from chalicelib.api.http.paging import LINK, page_of
from chalicelib.api.http.problems import DUPLICATE, ErrorItem, Problem, error, invalid, refuse_any
from chalicelib.api.http.times import timestamp
from chalicelib.api.shared.syncing import Synced, repeated, synced
from chalicelib.store.collections import projects, trace_groups, traces
from chalicelib.store.shared.errors import Conflict
from chalicelib.store.tables import Trace

resource = Resource("traces", "trace", "The series of gas and electricity meters.")

MOST_PROJECTS = 40  # of one trace


DEFAULTS = {"projects": [], "zero_is_reading": False}  # what null stands for
UNIT = (
    "The unit of the records you post; electricity is kept in KWH, natural gas in THERM. Taken are kWh, Wh, MWh, GWh, "
    "Btu, kBtu, MMBtu, MJ and GJ; for gas also therms, Dth, and volumes (CCF, MCF, cf, m3) with their `heat_content`."
)

Unit = Annotated[str, Field(max_length=255, examples=["KWH", "kWh", "Wh", "THERM", "therms", "CCF", "m3"])]


class TraceChanges(Body):
    """Some fields of a trace; null resets a field."""

    trace_id: Key = Field(default="", description="Your own id of the trace, unique.", examples=["METER-17-E"])
    interpretation: TraceInterpretation = Field(default="", description="What is metered: full name or short code.")
    unit: Unit = Field(default="", description=UNIT)
    projects: list[Id] | None = Field(
        default=None, max_length=MOST_PROJECTS, description="The projects that the trace belongs to; null: none."
    )
    heat_content: float | None = Field(
        default=None,
        description="Of gas by volume, and of nothing else: the therms in one posted unit, about 1.04 in a CCF, 10.4 "
        "in an MCF and 0.366 in a m3. MJ/m3 divided by 105.5 are therms per m3.",
        examples=[1.036],
    )
    readings: vocabulary.Readings | None = Field(
        default=None,
        description="Whether a value is what was used over a time, or what the register of the meter showed at an "
        "instant; null: consumption, and a run refuses what looks like register reads.",
    )
    zero_is_reading: bool | None = Field(
        default=False,
        description="Whether 0 is a reading of electricity, rather than one that is missing; null: it is missing.",
    )

    def given(self) -> dict[str, Any]:
        """The fields that were given, null replaced by what it stands for; `unit` as the client spells it."""
        given = self.model_dump(exclude_unset=True)
        given = {name: DEFAULTS.get(name) if value is None else value for name, value in given.items()}
        if "projects" in given:
            given["projects"] = sorted(set(given["projects"]))
        return given


class TraceIn(TraceChanges):
    """A trace to create."""

    trace_id: Key = Field(description="Your own id of the trace, unique.", examples=["METER-17-E"])
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
    posted_unit: Annotated[str, Field(description="The unit of the records that are posted, as it was given.")]
    heat_content: Annotated[float | None, Field(description="The therms in one posted unit, where that is a volume.")]
    readings: Annotated[vocabulary.Readings | None, Field(description="Null where it was not said.")]
    zero_is_reading: bool


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
        "posted_unit": trace.posted_unit or trace.unit,
        "heat_content": trace.heat_content,
        "readings": trace.readings,  # type: ignore[typeddict-item]
        "zero_is_reading": trace.zero_is_reading,
    }


def kept(given: Mapping[str, Any], before: Trace | None) -> dict[str, Any]:
    """The fields as the store keeps them: the client's unit beside the datastore's, and the factor between the two.

    before: the trace that is changed, whose fields count where none are given. Raises ValueError, for the unit, and
    HeatContentError.
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
                f"the records of this trace are kept in {before.unit}, and those of {whole['interpretation']} in "
                f"{unit}; give the unit of the records that you post from now on"
            )
        if "heat_content" not in given:
            return dict(given)
        whole["unit"] = posted
    elif posted and "heat_content" not in given and not vocabulary.same_unit(whole["unit"], posted):
        whole["heat_content"] = None  # it is that of another unit
    unit, factor = vocabulary.normalised_unit(whole["unit"], whole["interpretation"], whole["heat_content"])
    return {
        **given,
        "unit": unit,
        "unit_multiplier": factor,
        "posted_unit": whole["unit"],
        "heat_content": whole["heat_content"],
    }


def unit_errors(given: Mapping[str, Any], before: Trace | None, *path: str | int) -> list[ErrorItem]:
    """Whether the unit and the heat content are those of the fuel; `before` as in `kept`."""
    try:
        kept(given, before)
    except vocabulary.HeatContentError as problem:
        return [error(f"{problem}.", *path, "heat_content")]
    except ValueError as problem:
        return [error(f"{problem}.", *path, "unit")]
    return []


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
    examples={
        "a trace": Example(EXAMPLE_IN, EXAMPLE_OUT),
        "gas by volume": Example(EXAMPLE_GAS_IN, EXAMPLE_GAS_OUT),
    },
)
def create_trace(call: Call[TraceIn, NoQuery]) -> Reply:
    """Create a trace."""
    given = call.body.given()
    refuse_any(unit_errors(given, None) + project_errors([(("projects",), call.body.projects)]))
    try:
        trace = traces.create(kept(given, None))
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
    existing = traces.find_many([item["trace_id"] for item in items])
    pairs = [(item, existing.get(item["trace_id"])) for item in items]
    for index, (item, before) in enumerate(pairs):
        errors += unit_errors(item, before, index)
    errors += project_errors([((index, "projects"), item.projects) for index, item in enumerate(call.body)])
    refuse_any(errors)
    return Reply(synced("trace_id", traces.sync([_as_spelled(kept(*pair), pair[1]) for pair in pairs])))


def _as_spelled(fields: dict[str, Any], before: Trace | None) -> dict[str, Any]:
    """The fields without another spelling of the unit that the trace has already: that is no change."""
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
    errors=TAKEN,
    examples={"another project": Example({"projects": [1]}, EXAMPLE_OUT)},
)
def change_trace(call: Call[TraceChanges, NoQuery]) -> Reply:
    """Change the fields of a trace that are given; null resets a field.

    A new unit or heat content is that of the records you post from now on; those that are there keep their values. The
    heat content belongs to the unit: another unit of volume needs its own.
    """
    trace = traces.get(call.id)
    if trace is None:
        raise call.not_found()
    given = call.body.given()
    refuse_any(unit_errors(given, trace) + project_errors([(("projects",), call.body.projects)]))
    try:
        changed = traces.update(trace.id, kept(given, trace))
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
