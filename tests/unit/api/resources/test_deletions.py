"""DELETE of meter runs and batches."""

import pytest

from chalicelib.store.runs import deletions
from chalicelib.store.runs.deletions import Awaited
from tests.unit.api.conftest import Api


def test_a_deleted_run_is_gone(portfolio: Api) -> None:
    portfolio("POST", "meter_runs/", {"trace": 2})
    assert portfolio("DELETE", "meter_runs/1/").status == 204
    assert portfolio("GET", "meter_runs/1/").status == 404
    assert portfolio("DELETE", "meter_runs/1/").status == 404


def test_deleting_needs_the_scope_write(portfolio: Api) -> None:
    portfolio("POST", "meter_runs/bulk/", {"targets": [{"trace": 2}]})
    portfolio.scopes = "read"
    assert portfolio("DELETE", "meter_runs/1/").status == 403
    assert portfolio("DELETE", "batches/1/").status == 403


def test_a_batch_that_is_being_deleted(portfolio: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    portfolio("POST", "meter_runs/bulk/", {"targets": [{"trace": 2}]})
    monkeypatch.setattr(deletions, "begin", lambda batch: batch == 1)
    response = portfolio("DELETE", "batches/1/")
    assert (response.status, response.json["id"]) == (202, 1)
    assert response.headers["Location"].endswith("/api/v1/batches/1/")
    assert portfolio("DELETE", "batches/2/").status == 404


def test_a_batch_that_an_aggregation_waits_for(portfolio: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(batch: int) -> bool:
        raise Awaited(7)

    monkeypatch.setattr(deletions, "begin", refuse)
    response = portfolio("DELETE", "batches/1/")
    assert (response.status, response.headers["Retry-After"]) == (409, "60")
    assert response.json["type"] == "urn:eemeter-datastore:problem:awaited"
    assert response.json["detail"] == (
        "Aggregation run 7 waits for batch 1. Delete the batch once the aggregation run has ended."
    )
