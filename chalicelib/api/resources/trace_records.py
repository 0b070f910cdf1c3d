"""trace_records/"""

import math
from collections import defaultdict
from functools import partial
from typing import Annotated, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http import problems
from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import MAX_ITEMS, OUTPUT, Body, DateOrInstant, Id, Reading, Timestamp
from chalicelib.api.http.items import Items
from chalicelib.api.http.paging import LINK, page
from chalicelib.api.http.problems import ErrorItem, Problem, error, invalid, raise_if_any
from chalicelib.api.http.times import timestamp, to_utc
from chalicelib.api.shared.records import CUT_SHORT, RecordsAccepted, SeriesQuery, cursors, read_page
from chalicelib.api.shared.targets import listed
from chalicelib.instants import microseconds, moment
from chalicelib.store.collections import projects, trace_series, traces
from chalicelib.store.series.series import DUPLICATE, ESTIMATED, Column
from chalicelib.store.tables.collections import Trace

resource = Resource(
    "trace_records",
    "record",
    "The readings of traces. A value covers the time from its start to the start of the next record; the last record "
    "only ends the series, and its value is ignored.",
)

MAX_DUPLICATES = 20  # listed in one response
UNUSED_ID = 999_999  # the trace in the examples of writes, so that sending one unchanged overwrites nothing


class TraceRecordIn(Body):
    """A reading."""

    trace: Id = Field(description="The id of the trace.")
    start: DateOrInstant = Field(
        description="The start of the time that the value covers. A date alone means midnight in the time zone of the "
        "trace's projects."
    )
    value: Reading | None = Field(description="In the trace's `posted_unit`; null: unknown.")
    estimated: bool = Field(default=False, description="Whether the utility estimated the value.")


@with_config(OUTPUT)
class TraceRecordOut(TypedDict):
    """A reading as it is stored."""

    trace: Id
    start: Timestamp
    value: Annotated[float | None, Field(description="In the trace's unit, KWH or THERM.")]
    estimated: bool


@with_config(OUTPUT)
class Duplicate(TypedDict):
    """An instant for which a request had several different values; the last of them is stored."""

    trace: Id
    start: Timestamp
    values: Annotated[int, Field(ge=2, description="How many different values there were; null counts as one.")]


@with_config(OUTPUT)
class Duplicates(TypedDict):
    """The instants for which a request had several different values."""

    count: Annotated[int, Field(ge=1, description="How many such instants there are.")]
    first: Annotated[list[Duplicate], Field(description=f"Some of them, at most {MAX_DUPLICATES}.")]


@with_config(OUTPUT)
class TraceRecordsAccepted(RecordsAccepted):
    """How many records a request had, and the instants with conflicting values."""

    duplicates: NotRequired[
        Annotated[
            Duplicates,
            Field(
                description="Present if the request had different values for one instant; runs warn about these, too."
            ),
        ]
    ]


class TraceRecordQuery(SeriesQuery):
    """The part of a trace to list."""

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
    """List the records of a trace, ordered by start, with the newest value of each instant."""
    trace = call.query.trace
    found = traces.get(trace)
    if found is None:
        raise invalid({**error(f"There is no trace {trace}.", "trace"), "parameter": "trace"})
    column, more = read_page(partial(trace_series.read, found), call.query)
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
    body=Annotated[list[TraceRecordIn], Items(MAX_ITEMS)],
    returns=TraceRecordsAccepted,
    status=201,
    errors=CUT_SHORT,
    examples={
        "a day, and the record that ends the series": Example(
            [
                {"trace": UNUSED_ID, "start": "2015-01-01T00:00:00-06:00", "value": 12.3, "estimated": False},
                {"trace": UNUSED_ID, "start": "2015-01-02T00:00:00-06:00", "value": None},
            ],
            {"records": 2},
        ),
        "two values of a day": Example(
            [
                {"trace": UNUSED_ID, "start": "2015-01-01T00:00:00-06:00", "value": 12.3},
                {"trace": UNUSED_ID, "start": "2015-01-01T00:00:00-06:00", "value": 13.2},
            ],
            {
                "records": 2,
                "duplicates": {
                    "count": 1,
                    "first": [{"trace": UNUSED_ID, "start": "2015-01-01T06:00:00.000000Z", "values": 2}],
                },
            },
        ),
    },
)
def add_trace_records(call: Call[list[TraceRecordIn], NoQuery]) -> Reply:
    """Add records, or replace those of the same trace and start.

    If a request has several values for one instant, the last is stored; if they differ, the response lists the instant.
    """
    known = traces.get_many({record.trace for record in call.body}) if call.body else {}
    dated = {record.trace for record in call.body if record.start.tzinfo is None} & known.keys()
    timezones = _timezones([known[trace] for trace in sorted(dated)])
    raise_if_any(
        [
            found
            for index, record in enumerate(call.body)
            if (found := _error(record, index, record.trace in known, timezones.get(record.trace, {})))
        ]
    )
    by_instant: defaultdict[tuple[int, int], list[TraceRecordIn]] = defaultdict(list)
    for record in call.body:
        timezone = next(iter(timezones.get(record.trace, ())), "UTC")  # only a bare date needs it
        by_instant[record.trace, microseconds(to_utc(record.start, timezone))].append(record)
    columns: defaultdict[int, Column] = defaultdict(Column)
    duplicates: list[Duplicate] = []
    for (trace, start), records in by_instant.items():
        last, values = records[-1], len({record.value for record in records})
        if values > 1:
            duplicates.append({"trace": trace, "start": timestamp(moment(start)), "values": values})
        value = math.nan if last.value is None else last.value * known[trace].unit_multiplier
        columns[trace].append(start, value, ESTIMATED * last.estimated | DUPLICATE * (values > 1))
    gone = trace_series.append_many(columns)
    if gone:
        raise Problem(
            problems.GONE,
            f"Deleted while the records were added: trace {listed(sorted(gone))}. The records of all other traces are "
            "stored.",
        )
    accepted = TraceRecordsAccepted(records=len(call.body))
    if duplicates:
        accepted["duplicates"] = {"count": len(duplicates), "first": duplicates[:MAX_DUPLICATES]}
    return Reply(accepted)


def _timezones(dated: list[Trace]) -> dict[int, dict[str, int]]:
    """The time zones of the projects of each trace, each with the first project in that zone."""
    found = projects.get_many({project for trace in dated for project in trace.projects}) if dated else {}
    return {
        trace.id: {found[project].timezone: project for project in reversed(trace.projects) if project in found}
        for trace in dated
    }


def _error(record: TraceRecordIn, index: int, known: bool, timezones: dict[str, int]) -> ErrorItem | None:
    """The error if the trace does not exist, or its projects do not determine the time zone of a bare date."""
    if not known:
        return error(f"There is no trace {record.trace}.", index, "trace")
    if record.start.tzinfo or len(timezones) == 1:
        return None
    day = f"{record.start:%Y-%m-%d}"
    if timezones:
        listed = " and ".join(f"{timezone} (project {project})" for timezone, project in sorted(timezones.items()))
        why = f"the projects of trace {record.trace} are in different time zones, {listed}; give"
    else:
        why = f"trace {record.trace} belongs to no project; link it to one, or give"
    detail = f"The time zone of the date {day} is unknown: {why} an offset, such as {day}T00:00:00-06:00."
    return error(detail, index, "start")
