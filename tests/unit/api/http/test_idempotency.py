"""Idempotency-Keys: a repeated request gets the first response."""

import pytest

from tests import normal_file
from tests.unit.api.conftest import Api, Memory


def test_an_idempotency_key_replays_the_first_response(portfolio: Api, memory: Memory) -> None:
    first = portfolio("POST", "meter_runs/bulk/", {"targets": [{"project": 1}]}, Idempotency_Key="k")
    again = portfolio("POST", "meter_runs/bulk/", {"targets": [{"project": 1}]}, Idempotency_Key="k")
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Content-Type"] == "application/json"
    assert len(memory.runs.rows) == 2
    other = portfolio("POST", "meter_runs/bulk/", {"targets": [{"project": 2}]}, Idempotency_Key="k")
    assert other.status == 409
    assert other.json["type"].endswith(":idempotency-key-reused")
    assert portfolio("POST", "meter_runs/", {"trace": 2}, Idempotency_Key="k").status == 409


def test_the_query_belongs_to_the_request(call: Api, memory: Memory) -> None:
    first, second = ("weather_files/?station=" + station for station in ("722880", "724390"))
    year = {"Content_Type": "text/csv", "Idempotency_Key": "k"}
    assert call("POST", first, normal_file.text(), **year).status == 201
    assert call("POST", second, normal_file.text(), **year).json["type"].endswith(":idempotency-key-reused")
    assert call("POST", first, normal_file.text(), **year).status == 201


def test_the_key_of_a_refused_request_can_be_used_again(portfolio: Api) -> None:
    assert portfolio("POST", "meter_runs/", {"trace": 9}, Idempotency_Key="k").status == 400
    assert portfolio("POST", "meter_runs/", {"trace": 2}, Idempotency_Key="k").status == 201


def test_repeating_a_request_that_is_still_running_is_a_conflict(portfolio: Api, memory: Memory) -> None:
    portfolio("POST", "meter_runs/", {"trace": 2}, Idempotency_Key="k")
    ((key, (body_hash, _)),) = memory.keys.items()
    memory.keys[key] = (body_hash, None)
    response = portfolio("POST", "meter_runs/", {"trace": 2}, Idempotency_Key="k")
    assert response.status == 409
    assert response.headers["Retry-After"] == "2"


@pytest.mark.parametrize("key", ["x" * 256, "a\tb"])
def test_an_invalid_key_is_refused(call: Api, key: str) -> None:
    assert call("POST", "projects/", {"project_id": "a"}, Idempotency_Key=key).status == 400
