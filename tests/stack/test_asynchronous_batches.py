"""Bulk requests with Prefer: respond-async, on a stack of their own: one target is all of its traces."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local import portfolio
from infra.local.deploy import environment
from infra.local.stack import LocalStack, Running
from tests.stack.client import TIMEOUT, Api
from tests.stack.conftest import ITEMS_PER_POST, SAMPLE

BARE = 200  # traces without records, whose runs FAIL
NORMAL = "annualized_weather_normal"


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A stack whose functions can only do what their roles allow."""
    with LocalStack(tmp_path_factory.mktemp("stack"), settings={"AUTH": "true", "SFN_WAIT_SCALE": "0.2"}) as running:
        yield running


@pytest.fixture(scope="module")
def api(own_stack: Running) -> Api:
    """A client of it."""
    return Api(own_stack.url, own_stack.token)


@pytest.fixture(scope="module")
def traces(api: Api) -> list[int]:
    """A meter with records, then BARE traces of a second project, and one that belongs to both projects."""
    weather = portfolio.weather_records()
    for first in range(0, len(weather), ITEMS_PER_POST):
        api.post("weather_records/", weather[first : first + ITEMS_PER_POST])
    project, trace, records = portfolio.sample_meter(SAMPLE)
    projects = [{**project, "project_id": name} for name in ("one", "two")]
    one, two = (item["id"] for item in api.post("projects/sync/", projects, 200))
    owners = [[one], *[[two]] * BARE, [one, two], []]
    bodies = [{**trace, "trace_id": f"meter {number}", "projects": of} for number, of in enumerate(owners)]
    ids = [item["id"] for item in api.post("traces/sync/", bodies, 200)]
    api.post("trace_records/", [{"trace": ids[0], **record} for record in records])
    return ids[:-1]


def accepted(api: Api, *targets: Any, **headers: str) -> dict[str, Any]:
    """The batch of an asynchronous request, as the response shows it."""
    headers = {"Prefer": "respond-async", **headers}
    batch: dict[str, Any] = api.post("meter_runs/bulk/", {"targets": targets}, 202, **headers)
    return batch


def ended(api: Api, batch: int) -> dict[str, Any]:
    """Wait until a batch has ended, and return it."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        found: dict[str, Any] = api.get(f"batches/{batch}/")
        if found["state"] == "ACTIVE" and not found["pending"] and not found["running"]:
            return found
        time.sleep(0.2)
    raise AssertionError(f"batch {batch} has not ended: {found}")


def runs_of(api: Api, batch: int) -> list[dict[str, Any]]:
    return [run for page in api.pages("meter_runs/", batch=batch, limit=1000) for run in page]


@pytest.fixture(scope="module")
def everything(api: Api, traces: list[int]) -> dict[str, Any]:
    """The batch of all traces, which has ended, and which an aggregation has waited for."""
    key = {"Idempotency-Key": "all"}
    batch = accepted(api, {"all": True}, **key)
    assert (batch["state"], batch["total"]) == ("EXPANDING", 0)
    body = {"traces": traces[:1], "derivative_interpretation": NORMAL, "after_batch": batch["id"]}
    aggregation = api.post("aggregation_runs/", body)["id"]
    assert accepted(api, {"all": True}, **key)["id"] == batch["id"]
    found = ended(api, batch["id"])
    assert api.aggregated(aggregation)["baseline_n"] > 0
    return found


def test_all_traces_are_run_for_each_of_their_projects_once(
    api: Api, traces: list[int], everything: dict[str, Any]
) -> None:
    runs = runs_of(api, everything["id"])
    pairs = Counter((run["project"], run["trace"]) for run in runs)
    assert [run["trace"] for run in runs] == [*traces, traces[-1]]
    assert set(pairs.values()) == {1}
    assert (everything["total"], everything["success"], everything["failed"]) == (BARE + 3, 1, BARE + 2)
    assert everything["failure_message"] is None


def test_the_response_names_the_batch_and_the_preference(api: Api, traces: list[int]) -> None:
    body = {"targets": [{"trace": traces[0]}]}
    response = api.call("POST", "meter_runs/bulk/", json=body, headers={"Prefer": "respond-async; foo=bar, wait=1"})
    assert response.status_code == 202
    assert response.headers["Preference-Applied"] == "respond-async"
    assert response.headers["Location"].endswith(f"/api/v1/batches/{response.json()['id']}/")
    assert ended(api, response.json()["id"])["success"] == 1


def test_a_trace_group_is_run(api: Api, traces: list[int]) -> None:
    specification = {"target": "trace_id", "comparison": "in", "value": ["meter 3", "meter 1", "meter 2"]}
    group = api.post("trace_groups/", {"name": "three", "filter_specification": specification})["id"]
    batch = ended(api, accepted(api, {"group": group})["id"])
    assert [run["trace"] for run in runs_of(api, batch["id"])] == traces[1:4]


def test_failed_runs_are_run_again_in_both_modes(api: Api, everything: dict[str, Any]) -> None:
    target = {"failed_of_batch": everything["id"]}
    failed = [(run["project"], run["trace"]) for run in runs_of(api, everything["id"]) if run["status"] == "FAILED"]
    batch = ended(api, accepted(api, target)["id"])
    assert [(run["project"], run["trace"]) for run in runs_of(api, batch["id"])] == failed
    (again,) = api.post("meter_runs/bulk/", {"targets": [target], "model_class": "DailyModel"})
    assert [(run["project"], run["trace"], run["model_class"]) for run in again] == [
        (*pair, "DailyModel") for pair in failed
    ]
    ended(api, again[0]["batch"])


def test_a_batch_without_runs_says_why(api: Api, traces: list[int]) -> None:
    project = api.post("projects/", {"project_id": "empty"})["id"]
    batch = ended(api, accepted(api, {"project": project})["id"])
    assert batch["total"] == 0
    assert "The targets have no runs to make" in batch["failure_message"]


@pytest.mark.usefixtures("everything")
def test_what_is_stored_violates_nothing(own_stack: Running) -> None:
    command = [sys.executable, "-m", "infra.verify", "--stack", own_stack.stack]
    verified = subprocess.run(command, env=environment(own_stack.endpoint_url), capture_output=True, text=True)
    assert verified.returncode == 0, verified.stdout + verified.stderr
