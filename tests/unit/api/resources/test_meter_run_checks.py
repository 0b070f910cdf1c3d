"""meter_runs/check/: the calls of the check function, and the responses made from its results."""

import json
from typing import Any

import pytest

from chalicelib.api import contract
from chalicelib.api.resources import meter_run_checks
from chalicelib.api.shared import examples
from chalicelib.metering.fitting.sentences import explain
from chalicelib.store.runs import checks
from tests.unit.api.conftest import BUCKET, Api, Memory
from tests.unit.api.http.test_openapi import validate

WARNING = {"period": "baseline", "name": "datastore.a", "description": "a", "data": {}, "detail": "a"}
CLEAN: dict[str, Any] = {"data_quality": None, "warnings": [], "disqualification": [], "failure": None}
WARNED = {**CLEAN, "warnings": [WARNING, WARNING]}
DISQUALIFIED = {**CLEAN, "disqualification": [{**WARNING, "name": "datastore.b"}]}


def failing(reason: str, message: str = "why") -> dict[str, Any]:
    return {**CLEAN, "failure": {"reason": reason, "message": message}}


class Function:
    """Replaces the check function."""

    def __init__(self) -> None:
        self.runs: list[dict[str, Any]] = []
        self.arguments: dict[str, Any] = {}
        self.found: dict[int, dict[str, Any] | None] = {}  # by trace
        self.error: Exception | None = None

    def check(self, runs: list[dict[str, Any]], arguments: dict[str, Any]) -> list[dict[str, Any] | None]:
        self.runs, self.arguments = runs, arguments
        if self.error:
            raise self.error
        return [self.found.get(run.get("trace", 0), CLEAN) for run in runs]


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Function:
    function = Function()
    monkeypatch.setattr(checks, "check", function.check)
    return function


def check(api: Api, body: Any) -> Any:
    response = api("POST", "meter_runs/check/", body)
    assert response.status == 200, response.text
    schema = contract()["paths"]["/meter_runs/check/"]["post"]["responses"]["200"]["content"]["application/json"]
    validate(response.json, schema["schema"])
    return response.json


def test_the_body_of_a_run_makes_one_check(portfolio: Api, memory: Memory, function: Function) -> None:
    found = check(portfolio, {"trace": 2, "model_class": "DailyModel"})
    assert function.runs == [{"project": 1, "trace": 2}]
    assert function.arguments["model_class"] == "DailyModel"
    assert found == {
        "runs": 1,
        "checked": 1,
        "failing": 0,
        "failing_by_reason": {"data": 0, "sufficiency": 0, "weather": 0, "model": 0},
        "warned": {},
        "disqualified": {},
        "checks": [{"project": 1, "trace": 2, **CLEAN}],
    }
    assert not memory.runs.rows


def test_a_body_with_targets_checks_every_run(portfolio: Api, function: Function) -> None:
    function.found = {2: WARNED, 3: failing("data"), 4: DISQUALIFIED}
    found = check(portfolio, {"targets": [{"project": 1}, {"project": 2}, {"trace": 3}, {"trace": 1, "project": 1}]})
    assert [(run["project"], run["trace"]) for run in function.runs] == [(1, 2), (1, 3), (2, 4), (1, 3), (1, 1)]
    assert (found["runs"], found["checked"], found["failing"]) == (5, 5, 2)
    assert found["failing_by_reason"]["data"] == 2
    assert found["warned"] == {"datastore.a": 1}  # counts runs, even if a run has the warning twice
    assert [one["trace"] for one in found["checks"]] == [3, 3, 2, 4, 1]


@pytest.mark.parametrize("form", ["object", "string"])
def test_a_posted_meter_input_is_sent_along_and_not_stored(
    call: Api, memory: Memory, function: Function, form: str
) -> None:
    posted = {**examples.METER_INPUT, "trace": {**examples.METER_INPUT["trace"], "unit": "kWh"}}
    found = check(call, {"meter_input": posted if form == "object" else json.dumps(posted)})
    (run,) = function.runs
    assert run["document"]["trace"]["unit"] == "KWH"
    assert run["document"]["trace"]["records"] == posted["trace"]["records"]
    assert not memory.documents
    assert [(one["project"], one["trace"]) for one in found["checks"]] == [(None, None)]


def test_the_key_of_a_stored_meter_input_is_sent(call: Api, memory: Memory, function: Function) -> None:
    memory.documents["meter_inputs/1.json"] = {}
    check(call, {"meter_input": BUCKET + "meter_inputs/1.json"})
    assert function.runs == [{"posted_input": "meter_inputs/1.json"}]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/trace"),
        ({"trace": 9}, "/trace"),
        ({"trace": 2, "targets": [{"project": 1}]}, "/trace"),
        ({"meter_input": examples.METER_INPUT, "targets": [{"project": 1}]}, "/meter_input"),
        ({"meter_input": examples.METER_INPUT, "trace": 2}, "/meter_input"),
        ({"meter_input": {**examples.METER_INPUT, "type": "x"}}, "/meter_input/type"),
        ({"targets": []}, "/targets"),
        ({"targets": [{"project": 9}]}, "/targets/0/project"),
        ({"trace": 2, "uncertainty": "hac"}, "/uncertainty"),
        ({"trace": 2, "modelclass": "DailyModel"}, "/modelclass"),
    ],
)
def test_a_check_refuses_what_a_run_or_bulk_request_refuses(
    portfolio: Api, function: Function, body: Any, pointer: str
) -> None:
    response = portfolio("POST", "meter_runs/check/", body)
    assert (response.status, response.pointers) == (400, [pointer])
    assert not function.runs


def test_many_runs_are_sampled_evenly(portfolio: Api, function: Function) -> None:
    owners = [portfolio("POST", "projects/", {"project_id": f"many {number}"}).json["id"] for number in range(1000)]
    targets = [{"project": owner, "trace": 1} for owner in owners]
    found = check(portfolio, {"targets": targets})
    assert (found["runs"], found["checked"], len(found["checks"])) == (1000, 200, 100)
    assert [run["project"] for run in function.runs] == owners[::5]


def test_runs_cut_off_by_the_time_limit_are_not_counted(portfolio: Api, function: Function) -> None:
    function.found = {2: None, 3: failing("weather")}
    found = check(portfolio, {"targets": [{"project": 1}, {"project": 2}]})
    assert (found["runs"], found["checked"], found["failing"]) == (3, 2, 1)
    assert [one["trace"] for one in found["checks"]] == [3, 4]


def test_the_list_is_shortened_to_fit_into_a_response(
    portfolio: Api, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter_run_checks, "MAX_LIST_BYTES", 5_000)
    function.found = {2: failing("model", "x" * 4_000), 3: failing("model", "x" * 4_000)}
    found = check(portfolio, {"targets": [{"project": 1}]})
    assert (found["checked"], found["failing"], len(found["checks"])) == (2, 2, 1)


def test_no_response_is_a_503_that_says_when_to_try_again(portfolio: Api, function: Function) -> None:
    function.error = checks.Unavailable()
    response = portfolio("POST", "meter_runs/check/", {"trace": 2})
    assert (response.status, response.headers["Retry-After"]) == (503, "5")
    assert "Try again" in response.json["detail"]


def test_an_input_too_large_for_a_call_is_a_413_that_says_what_to_do(call: Api, function: Function) -> None:
    function.error = checks.TooLarge(7_300_000)
    response = call("POST", "meter_runs/check/", {"meter_input": examples.METER_INPUT})
    assert response.status == 413
    assert "7.3 MB" in response.json["detail"]
    assert "trace_records/" in response.json["detail"]


def test_the_example_has_a_finding_as_metering_words_it() -> None:
    example: Any = meter_run_checks.EXAMPLE
    (warning,) = example["checks"][0]["warnings"]
    assert warning["detail"] == explain(warning)


def test_it_needs_only_the_scope_read(portfolio: Api, function: Function) -> None:
    portfolio.scopes = "write"
    assert portfolio("POST", "meter_runs/check/", {"trace": 2}).status == 403
    portfolio.scopes = "read"
    assert portfolio("POST", "meter_runs/check/", {"trace": 2}).status == 200


def test_there_is_no_run_called_check(call: Api) -> None:
    assert call("GET", "meter_runs/check/").status in (404, 405)


def test_failed_runs_are_checked_again_with_their_own_arguments(
    portfolio: Api, memory: Memory, function: Function
) -> None:
    (runs,) = portfolio("POST", "meter_runs/bulk/", {"targets": [{"project": 1}], "model_class": "A"}).json
    memory.runs.update(runs[0]["id"], {"status": "FAILED"})
    body = {"targets": [{"failed_of_batch": runs[0]["batch"]}]}
    assert check(portfolio, body)["runs"] == 1
    assert function.runs == [{"project": 1, "trace": 2, "model_class": "A"}]
    check(portfolio, {**body, "model_class": "B"})
    assert function.runs == [{"project": 1, "trace": 2}]
    assert function.arguments["model_class"] == "B"
