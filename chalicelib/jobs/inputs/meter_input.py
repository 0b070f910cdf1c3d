"""The complete serialized meter input: the client's input along with its weather."""

import math
from datetime import datetime
from typing import Any

from chalicelib.jobs.inputs.instants import iso
from chalicelib.jobs.inputs.weather import add_weather
from chalicelib.store.collections import projects, trace_series, traces
from chalicelib.store.runs import meter_runs
from chalicelib.store.series.series import DUPLICATE, ESTIMATED, Column
from chalicelib.store.shared import documents
from chalicelib.store.tables.collections import Project, Trace
from chalicelib.store.tables.runs import MeterRun


def complete_input(run: MeterRun, posted: dict[str, Any] | None = None, *, read_only: bool = False) -> dict[str, Any]:
    """Everything that `metering.run_meter` needs to reproduce the result, in the API's format.

    posted: a client's input that is not stored. read_only: fetch and write nothing, see `add_weather`.

    Raises MeterFailure when the trace, the project or the weather is missing.
    """
    meter_input = dict(posted) if posted is not None else _client_input(run, read_only=read_only)
    for name in meter_runs.ARGUMENTS:
        asked = getattr(run, name)
        meter_input[name] = meter_input.get(name) if asked is None else asked
    add_weather(meter_input, since=run.added, read_only=read_only)
    return meter_input


def _client_input(run: MeterRun, *, read_only: bool) -> dict[str, Any]:
    """The input from the client: a posted input, or a stored trace and project."""
    if run.trace is None:
        document: dict[str, Any] = documents.get(run.posted_input or run.meter_input)  # older runs have only the latter
        return document
    from chalicelib.metering import MeterFailure

    trace, project = traces.get(run.trace), projects.get(run.project)
    if trace is None or project is None:
        missing = f"Trace {run.trace}" if trace is None else f"Project {run.project}"
        raise MeterFailure(f"{missing} was deleted before the run started. Create it again, then schedule a new run.")
    return {
        "type": "SINGLE_TRACE_SIMPLE_PROJECT",
        "trace": _serialized_trace(trace, trace_series.read(trace, read_only=read_only)),
        "project": _serialized_project(project),
        "weather": {"station": project.weather_station},
        "weather_normal": {"station": project.weather_normal_station},
    }


def _serialized_trace(trace: Trace, column: Column) -> dict[str, Any]:
    records = zip(column.starts, column.values, column.flags, strict=True)
    return {
        "type": "ARBITRARY_START",
        "trace_id": trace.trace_id,
        "interpretation": trace.interpretation,
        "unit": trace.unit,
        "posted_unit": trace.posted_unit or trace.unit,
        "heat_content": trace.heat_content,
        "readings": trace.readings,
        "zero_is_reading": trace.zero_is_reading,
        "records": [
            {"start": iso(start), "value": _number(value), "estimated": bool(flags & ESTIMATED)}
            | ({"duplicate": True} if flags & DUPLICATE else {})
            for start, value, flags in records
        ],
    }


def _serialized_project(project: Project) -> dict[str, Any]:
    def moment(value: datetime | None) -> str | None:
        return None if value is None else value.isoformat()

    return {
        "type": "PROJECT_WITH_SINGLE_MODELING_PERIOD_GROUP",
        "project_id": project.project_id,
        "zipcode": project.zipcode,
        "timezone": project.timezone,
        "modeling_period_group": {
            "baseline_period": {
                "start": moment(project.baseline_period_start),
                "end": moment(project.baseline_period_end),
            },
            "reporting_period": {
                "start": moment(project.reporting_period_start),
                "end": moment(project.reporting_period_end),
            },
        },
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
