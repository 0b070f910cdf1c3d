"""meter_runs/: the requests of the reference document, and refused requests."""

import json
import re
from typing import Any

import pytest

from chalicelib.api.shared import examples
from chalicelib.vocabulary import FAILURE_REASONS, UNCERTAINTY_METHODS
from tests.unit.api.conftest import BUCKET, Api, Memory

FORMATTER, MODEL = ["formatter_class", "formatter_kwargs"], ["model_class", "model_kwargs"]


@pytest.mark.parametrize(
    ("body", "shown", "arguments"),
    [
        ({"trace": 2}, examples.RUN, FORMATTER + MODEL),
        (examples.EXPLICIT_IN, examples.EXPLICIT_RUN, MODEL + FORMATTER),
        ({"meter_input": examples.METER_INPUT}, examples.INPUT_RUN, FORMATTER + MODEL),
    ],
)
def test_keys_and_their_order_are_those_of_the_reference_document(
    portfolio: Api, body: Any, shown: dict[str, Any], arguments: list[str]
) -> None:
    run = portfolio("POST", "meter_runs/", body)
    assert run.status == 201
    before, after = ["failure_message", "traceback", "added", "updated"], ["meter_result", "batch", "uncertainty"]
    after += ["failure_reason", "data_quality", "reporting_window"]
    assert list(run.json) == ["id", "project", "trace", "status", "meter_input", *arguments, *before, *after]
    assert list(run.json) == list(shown)
    same = set(shown) - {"id", "added", "updated", "meter_input"}
    assert {name: run.json[name] for name in same} == {name: shown[name] for name in same}


def test_a_bulk_request_groups_its_runs_by_target(portfolio: Api) -> None:
    response = portfolio("POST", "meter_runs/bulk/", {"targets": [{"project": 1}, {"project": 2}, {"trace": 4}]})
    assert response.status == 201
    assert [[(run["project"], run["trace"]) for run in group] for group in response.json] == [
        [(1, 2), (1, 3)],
        [(2, 4)],
        [(2, 4)],
    ]
    assert list(response.json[0][0]) == list(examples.BULK[0][0])
    location = response.headers["Location"]
    assert re.fullmatch(r"/api/v1/batches/\d+/", location)
    assert portfolio("GET", location.removeprefix("/api/v1/")).json["total"] == 4


def test_model_arguments_of_a_bulk_request_apply_to_every_run(portfolio: Api) -> None:
    response = portfolio("POST", "meter_runs/bulk/", {"targets": [{"project": 1}], "model_class": "DailyModel"})
    assert [run["model_class"] for run in response.json[0]] == ["DailyModel", "DailyModel"]


@pytest.mark.parametrize("method", [None, *UNCERTAINTY_METHODS])
def test_an_uncertainty_method_applies_to_every_run(portfolio: Api, memory: Memory, method: str | None) -> None:
    single = portfolio("POST", "meter_runs/", {"trace": 2, "uncertainty": method})
    bulk = portfolio("POST", "meter_runs/bulk/", {"targets": [{"project": 1}], "uncertainty": method})
    of_input = portfolio("POST", "meter_runs/", {"meter_input": examples.METER_INPUT, "uncertainty": method})
    runs = [single.json, *bulk.json[0], of_input.json]
    assert [run["uncertainty"] for run in runs] == [method] * 4
    assert [run.uncertainty for run in memory.runs.rows.values()] == [method] * 4


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("meter_runs/", {"trace": 2, "uncertainty": "hac"}, "/uncertainty"),
        ("meter_runs/bulk/", {"targets": [{"trace": 2}], "uncertainty": "hac"}, "/uncertainty"),
        ("meter_runs/", {"meter_input": {**examples.METER_INPUT, "uncertainty": "hac"}}, "/meter_input/uncertainty"),
        (
            "meter_runs/",
            {"meter_input": json.dumps({**examples.METER_INPUT, "uncertainty": "hac"})},
            "/meter_input/uncertainty",
        ),
    ],
)
def test_an_unknown_method_is_refused_with_a_list_of_the_known_ones(
    portfolio: Api, memory: Memory, path: str, body: Any, pointer: str
) -> None:
    response = portfolio("POST", path, body)
    assert (response.status, response.pointers) == (400, [pointer])
    for method in UNCERTAINTY_METHODS:
        assert repr(method) in response.json["errors"][0]["detail"]
    assert not memory.runs.rows


WINDOWS: list[Any] = [
    None,
    "first_year",
    "latest_year",
    {"start": "2018-01-01", "end": "2019-01-01"},
    {"start": "2018-01-01T00:00:00-06:00", "end": "2019-01-01T06:00:00Z"},
]


@pytest.mark.parametrize("window", WINDOWS)
def test_a_reporting_window_applies_unchanged_to_every_run(portfolio: Api, memory: Memory, window: Any) -> None:
    single = portfolio("POST", "meter_runs/", {"trace": 2, "reporting_window": window})
    bulk = portfolio("POST", "meter_runs/bulk/", {"targets": [{"project": 1}], "reporting_window": window})
    posted = {**examples.METER_INPUT, "reporting_window": window}
    of_input = portfolio("POST", "meter_runs/", {"meter_input": posted, "reporting_window": window})
    runs = [single.json, *bulk.json[0], of_input.json]
    assert [run["reporting_window"] for run in runs] == [window] * 4
    assert [run.reporting_window for run in memory.runs.rows.values()] == [window] * 4
    (stored,) = memory.documents.values()
    assert stored["reporting_window"] == window


@pytest.mark.parametrize(
    ("window", "pointer", "message"),
    [
        ("last_year", "", "'first_year' or 'latest_year'"),
        (2018, "", "object or a string"),
        ({"start": "2018-01-01"}, "/end", "'end' is required"),
        ({"start": "2018-01-01", "end": "2019-01-01", "days": 365}, "/days", "no field 'days' here"),
        ({"start": 2018, "end": "2019-01-01"}, "/start", "string"),
        ({"start": "2018", "end": "2019-01-01"}, "/start", "'2018' is neither a date such as"),
        ({"start": "2018-01-01T00:00:00", "end": "2019-01-01"}, "/start", "has no UTC offset"),
        ({"start": "1818-01-01", "end": "1819-01-01"}, "/start", "between the years 1900 and 2199"),
        ({"start": "2018-01-01", "end": "2019-01-01T00:00:00Z"}, "", "both dates, or both timestamps"),
        ({"start": "2019-01-01", "end": "2018-01-01"}, "", "ends at 2018-01-01, which is not after its start"),
        ({"start": "2018-01-01", "end": "2019-01-03"}, "", "is 367 days long, but the maximum is 366 days"),
    ],
)
def test_an_invalid_window_is_refused(portfolio: Api, memory: Memory, window: Any, pointer: str, message: str) -> None:
    posted = {**examples.METER_INPUT, "reporting_window": window}
    for path, body, place in (
        ("meter_runs/", {"trace": 2, "reporting_window": window}, ""),
        ("meter_runs/bulk/", {"targets": [{"trace": 2}], "reporting_window": window}, ""),
        ("meter_runs/", {"meter_input": posted}, "/meter_input"),
        ("meter_runs/", {"meter_input": json.dumps(posted)}, "/meter_input"),
    ):
        response = portfolio("POST", path, body)
        assert response.status == 400
        assert f"{place}/reporting_window{pointer}" in response.pointers
        assert any(message in one["detail"] for one in response.json["errors"]), response.json
    assert not memory.runs.rows
    assert not memory.documents


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({}, "/trace", "has no trace"),
        ({"trace": 9}, "/trace", "no trace 9"),
        ({"trace": 2, "project": 9}, "/project", "no project 9"),
        ({"trace": 1}, "/trace", "belongs to no project"),
        ({"project": 1}, "/project", "meter_runs/bulk/"),
        ({"project": 9}, "/project", "no project 9"),
        ({"trace": "M 1"}, "/trace", "numeric id, an integer; GET traces/?trace_id=M%201 returns it"),
        ({"trace": 2, "colour": "red"}, "/colour", "no field 'colour' here."),
        ({"Traces": 2}, "/Traces", "did you mean 'trace'?"),
        ({"trace": 2, "meter_input": examples.METER_INPUT}, "/meter_input", "both a meter_input and a trace"),
        ({"meter_input": "https://elsewhere.example.com/input.json"}, "/meter_input", "nothing is fetched"),
        ({"meter_input": BUCKET + "meter_inputs/gone.json"}, "/meter_input", "neither"),
        ({"meter_input": "{"}, "/meter_input", "not JSON"),
        ({"meter_input": 3}, "/meter_input", "object or a string"),
        ({"trace": 2, "model_kwargs": {"a": "x" * 30_000}}, "/model_kwargs", "at most 20,000"),
    ],
)
def test_an_invalid_run_is_refused(portfolio: Api, memory: Memory, body: Any, pointer: str, message: str) -> None:
    response = portfolio("POST", "meter_runs/", body)
    assert response.status == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.pointers == [pointer]
    assert message in response.json["errors"][0]["detail"]
    assert not memory.runs.rows
    assert not memory.documents


def test_every_invalid_target_is_reported(portfolio: Api, memory: Memory) -> None:
    portfolio("PATCH", "traces/3/", {"projects": [1, 2]})
    targets = [{"project": 1}, {"project": 9}, {}, {"trace": 9}, {"trace": 3}, {"trace": 1}, {"trace": 2, "project": 9}]
    response = portfolio("POST", "meter_runs/bulk/", {"targets": targets})
    assert response.pointers == [
        "/targets/1/project",
        "/targets/2",
        "/targets/3/trace",
        "/targets/4/trace",
        "/targets/5/trace",
        "/targets/6/project",
    ]
    assert not memory.runs.rows


def test_more_runs_than_fit_into_a_response_are_refused(portfolio: Api) -> None:
    targets = [{"project": 1}] * 5001
    response = portfolio("POST", "meter_runs/bulk/", {"targets": targets})
    assert response.status == 400
    assert "split" in response.json["detail"]
    assert response.pointers == ["/targets"]
    some = {"targets": [{"project": 1}] * 200, "model_kwargs": {"a": "x" * 19_000}}
    assert portfolio("POST", "meter_runs/bulk/", some).status == 400


def test_a_project_with_one_trace_implies_it(portfolio: Api) -> None:
    assert portfolio("POST", "meter_runs/", {"project": 2}).json["trace"] == 4


def test_failures_are_counted_and_filtered_by_reason(portfolio: Api, memory: Memory) -> None:
    portfolio("POST", "meter_runs/bulk/", {"targets": [{"project": 1}, {"project": 2}, {"trace": 2}]})
    for id, reason in ((1, "weather"), (2, "data"), (3, "data"), (4, None)):  # the last before reasons were stored
        memory.runs.update(id, {"status": "FAILED", "failure_reason": reason})
    memory.runs.update(2, {"data_quality": {"gaps": ["2016-01-01"]}})
    counted = portfolio("GET", "batches/1/").json
    same = {"sufficiency": 0, "model": 0, "machine": 0}
    assert counted["failed_by_reason"] == {"data": 2, "weather": 1, "unknown": 1, **same}
    assert sum(counted["failed_by_reason"].values()) == counted["failed"] == 4
    found = portfolio("GET", "meter_runs/?batch=1&failure_reason=data").json
    shown = [(run["id"], run["failure_reason"], run["data_quality"]) for run in found]
    assert shown == [(2, "data", {"gaps": ["2016-01-01"]}), (3, "data", None)]
    assert portfolio("GET", "meter_runs/?failure_reason=machine").json == []


def test_an_unknown_reason_is_refused_with_a_list_of_the_known_ones(portfolio: Api) -> None:
    response = portfolio("GET", "meter_runs/?failure_reason=luck")
    assert (response.status, response.pointers) == (400, ["/failure_reason"])
    for reason in FAILURE_REASONS:
        assert repr(reason) in response.json["errors"][0]["detail"]
