"""trace_records/"""

import math
from collections import defaultdict
from typing import Annotated, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import MOST_ITEMS, OUTPUT, Body, DateOrInstant, Id, Reading, Timestamp
from chalicelib.api.http.paging import LINK, page
from chalicelib.api.http.problems import ErrorItem, error, invalid, refuse_any
from chalicelib.api.http.times import in_timezone, microseconds, moment, timestamp
from chalicelib.api.shared.records import SeriesQuery, Taken, cursors, part
from chalicelib.store.collections import projects, traces
from chalicelib.store.series import series
from chalicelib.store.series.series import DUPLICATE, ESTIMATED, Column
from chalicelib.store.tables import Trace

resource = Resource(
    "trace_records",
    "record",
    "The readings of traces. A value covers the time from its start to the next record's; the last record only ends "
    "the series, and its value is ignored.",
)

MOST_DUPLICATES = 20  # listed in one response
NOBODYS = 999_999  # the trace of the example of a write: whoever sends it as it is overwrites nothing


class TraceRecordIn(Body):
    """A reading."""

    trace: Id = Field(description="The id of the trace.")
    start: DateOrInstant = Field(
        description="Where the time that the value covers begins. A date alone is midnight in the time zone of the "
        "trace's projects."
    )
    value: Reading | None = Field(description="In the unit that the trace was posted with; null: not known.")
    estimated: bool = Field(default=False, description="Whether the utility estimated the value.")


@with_config(OUTPUT)
class TraceRecordOut(TypedDict):
    """A reading as it is kept."""

    trace: Id
    start: Timestamp
    value: Annotated[float | None, Field(description="In the trace's unit, KWH or THERM.")]
    estimated: bool


@with_config(OUTPUT)
class Duplicate(TypedDict):
    """An instant that came with several different values; the last of them is kept."""

    trace: Id
    start: Timestamp
    values: Annotated[int, Field(ge=2, description="How many different values there were; null is one of them.")]


@with_config(OUTPUT)
class Duplicates(TypedDict):
    """The instants that came with several different values."""

    count: Annotated[int, Field(ge=1, description="How many instants.")]
    first: Annotated[list[Duplicate], Field(description=f"Some of them, at most {MOST_DUPLICATES}.")]


@with_config(OUTPUT)
class TraceRecordsTaken(Taken):
    """How many records a request held, and which of them were at odds."""

    duplicates: NotRequired[
        Annotated[
            Duplicates,
            Field(description="There when the request had different values for one instant; runs warn of these, too."),
        ]
    ]


class TraceRecordQuery(SeriesQuery):
    """The part of a trace."""

    trace: Id = Field(description="The id of the trace.")


@resource.endpoint(
    "GET",
    "/trace_records/",
    scope=READ,
    query=TraceRecordQuery,
    returns=list[TraceRecordOut],
    headers=LINK,
    examples={
        "a day": Example(
            response=[{"trace": 2, "start": "2015-01-01T06:00:00.000000Z", "value": 12.3, "estimated": False}]
        )
    },
)
def list_trace_records(call: Call[None, TraceRecordQuery]) -> Reply:
    """List the records of a trace by their start; the newest value of each instant."""
    trace = call.query.trace
    if traces.get(trace) is None:
        raise invalid({**error(f"There is no trace {trace}.", "trace"), "parameter": "trace"})
    column, more = part(series.trace_prefix(trace), call.query)
    rendered: list[TraceRecordOut] = [
        {
            "trace": trace,
            "start": timestamp(moment(start)),
            "value": None if math.isnan(value) else value,
            "estimated": bool(flags & ESTIMATED),
        }
        for start, value, flags in zip(column.starts, column.values, column.flags, strict=True)
    ]
    return page(call, rendered, cursors(rendered), rendered[-1]["start"] if more else None)


@resource.endpoint(
    "POST",
    "/trace_records/",
    scope=WRITE,
    body=Annotated[list[TraceRecordIn], Field(max_length=MOST_ITEMS)],
    returns=TraceRecordsTaken,
    status=201,
    examples={
        "a day and the end": Example(
            [
                {"trace": NOBODYS, "start": "2015-01-01T00:00:00-06:00", "value": 12.3, "estimated": False},
                {"trace": NOBODYS, "start": "2015-01-02T00:00:00-06:00", "value": None},
            ],
            {"records": 2},
        ),
        "two values of a day": Example(
            [
                {"trace": NOBODYS, "start": "2015-01-01T00:00:00-06:00", "value": 12.3},
                {"trace": NOBODYS, "start": "2015-01-01T00:00:00-06:00", "value": 13.2},
            ],
            {
                "records": 2,
                "duplicates": {
                    "count": 1,
                    "first": [{"trace": NOBODYS, "start": "2015-01-01T06:00:00.000000Z", "values": 2}],
                },
            },
        ),
    },
)
def add_trace_records(call: Call[list[TraceRecordIn], NoQuery]) -> Reply:
    """Add records, or replace those of the same trace and start.

    Of several values for one instant the last is kept. Where they differ, the response names the instant.
    """
    known = traces.get_many({record.trace for record in call.body}) if call.body else {}
    dated = {record.trace for record in call.body if record.start.tzinfo is None} & known.keys()
    timezones = _timezones([known[trace] for trace in sorted(dated)])
    refuse_any(
        [
            found
            for index, record in enumerate(call.body)
            if (found := _error(record, index, record.trace in known, timezones.get(record.trace, {})))
        ]
    )
    by_instant: defaultdict[tuple[int, int], list[TraceRecordIn]] = defaultdict(list)
    for record in call.body:
        timezone = next(iter(timezones.get(record.trace, ())), "UTC")  # of a date: to an instant it makes no difference
        by_instant[record.trace, microseconds(in_timezone(record.start, timezone))].append(record)
    columns: defaultdict[int, Column] = defaultdict(Column)
    duplicates: list[Duplicate] = []
    for (trace, start), records in by_instant.items():
        last, values = records[-1], len({record.value for record in records})
        if values > 1:
            duplicates.append({"trace": trace, "start": timestamp(moment(start)), "values": values})
        value = math.nan if last.value is None else last.value * known[trace].unit_multiplier
        columns[trace].append(start, value, ESTIMATED * last.estimated | DUPLICATE * (values > 1))
    series.append_many({series.trace_prefix(trace): column for trace, column in columns.items()})
    taken = TraceRecordsTaken(records=len(call.body))
    if duplicates:
        taken["duplicates"] = {"count": len(duplicates), "first": duplicates[:MOST_DUPLICATES]}
    return Reply(taken)


def _timezones(dated: list[Trace]) -> dict[int, dict[str, int]]:
    """The time zones of the projects of each trace, each with the first project that has it."""
    found = projects.get_many({project for trace in dated for project in trace.projects}) if dated else {}
    return {
        trace.id: {found[project].timezone: project for project in reversed(trace.projects) if project in found}
        for trace in dated
    }


def _error(record: TraceRecordIn, index: int, known: bool, timezones: dict[str, int]) -> ErrorItem | None:
    """Whether there is no such trace, or its projects do not say in which time zone a date begins."""
    if not known:
        return error(f"There is no trace {record.trace}.", index, "trace")
    if record.start.tzinfo or len(timezones) == 1:
        return None
    day = f"{record.start:%Y-%m-%d}"
    if timezones:
        listed = " and ".join(f"{timezone} (project {project})" for timezone, project in sorted(timezones.items()))
        why = f"the projects of trace {record.trace} are in different time zones, {listed}; give"
    else:
        why = f"trace {record.trace} belongs to no project, whose time zone would count; link it to one, or give"
    detail = f"{day} alone does not say when the day began: {why} an offset, such as {day}T00:00:00-06:00."
    return error(detail, index, "start")
