"""meter_runs/: which runs a request schedules, and refused requests."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from tests.stack.client import Api
from tests.stack.meter_runs import Runs, bare_trace, bulk, ids
from tests.stack.names import ABSENT, unique
from tests.stack.projects import make_project

METER_INPUT: dict[str, Any] = {
    "type": "SINGLE_TRACE_SIMPLE_PROJECT",
    "trace": {
        "type": "ARBITRARY_START",
        "interpretation": "ELECTRICITY_CONSUMPTION_SUPPLIED",
        "unit": "KWH",
        "records": [
            {"start": "2011-01-01T00:00:00+00:00", "value": 57.8, "estimated": False},
            {"start": "2011-01-02T00:00:00+00:00", "value": None, "estimated": False},
        ],
    },
    "project": {
        "type": "PROJECT_WITH_SINGLE_MODELING_PERIOD_GROUP",
        "zipcode": "60601",
        "modeling_period_group": {
            "baseline_period": {"start": None, "end": "2012-01-01T00:00:00+00:00"},
            "reporting_period": {"start": "2012-02-01T00:00:00+00:00", "end": None},
        },
    },
}
RECORD = METER_INPUT["trace"]["records"][0]


def pointers(api: Api, body: dict[str, Any]) -> list[str]:
    """The pointers to the errors in a request for a meter run."""
    return [error["pointer"] for error in api.refused("POST", "meter_runs/", 400, json=body)["errors"]]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"trace": ABSENT}, "/trace"),
        ({"trace": None}, "/trace"),
        ({"trace": "1"}, "/trace"),
        ({"project": ABSENT}, "/project"),
        ({"trace": ABSENT, "project": ABSENT}, "/trace"),
        ({"trace": 1, "model_class": 7}, "/model_class"),
        ({"trace": 1, "model_kwargs": []}, "/model_kwargs"),
        ({"trace": 1, "formatter_kwargs": "{}"}, "/formatter_kwargs"),
        ({"trace": 1, "uncertainty": "hac"}, "/uncertainty"),
        ({"trace": 1, "uncertainty": 95}, "/uncertainty"),
        ({"trace": 1, "reporting_window": "last_year"}, "/reporting_window"),
        ({"trace": 1, "reporting_window": {"start": "2018-01-01", "end": "2017-01-01"}}, "/reporting_window"),
        ({"trace": 1, "meter_input": METER_INPUT}, "/meter_input"),
        ({"project": 1, "meter_input": json.dumps(METER_INPUT)}, "/meter_input"),
        ({"meter_input": ""}, "/meter_input"),
        ({"meter_input": 7}, "/meter_input"),
        ({"meter_input": [METER_INPUT]}, "/meter_input"),
        ({"meter_input": "https://example.com/meter_inputs/1.json"}, "/meter_input"),
        ({"meter_input": "file:///etc/passwd"}, "/meter_input"),
        ({"meter_input": "{not JSON"}, "/meter_input"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_invalid_run_is_reported(api: Api, body: dict[str, Any], pointer: str) -> None:
    assert pointers(api, body) == [pointer]


def changed(path: str, value: Any) -> dict[str, Any]:
    """The meter input with another value at a path such as "trace/unit"; `...` removes the key."""
    document: dict[str, Any] = json.loads(json.dumps(METER_INPUT))
    *folders, name = path.split("/")
    place = document
    for folder in folders:
        place = place[folder]
    if value is ...:
        del place[name]
    else:
        place[name] = value
    return document


@pytest.mark.parametrize("form", ["object", "string"])
@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        ("type", "OTHER", "/type"),
        ("trace", ..., "/trace"),
        ("trace/type", "OTHER", "/trace/type"),
        ("trace/interpretation", "GAS", "/trace/interpretation"),
        ("trace/unit", "THERM", "/trace/unit"),
        ("trace/unit", "CCF", "/trace/unit"),
        ("trace/records", {}, "/trace/records"),
        ("trace/records", [RECORD | {"start": "2011-01-01T00:00:00"}], "/trace/records/0/start"),
        ("trace/records", [RECORD, {"value": 1.0}], "/trace/records/1/start"),
        ("trace/records", [RECORD | {"value": "57.8"}], "/trace/records/0/value"),
        ("trace/type", "ARBITRARY_END", "/trace/records/0/end"),
        ("project/zipcode", "6060", "/project/zipcode"),
        ("project/zipcode", None, "/project/zipcode"),  # and no weather either
        ("project/timezone", "Mars/Olympus", "/project/timezone"),
        ("project/modeling_period_group/baseline_period", ..., "/project/modeling_period_group/baseline_period"),
        ("weather", {"unit": "K", "records": []}, "/weather/unit"),
        ("weather", {"unit": "F", "records": [["2011-01-01", 1.0]]}, "/weather/records/0/0"),
        ("weather", {"unit": "F", "records": [["2011-01-01T00:00:00Z"]]}, "/weather/records/0/1"),
        ("model_kwargs", 7, "/model_kwargs"),
        ("uncertainty", "Guideline 14", "/uncertainty"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_invalid_meter_input_is_reported(api: Api, form: str, path: str, value: Any, pointer: str) -> None:
    document = changed(path, value)
    found = pointers(api, {"meter_input": document if form == "object" else json.dumps(document)})
    assert f"/meter_input{pointer}" in found
    assert all(one.startswith("/meter_input/") for one in found)


def test_only_the_url_of_an_input_of_this_datastore_is_a_meter_input(api: Api, runs: Runs) -> None:
    given = runs.own["meter_input"]
    output = api.get(f"meter_results/{runs.own['meter_result']}/")["meter_output"]
    host = urlsplit(given).netloc
    folder, _, name = output.partition("?")[0].rpartition("/")
    bucket = given.partition("meter_inputs/")[0]
    elsewhere = {
        "an output": output,
        "an output by a path through the inputs": f"{bucket}meter_inputs/../meter_outputs/{name}",
        "the same, encoded": f"{bucket}meter_inputs/%2e%2e/meter_outputs/{name}",
        "an input that does not exist": given.replace(given.partition("?")[0].rpartition("/")[2], f"{unique()}.json"),
        "another host": given.replace(host, "example.com"),
        "a host that begins like the right one": given.replace(host, f"{host}.example.com"),
        "another host, with the right one as a user name": given.replace(host, f"{host}@example.com"),
        "the folder": folder + "/",
    }
    for kind, url in elsewhere.items():
        assert pointers(api, {"meter_input": url}) == ["/meter_input"], kind


def test_a_url_is_a_meter_input_only_with_its_signature(api: Api, client: Callable[..., Api], runs: Runs) -> None:
    given = runs.own["meter_input"]
    signature = given.rpartition("=")[2]
    altered = {
        "no signature": given.partition("?")[0],
        "another signature": given.replace(signature, signature[::-1]),
        "a longer life": re.sub(r"X-Amz-Expires=\d+", "X-Amz-Expires=604800", given),
        "the past": re.sub(r"X-Amz-Date=\d{4}", "X-Amz-Date=2020", given),
        "other credentials": re.sub(r"X-Amz-Credential=\w+%2F", "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F", given),
    }
    for path in ("meter_runs/", "meter_runs/check/"):
        for kind, url in altered.items():
            problem = api.refused("POST", path, 400, json={"meter_input": url})
            assert problem["errors"][0]["pointer"] == "/meter_input", kind
            assert "signature" in problem["detail"] or "expired" in problem["detail"], kind
    refused = client("write").refused("POST", "meter_runs/", 403, json={"meter_input": given})
    assert "scope read" in refused["detail"]
    assert api.post("meter_runs/", {"meter_input": given})["status"] == "PENDING"


def test_the_project_or_trace_of_a_run_must_be_unambiguous(api: Api) -> None:
    first, second, empty = (make_project(api) for _ in range(3))
    shared, only = bare_trace(api, first, second), bare_trace(api, first)
    loose = bare_trace(api)
    for body, pointer in (
        ({"trace": shared}, "/trace"),
        ({"trace": loose}, "/trace"),
        ({"project": first}, "/project"),
        ({"project": empty}, "/project"),
        ({"trace": shared, "project": ABSENT}, "/project"),
    ):
        problem = api.refused("POST", "meter_runs/", 400, json=body)
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
    ambiguous = api.refused("POST", "meter_runs/", 400, json={"trace": shared})["detail"]
    assert str(first) in ambiguous
    assert str(second) in ambiguous
    for body, pair in (
        ({"project": second}, (second, shared)),
        ({"trace": only}, (first, only)),
        ({"trace": shared, "project": first}, (first, shared)),
        ({"trace": loose, "project": first}, (first, loose)),
    ):
        run = api.post("meter_runs", body)
        assert (run["project"], run["trace"]) == pair


def test_a_refused_bulk_request_writes_nothing(api: Api) -> None:
    project = make_project(api)
    trace = bare_trace(api, project)
    batch, (before,) = bulk(api, {"trace": trace})
    for targets, expected in (
        ([{"trace": trace}, {"trace": ABSENT}], ["/targets/1/trace"]),
        ([{"project": ABSENT}, {"project": project}], ["/targets/0/project"]),
        ([{"trace": trace, "project": ABSENT}, {"trace": ABSENT}], ["/targets/0/project", "/targets/1/trace"]),
        ([{"trace": trace}, {}], ["/targets/1"]),
        ([{"trace": trace}, {"trace": "1"}], ["/targets/1/trace"]),
        ([{"trace": trace}, {"unknown": 1}], ["/targets/1/unknown"]),
        ([{"trace": trace}, {"trace": bare_trace(api)}], ["/targets/1/trace"]),  # without a project
        ([{"trace": trace}] * 10_001, ["/targets"]),
        ([], ["/targets"]),
        ([{"project": make_project(api)}], ["/targets"]),  # without a trace
    ):
        problem = api.refused("POST", "meter_runs/bulk/", 400, json={"targets": targets})
        assert [error["pointer"] for error in problem["errors"]] == expected
    assert ids(api.get("meter_runs/", trace=trace)) == [before]
    api.refused("GET", f"batches/{batch + 1}/", 404)
    again = bulk(api, {"trace": trace})
    assert again == (batch + 1, [before + 1])  # refused requests use no ids


def test_a_bulk_request_groups_the_runs_by_target(api: Api) -> None:
    project, empty = make_project(api), make_project(api)
    traces = [bare_trace(api, project) for _ in range(3)]
    targets = [{"project": empty}, {"project": project}, {"trace": traces[1]}, {"trace": traces[0], "project": empty}]
    body = {"targets": targets, "model_class": "MyModel", "model_kwargs": {"a": [1.5, None]}}
    response = api.call("POST", "meter_runs/bulk", json=body)
    groups = response.json()
    assert [[(run["project"], run["trace"]) for run in group] for group in groups] == [
        [],
        [(project, trace) for trace in traces],
        [(project, traces[1])],
        [(empty, traces[0])],
    ]
    scheduled = [run for group in groups for run in group]
    assert ids(scheduled) == list(range(scheduled[0]["id"], scheduled[0]["id"] + 5))
    assert {run["status"] for run in scheduled} == {"PENDING"}
    assert all((run["model_class"], run["model_kwargs"]) == ("MyModel", {"a": [1.5, None]}) for run in scheduled)
    (batch,) = {run["batch"] for run in scheduled}
    assert urljoin(response.url, response.headers["Location"]) == f"{api.url}batches/{batch}/"
    assert api.get(f"batches/{batch}")["total"] == 5
