"""The complete serialized meter input: what the client gave, and the weather that goes with it."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.store import documents, projects, series, traces
from chalicelib.store.series import Column
from chalicelib.store.tables import MeterRun, Project, Trace

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MARGIN = timedelta(days=2) // MICROSECOND  # of weather around the records, so that the days at the ends are whole


def complete_input(run: MeterRun) -> dict[str, Any]:
    """All that `metering.run_meter` needs to give the same result again, in the format of the API's contract.

    Raises MeterFailure when the trace, the project or the weather is missing.
    """
    meter_input: dict[str, Any] = documents.get(run.meter_input) if run.trace is None else _from_store(run)
    for name in ("model_class", "model_kwargs", "formatter_class", "formatter_kwargs"):
        asked = getattr(run, name)
        meter_input[name] = meter_input.get(name) if asked is None else asked
    _add_weather(meter_input)
    return meter_input


def _from_store(run: MeterRun) -> dict[str, Any]:
    from chalicelib.metering import MeterFailure

    trace, project = traces.get(run.trace), projects.get(run.project)
    if trace is None or project is None:
        missing = f"trace {run.trace}" if trace is None else f"project {run.project}"
        raise MeterFailure(f"{missing} was deleted before the run began")
    return {
        "type": "SINGLE_TRACE_SIMPLE_PROJECT",
        "trace": _serialized_trace(trace, series.read(series.trace_prefix(trace.id))),
        "project": _serialized_project(project),
        "weather": {"station": project.weather_station},
        "weather_normal": {"station": project.weather_normal_station},
    }


def _serialized_trace(trace: Trace, column: Column) -> dict[str, Any]:
    records = zip(column.starts, column.values, column.estimated, strict=True)
    return {
        "type": "ARBITRARY_START",
        "trace_id": trace.trace_id,
        "interpretation": trace.interpretation,
        "unit": trace.unit,
        "records": [
            {"start": _iso(start), "value": _number(value), "estimated": bool(estimated)}
            for start, value, estimated in records
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


def _add_weather(meter_input: dict[str, Any]) -> None:
    """Put the stored temperatures in where the input has none, of the stations it names or its ZIP code matches.

    Raises MeterFailure when no station matches, or the matching one has no temperatures.
    """
    # Imported here: the API's functions import this module too, and have no eeweather.
    from chalicelib.metering.stations import match_normal_station, match_station

    zipcode = meter_input["project"].get("zipcode")
    for name, dataset, match in (
        ("weather", "observed", match_station),
        ("weather_normal", "normal", match_normal_station),
    ):
        given = meter_input.get(name) or {}
        if "records" in given:
            continue
        station, origin = given.get("station"), ""
        if station is None:
            station, origin = match(zipcode), f", which matches ZIP code {zipcode},"
        span = _span(meter_input["trace"]["records"]) if dataset == "observed" else None
        meter_input[name] = _stored_weather(dataset, station, origin, span)


def _stored_weather(dataset: str, station: str, origin: str, span: tuple[int, int] | None) -> dict[str, Any]:
    from chalicelib.metering import MeterFailure

    first, last = (None, None) if span is None else (span[0] - MARGIN, span[1] + MARGIN)
    column = series.read(series.weather_prefix(dataset, station), first, last)
    if not len(column):
        when = "" if span is None else f" from {_iso(span[0])[:10]} to {_iso(span[1])[:10]}"
        raise MeterFailure(
            f"Station {station}{origin} has no {dataset} temperatures{when}:"
            " post them to weather_records/, then run again."
        )
    records = [[_iso(start), _number(value)] for start, value in zip(column.starts, column.values, strict=True)]
    return {"station": station, "unit": "F", "records": records}


def _span(records: list[dict[str, Any]]) -> tuple[int, int]:
    """The first and the last instant of a trace's records, in microseconds. Raises MeterFailure without any."""
    from chalicelib.metering import MeterFailure

    moments = [record[end] for record in records for end in ("start", "end") if record.get(end) is not None]
    instants = [(datetime.fromisoformat(moment) - EPOCH) // MICROSECOND for moment in moments]
    if not instants:
        raise MeterFailure("The trace has no records: post its readings to trace_records/, then run again.")
    return min(instants), max(instants)


def _iso(microseconds: int) -> str:
    return (EPOCH + microseconds * MICROSECOND).isoformat()


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
