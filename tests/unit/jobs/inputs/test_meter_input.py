"""The complete input of a run: its arguments, from the request or else from a posted input, and its trace."""

from typing import Any

import pytest

from chalicelib.jobs.inputs import meter_input
from chalicelib.jobs.inputs.instants import HOUR
from chalicelib.store.collections import projects, trace_series, traces
from chalicelib.store.series.series import DUPLICATE, ESTIMATED, Column
from chalicelib.store.shared import documents
from chalicelib.store.tables.collections import Project, Trace
from chalicelib.store.tables.runs import MeterRun

ARGUMENTS = ("model_class", "model_kwargs", "formatter_class", "formatter_kwargs", "uncertainty", "reporting_window")
WINDOW = {"start": "2018-01-01", "end": "2019-01-01"}


@pytest.mark.parametrize(
    ("posted", "asked", "expected"),
    [
        ({}, {}, {}),
        ({"uncertainty": "caltrack"}, {}, {"uncertainty": "caltrack"}),
        ({}, {"uncertainty": "bootstrap"}, {"uncertainty": "bootstrap"}),
        ({"uncertainty": "caltrack"}, {"uncertainty": "guideline14"}, {"uncertainty": "guideline14"}),
        ({"reporting_window": "latest_year"}, {}, {"reporting_window": "latest_year"}),
        ({"reporting_window": "latest_year"}, {"reporting_window": WINDOW}, {"reporting_window": WINDOW}),
        ({"uncertainty": "caltrack"}, {"model_class": "M"}, {"uncertainty": "caltrack", "model_class": "M"}),
    ],
)
def test_arguments_of_the_request_override_those_of_the_input(
    monkeypatch: pytest.MonkeyPatch, posted: dict[str, Any], asked: dict[str, Any], expected: dict[str, Any]
) -> None:
    monkeypatch.setattr(documents, "get", lambda key: dict(posted))
    monkeypatch.setattr(meter_input, "add_weather", lambda document, *, since, read_only: None)
    found = meter_input.complete_input(MeterRun(id=1, meter_input="key", **asked))
    assert found == dict.fromkeys(ARGUMENTS) | expected


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, {"posted_unit": "THERM", "heat_content": None, "readings": None, "zero_is_reading": False}),
        (
            {"posted_unit": "CCF", "heat_content": 1.03, "readings": "register", "zero_is_reading": True},
            {"posted_unit": "CCF", "heat_content": 1.03, "readings": "register", "zero_is_reading": True},
        ),
    ],
)
def test_a_trace_records_how_its_readings_were_posted(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], shown: dict[str, Any]
) -> None:
    trace = Trace(id=2, trace_id="gas", interpretation="NATURAL_GAS_CONSUMPTION_SUPPLIED", unit="THERM", **fields)
    column = Column()
    for hour, flags in enumerate((0, ESTIMATED, DUPLICATE, ESTIMATED | DUPLICATE)):
        column.append(hour * HOUR, 103.0, flags)
    monkeypatch.setattr(traces, "get", {2: trace}.get)
    monkeypatch.setattr(projects, "get", {1: Project(id=1, project_id="one")}.get)
    monkeypatch.setattr(trace_series, "read", lambda trace, *, read_only: column)
    monkeypatch.setattr(meter_input, "add_weather", lambda document, *, since, read_only: None)
    found = meter_input.complete_input(MeterRun(id=1, trace=2, project=1))["trace"]
    assert found == {
        "type": "ARBITRARY_START",
        "trace_id": "gas",
        "interpretation": "NATURAL_GAS_CONSUMPTION_SUPPLIED",
        "unit": "THERM",
        **shown,
        "records": [
            {"start": "1970-01-01T00:00:00+00:00", "value": 103.0, "estimated": False},
            {"start": "1970-01-01T01:00:00+00:00", "value": 103.0, "estimated": True},
            {"start": "1970-01-01T02:00:00+00:00", "value": 103.0, "estimated": False, "duplicate": True},
            {"start": "1970-01-01T03:00:00+00:00", "value": 103.0, "estimated": True, "duplicate": True},
        ],
    }
