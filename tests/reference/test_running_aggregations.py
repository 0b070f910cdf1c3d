"""Replay running_aggregations.rst: send every request as written there, compare every response key by key."""

from typing import Any, NamedTuple

import pytest
import requests

from datastore_client import Client
from infra.local import portfolio
from infra.local.stack import Running
from tests.reference.document import ELECTRICITY, TRACES, check, exchanges, make_portfolio, namespace
from tests.stack.client import Api

DOCUMENT = "running_aggregations.rst"
# keys that this API adds after those of the document
ADDED_SINCE = ["aggregation_result", "failure_message", "traceback", "added", "updated", "group", "after_batch"]
ADDED_SINCE += ["mix_uncertainty"]
SAMPLES = {True: "il-electricity-cdd-only-billing_monthly", False: "il-gas-hdd-only-billing_monthly"}


class Responses(NamedTuple):
    """The responses to the document's requests, and to the second one again with its comments turned into code."""

    single: requests.Response
    bulk: requests.Response
    bulk_as_in_comments: requests.Response


@pytest.fixture(scope="module")
def responses(fresh: Running) -> Responses:
    """The responses to the document's requests, sent in its order to a portfolio with completed meter runs."""
    client = make_portfolio(fresh, portfolio.sample_meter(SAMPLES[True]).project)
    client.add_weather_records(portfolio.weather_records())
    for trace, (interpretation, projects) in enumerate(TRACES, 1):
        if projects:
            records = portfolio.sample_meter(SAMPLES[interpretation is ELECTRICITY]).records
            client.add_trace_records([{"trace": trace, **record} for record in records])
    _run_meters(client)
    names = namespace(fresh)
    single, bulk = (exchange.request for exchange in exchanges(DOCUMENT))
    sent = []
    for code in (single, bulk, bulk.replace("# '", "'")):
        exec(code, names)
        sent.append(names["response"])
    return Responses(*sent)


def _run_meters(client: Client) -> None:
    batch = client.follow_batch(client.run([{"project": 1}, {"project": 2}])["id"])
    assert batch["success"] == 3


def _check(found: dict[str, Any], shown: dict[str, Any]) -> None:
    check(found, shown, ADDED_SINCE, "aggregation_input", "BASIC_AGGREGATION")


def test_the_single_run_is_as_documented(responses: Responses) -> None:
    assert responses.single.status_code == 201, responses.single.text
    _check(responses.single.json(), exchanges(DOCUMENT)[0].response)


def test_the_bulk_runs_are_as_documented(responses: Responses) -> None:
    assert responses.bulk.status_code == 201, responses.bulk.text
    ((*runs,),) = responses.bulk.json()
    ((*shown,),) = exchanges(DOCUMENT)[1].response
    assert [run["id"] for run in runs] == [2, 3, 4, 5, 6, 7]
    # The document has two derivative interpretations, and shows one id twice, although ids are unique here.
    as_shown = [run for run in runs if run["derivative_interpretation"] != "gross_observed"]
    for run, one in zip(as_shown, shown, strict=True):
        _check(run, one | {"id": run["id"]})


def test_the_bulk_runs_with_the_interpretations_in_the_comments_are_as_documented(responses: Responses) -> None:
    ((*runs,),) = responses.bulk_as_in_comments.json()
    ((*shown,),) = exchanges(DOCUMENT)[1].response
    assert [run["id"] for run in runs] == [8, 9, 10, 11]
    for run, one in zip(runs, shown, strict=True):
        _check(run, one | {"id": run["id"]})


def test_each_run_ends_with_the_sum_of_its_derivatives(fresh: Running, responses: Responses) -> None:
    api = Api(fresh.url, fresh.token)
    for run in [responses.single.json(), *responses.bulk.json()[0]]:
        result = api.aggregated(run["id"])
        assert result["unit"] == ("KWH" if run["trace_interpretation"] == "E_C_S" else "THERM")
        assert len(result["derivatives"]) == (1 if run["trace_interpretation"] == "E_C_S" else 2)
        assert result["differential_value"] > 0
