"""Meter runs and batches that are deleted: nothing of them is left, and what others have remains."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from infra.local.stack import Running
from tests.stack.client import TIMEOUT, Api
from tests.stack.meter_runs import bulk

ADVICE = "Delete the batch once the aggregation run has ended."


@pytest.fixture
def keys(stack: Running, aws: Callable[[str], Any]) -> Callable[[dict[str, Any]], list[str]]:
    """Returns the keys of a run's documents that exist; they begin with its document, which its input names."""
    s3 = aws("s3")
    bucket = next(one["Name"] for one in s3.list_buckets()["Buckets"] if stack.stack in one["Name"])

    def existing(run: dict[str, Any]) -> list[str]:
        document = run["meter_input"].partition("?")[0].rpartition("/")[2].rpartition("-")[0]
        return [
            entry["Key"]
            for folder in ("meter_inputs", "meter_outputs")
            for entry in s3.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/{document}").get("Contents", [])
        ]

    return existing


def newest(api: Api, trace: int) -> list[int]:
    """The newest runs of a trace."""
    return [result["id"] for result in api.get("meter_results/", trace=trace, newest="true")]


def gone(api: Api, path: str) -> None:
    """Wait until something does not exist any more."""
    deadline = time.monotonic() + TIMEOUT
    while (status := api.call("GET", path).status_code) != 404:
        assert (status, time.monotonic() < deadline) == (200, True)
        time.sleep(0.5)


def test_a_run_of_a_batch(
    api: Api, make_trace: Callable[..., int], keys: Callable[[dict[str, Any]], list[str]]
) -> None:
    trace = make_trace()
    batch, (first, second) = bulk(api, {"trace": trace}, {"trace": trace})
    runs = {id: api.succeeded(id) for id in (first, second)}
    derivative = api.derivatives(runs[second])["gross_predicted"]["id"]
    summed = api.post("aggregation_runs/", {"traces": [trace], "derivative_interpretation": "gross_predicted"})
    result = api.aggregated(summed["id"])
    assert newest(api, trace) == [second]
    assert len(keys(runs[second])) == 2

    assert api.call("DELETE", f"meter_runs/{second}/").status_code == 204
    for path in (f"meter_runs/{second}/", f"meter_results/{second}/", f"derivatives/{derivative}/"):
        api.refused("GET", path, 404)
    api.refused("DELETE", f"meter_runs/{second}/", 404)
    assert keys(runs[second]) == []
    assert requests.get(runs[second]["meter_input"]).status_code == 404
    assert newest(api, trace) == [first]
    assert [run["id"] for run in api.get("meter_runs/", batch=batch)] == [first]
    count = api.get(f"batches/{batch}/")
    assert (count["total"], count["success"], count["pending"], count["failed"]) == (1, 1, 0, 0)
    assert api.get(f"aggregation_results/{result['id']}/") == result | {
        "aggregation_output": api.get(f"aggregation_results/{result['id']}/")["aggregation_output"]
    }
    assert len(keys(runs[first])) == 2


def test_a_run_that_may_not_have_ended(api: Api, trace: int) -> None:
    run = api.post("meter_runs/", {"trace": trace})["id"]
    assert api.call("DELETE", f"meter_runs/{run}/").status_code == 204
    later = api.post("meter_runs/", {"trace": trace})["id"]
    api.succeeded(later)
    api.refused("GET", f"meter_runs/{run}/", 404)
    api.refused("GET", f"meter_results/{run}/", 404)


def test_a_batch(api: Api, make_trace: Callable[..., int], keys: Callable[[dict[str, Any]], list[str]]) -> None:
    trace = make_trace()
    older = api.succeeded(api.post("meter_runs/", {"trace": trace})["id"])
    batch, ids = bulk(api, *[{"trace": trace}] * 3)
    runs = [api.succeeded(id) for id in ids]
    assert newest(api, trace) == [ids[-1]]

    response = api.call("DELETE", f"batches/{batch}/")
    assert response.status_code == 202
    assert response.headers["Location"].endswith(f"/batches/{batch}/")
    shown = response.json()
    assert (shown["state"], shown["success"]) == ("DELETING", 0)
    assert shown["total"] <= 3
    gone(api, f"batches/{batch}/")
    for run in runs:
        api.refused("GET", f"meter_runs/{run['id']}/", 404)
        api.refused("GET", f"meter_results/{run['id']}/", 404)
        assert keys(run) == []
    assert api.get("meter_runs/", batch=batch) == []
    assert newest(api, trace) == [older["id"]]
    api.refused("DELETE", f"batches/{batch}/", 404)
    assert len(keys(older)) == 2


def test_a_batch_that_an_aggregation_waits_for(api: Api, trace: int) -> None:
    """The aggregation may have ended before the request; then the batch is deleted."""
    batch, _ = bulk(api, *[{"trace": trace}] * 5)
    asked = {"traces": [trace], "derivative_interpretation": "gross_predicted", "after_batch": batch}
    aggregation = api.post("aggregation_runs/", asked)["id"]
    response = api.call("DELETE", f"batches/{batch}/")
    if response.status_code == 409:
        assert ADVICE in response.json()["detail"]
        assert f"Aggregation run {aggregation} waits" in response.json()["detail"]
        assert response.headers["Retry-After"]
    else:
        assert response.status_code == 202
    assert api.ended(aggregation, "aggregation_runs")["status"] == "SUCCESS"
