"""meter_runs/bulk/ with Prefer: respond-async, and the targets all and failed_of_batch."""

import re
from typing import Any

import pytest

from chalicelib.api.http.problems import INVALID
from chalicelib.store.runs.meter_runs import ARGUMENTS
from tests.unit.api.conftest import Api, Memory, Response

NONE = dict.fromkeys(ARGUMENTS)
GROUP = {"name": "gas", "filter_specification": {"target": "trace_id", "comparison": "==", "value": "trace 3"}}


def bulk(api: Api, *targets: Any, **arguments: Any) -> Response:
    return api("POST", "meter_runs/bulk/", {"targets": targets, **arguments}, Prefer="respond-async")


def test_a_request_is_accepted_as_a_batch_without_runs(portfolio: Api, memory: Memory) -> None:
    response = bulk(portfolio, {"project": 1}, {"trace": 4})
    assert response.status == 202
    assert re.fullmatch(r"/api/v1/batches/\d+/", response.headers["Location"])
    assert response.headers["Preference-Applied"] == "respond-async"
    assert response.json == portfolio("GET", response.headers["Location"].removeprefix("/api/v1/")).json
    assert (response.json["state"], response.json["total"]) == ("EXPANDING", 0)
    assert not memory.runs.rows


def test_targets_are_stored_in_order_and_similar_ones_together(portfolio: Api, memory: Memory) -> None:
    portfolio("POST", "trace_groups/", GROUP)
    targets: list[Any] = [{"trace": 2}, {"trace": 4, "project": 1}, {"project": 2}, {"project": 1}, {"trace": 4}]
    batch = bulk(portfolio, *targets, {"group": 1}, {"all": True}, model_class="DailyModel").json["id"]
    assert memory.accepted[batch] == {
        "targets": [
            {"pairs": [[1, 2], [1, 4]]},
            {"projects": [2, 1]},
            {"pairs": [[2, 4]]},
            {"traces": {"last": 4, "filter": {"filter": GROUP["filter_specification"]}}},
            {"traces": {"last": 4, "filter": None}},
        ],
        "arguments": NONE | {"model_class": "DailyModel"},
    }


def test_a_repeat_is_answered_with_the_same_batch(portfolio: Api, memory: Memory) -> None:
    body = {"targets": [{"project": 1}]}
    headers = {"Prefer": "respond-async", "Idempotency_Key": "a"}
    first = portfolio("POST", "meter_runs/bulk/", body, **headers)
    again = portfolio("POST", "meter_runs/bulk/", body, **headers)
    assert (again.status, again.json, again.headers["Location"]) == (202, first.json, first.headers["Location"])
    assert len(memory.accepted) == 1
    synchronous = portfolio("POST", "meter_runs/bulk/", body, Idempotency_Key="a")
    assert synchronous.status == 409


def test_without_the_header_nothing_changes(portfolio: Api, memory: Memory) -> None:
    response = portfolio("POST", "meter_runs/bulk/", {"targets": [{"project": 1}]}, Prefer="wait=10")
    assert response.status == 201
    assert "Preference-Applied" not in response.headers
    assert not memory.accepted


@pytest.mark.parametrize(
    ("target", "pointer", "message"),
    [
        ({}, "", "empty"),
        ({"trace": 9}, "/trace", "no trace 9"),
        ({"project": 9}, "/project", "no project 9"),
        ({"group": 9}, "/group", "no trace group 9"),
        ({"failed_of_batch": 9}, "/failed_of_batch", "no batch 9"),
        ({"trace": 1}, "/trace", "belongs to no project"),
        ({"all": True, "project": 1}, "/project", "both all traces and a project; give only one"),
        ({"all": True, "trace": 2}, "/trace", "both all traces and a trace; give only one"),
        ({"all": False}, "/all", "This should be true; leave it out otherwise"),
        ({"all": 1}, "/all", "boolean"),
    ],
)
@pytest.mark.parametrize("headers", [{"Prefer": "respond-async"}, {}], ids=["asynchronous", "synchronous"])
def test_an_invalid_target_is_refused(
    portfolio: Api, memory: Memory, target: Any, pointer: str, message: str, headers: dict[str, str]
) -> None:
    response = portfolio("POST", "meter_runs/bulk/", {"targets": [{"trace": 2}, target]}, **headers)
    assert response.status == INVALID.status
    (detail,) = {one["detail"] for one in response.json["errors"] if one["pointer"] == f"/targets/1{pointer}"}
    assert message in detail
    assert not memory.accepted
    assert not memory.runs.rows


def test_all_traces_are_refused_in_a_synchronous_request(portfolio: Api, memory: Memory) -> None:
    response = portfolio("POST", "meter_runs/bulk/", {"targets": [{"all": True}]})
    assert (response.status, response.pointers) == (400, ["/targets/0/all"])
    assert "Prefer: respond-async" in response.json["detail"]
    checked = portfolio("POST", "meter_runs/check/", {"targets": [{"all": True}]})
    assert (checked.status, checked.pointers) == (400, ["/targets/0/all"])
    assert "check" in checked.json["detail"]
    assert not memory.runs.rows


def test_too_many_runs_are_refused_with_the_header_to_send(portfolio: Api) -> None:
    response = portfolio("POST", "meter_runs/bulk/", {"targets": [{"project": 1}] * 5001})
    assert response.status == 400
    assert "Prefer: respond-async" in response.json["detail"]


def failed(api: Api, memory: Memory) -> int:
    """A batch of three runs, of which the first and the last have FAILED."""
    runs = api("POST", "meter_runs/bulk/", {"targets": [{"project": 1}, {"project": 2}], "model_class": "A"}).json
    for id in (runs[0][0]["id"], runs[1][0]["id"]):
        memory.runs.update(id, {"status": "FAILED"})
    return int(runs[0][0]["batch"])


def test_failed_runs_are_run_again_with_their_own_arguments(portfolio: Api, memory: Memory) -> None:
    batch = failed(portfolio, memory)
    ((first, second),) = portfolio("POST", "meter_runs/bulk/", {"targets": [{"failed_of_batch": batch}]}).json
    assert (first["project"], first["trace"], first["model_class"]) == (1, 2, "A")
    assert (second["project"], second["trace"], second["model_class"]) == (2, 4, "A")


def test_failed_runs_are_run_again_with_the_arguments_of_the_request(portfolio: Api, memory: Memory) -> None:
    batch = failed(portfolio, memory)
    body = {"targets": [{"failed_of_batch": batch}], "formatter_kwargs": {"ignore_sufficiency": True}}
    ((first, _),) = portfolio("POST", "meter_runs/bulk/", body).json
    assert (first["model_class"], first["formatter_kwargs"]) == (None, {"ignore_sufficiency": True})


@pytest.mark.parametrize("headers", [{"Prefer": "respond-async"}, {}], ids=["asynchronous", "synchronous"])
def test_a_batch_that_is_being_deleted_is_refused(portfolio: Api, memory: Memory, headers: dict[str, str]) -> None:
    batch = failed(portfolio, memory)
    memory.deleting.add(batch)
    response = portfolio("POST", "meter_runs/bulk/", {"targets": [{"failed_of_batch": batch}]}, **headers)
    assert (response.status, response.pointers) == (400, ["/targets/0/failed_of_batch"])
    assert f"Batch {batch} is being deleted; name another one." in response.json["detail"]


def test_targets_without_runs_are_refused(portfolio: Api) -> None:
    batch = portfolio("POST", "meter_runs/bulk/", {"targets": [{"project": 1}]}).json[0][0]["batch"]
    response = portfolio("POST", "meter_runs/bulk/", {"targets": [{"failed_of_batch": batch}]})
    assert (response.status, response.pointers) == (400, ["/targets"])
    assert "no FAILED runs" in response.json["detail"]


def test_failed_runs_are_stored_by_their_batch(portfolio: Api, memory: Memory) -> None:
    batch = failed(portfolio, memory)
    accepted = bulk(portfolio, {"failed_of_batch": batch}).json["id"]
    assert memory.accepted[accepted] == {"targets": [{"failed_of_batch": batch}], "arguments": NONE}
