"""Replay running_meters.rst: send every request as written there, compare every response key by key."""

from typing import Any

import pytest
import requests

from infra.local import portfolio
from infra.local.stack import Running
from tests.reference.document import check, exchanges, make_portfolio, namespace

DOCUMENT = "running_meters.rst"
ADDED_SINCE = ["meter_result", "batch", "uncertainty"]  # keys that this API adds after those of the document
ADDED_SINCE += ["failure_reason", "data_quality", "reporting_window"]


@pytest.fixture(scope="module")
def responses(fresh: Running) -> list[requests.Response]:
    """The responses to the document's requests, sent in its order to the setup that it assumes."""
    make_portfolio(fresh)
    names = namespace(fresh)
    names["meter_input"] = portfolio.meter_input("il-gas-hdd-only-billing_monthly")
    sent = []
    for exchange in exchanges(DOCUMENT):
        exec(exchange.request.replace("{...}", "meter_input"), names)
        sent.append(names["response"])
    return sent


def test_the_document_has_four_exchanges() -> None:
    assert len(exchanges(DOCUMENT)) == 4


@pytest.mark.parametrize("number", range(4))
def test_each_response_is_as_documented(responses: list[requests.Response], number: int) -> None:
    response = responses[number]
    assert response.status_code == 201, response.text
    for found, shown in zip(_runs(response.json()), _runs(exchanges(DOCUMENT)[number].response), strict=True):
        check(found, shown, ADDED_SINCE, "meter_input", "SINGLE_TRACE_SIMPLE_PROJECT")


def test_the_bulk_response_is_grouped_by_target_and_links_to_its_batch(responses: list[requests.Response]) -> None:
    bulk, shown = responses[-1], exchanges(DOCUMENT)[-1].response
    assert [len(group) for group in bulk.json()] == [len(group) for group in shown]
    runs = _runs(bulk.json())
    assert bulk.headers["Location"].endswith(f"/api/v1/batches/{runs[0]['batch']}/")
    assert {run["batch"] for run in runs} == {1}


def _runs(document: Any) -> list[dict[str, Any]]:
    """The runs of a response, single or grouped."""
    return [run for group in document for run in group] if isinstance(document, list) else [document]
