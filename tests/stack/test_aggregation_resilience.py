"""An accepted aggregation run ends whatever fails on the way, and its outcome does not change afterwards."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests

from benchmarks.shared import synthetic
from chalicelib.settings import settings
from chalicelib.store.results import choosing
from chalicelib.store.runs import aggregation_runs, batches, claims, meter_runs, outcomes, queue, state_machine, waiters
from chalicelib.store.runs.aggregation_inputs import AggregationSpec
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.shared import documents, rows
from chalicelib.store.tables.runs import AggregationOutbox, AggregationRun, BatchWaiter
from tests.stack.client import Api
from tests.stack.test_resilience import project_of, wait_for

NORMAL = "annualized_weather_normal"

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture(scope="module")
def states(aws: Callable[[str], Any]) -> Any:
    """A client of Step Functions."""
    return aws("stepfunctions")


def execution_of(run_id: int) -> str:
    return state_machine.execution_arn(aggregation_runs.existing(run_id))


def make_due(run_id: int) -> None:
    """Make a run due for the reconciler."""
    AggregationRun(run_id).update(actions=[AggregationRun.due.set(int(time.time()) - 1)])


def test_an_aggregation_can_be_posted_right_after_its_batch(api: Api, make_trace: Callable[..., int]) -> None:
    traces = [make_trace(), make_trace()]
    response = api.call("POST", "meter_runs/bulk/", json={"targets": [{"trace": trace} for trace in traces]})
    batch = int(response.headers["Location"].rstrip("/").rpartition("/")[2])
    run = api.post("aggregation_runs/", {"traces": traces, "derivative_interpretation": NORMAL, "after_batch": batch})
    assert (run["status"], run["after_batch"], run["trace_interpretation"]) == ("PENDING", batch, None)
    document = requests.get(run["aggregation_input"]).json()
    assert (document["specification"]["traces"], document["derivatives"]) == (traces, None)
    result = api.aggregated(run["id"])
    assert {api.get(f"derivatives/{id}/")["trace"] for id in result["derivatives"]} == set(traces)
    ended = api.get(f"aggregation_runs/{run['id']}/")
    assert ended["trace_interpretation"] == "NG_C_S"
    assert len(requests.get(ended["aggregation_input"]).json()["derivatives"]["derivative_pairs"]) == 2
    assert list(BatchWaiter.query(batch)) == []


def test_a_run_does_not_wait_for_a_batch_that_has_ended(api: Api, trace: int) -> None:
    response = api.call("POST", "meter_runs/bulk/", json={"targets": [{"trace": trace}]})
    (run,) = response.json()[0]
    api.succeeded(run["id"])
    request = {"traces": [trace], "derivative_interpretation": NORMAL, "after_batch": run["batch"]}
    result = api.aggregated(api.post("aggregation_runs/", request)["id"])
    assert [api.get(f"derivatives/{id}/")["meter_result"] for id in result["derivatives"]] == [run["id"]]


def test_a_run_that_waited_fails_with_what_would_have_been_refused(api: Api, make_trace: Callable[..., int]) -> None:
    trace = make_trace(weather_station="722880")  # its run fails, so there is nothing to add up
    response = api.call("POST", "meter_runs/bulk/", json={"targets": [{"trace": trace}]})
    batch = response.json()[0][0]["batch"]
    run = api.post("aggregation_runs/", {"traces": [trace], "after_batch": batch})
    ended = api.ended(run["id"], "aggregation_runs")
    assert ended["status"] == "FAILED"
    assert "Nothing matches" in ended["failure_message"]
    one, other = synthetic.write(1, 1), synthetic.write(1, 1, uncertainty="caltrack")
    request = {"projects": one.projects + other.projects}
    run = api.post("aggregation_runs/", {**request, "after_batch": batch})
    ended = api.ended(run["id"], "aggregation_runs")
    refused = api.refused("POST", "aggregation_runs/", 400, json=request)
    assert (ended["status"], ended["failure_message"]) == ("FAILED", refused["errors"][0]["detail"])
    run = api.post("aggregation_runs/", {**request, "after_batch": batch, "mix_uncertainty": True})
    assert api.aggregated(run["id"])["uncertainty"] == ["caltrack", "regression"]


def test_the_reconciler_recovers_from_a_worker_killed_before_its_callback(
    api: Api, trace: int, unscheduled_reconciler: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    reconcile = unscheduled_reconciler
    portfolio = synthetic.write(1, 2)
    with monkeypatch.context() as patch:
        patch.setattr(queue, "send", lambda ids: None)
        batch, ((last,),) = meter_runs.schedule_batch([[RunSpec(project=project_of(api, trace), trace=trace)]])
        waiting = api.post("aggregation_runs/", {"projects": portfolio.projects, "after_batch": batch})
        wait_for(lambda: list(BatchWaiter.query(batch)))
        reconcile()
        assert api.get(f"aggregation_runs/{waiting['id']}/")["status"] == "PENDING"
        patch.setattr(waiters, "wake_after", lambda run: None)  # as if the worker had died here
        claimed = claims.claim(last.id)
        assert claimed is not None
        assert outcomes.fail(claimed, "as it happens", None, "data")
    assert batches.has_ended(batch)
    time.sleep(1)
    assert api.get(f"aggregation_runs/{waiting['id']}/")["status"] == "PENDING"
    reconcile()
    assert len(api.aggregated(waiting["id"])["derivatives"]) == 2


def test_a_step_that_fails_in_the_middle_of_the_map_is_retried(api: Api) -> None:
    portfolio = synthetic.write(5, 500)
    run = api.post("aggregation_runs/", {"projects": portfolio.projects})
    key = aggregation_runs.existing(run["id"]).aggregation_input
    document = documents.client().get_object(Bucket=settings().bucket, Key=key)["Body"].read()
    half = document[: len(document) // 2]
    documents.client().put_object(Bucket=settings().bucket, Key=key, Body=half)  # the first chunk exists, others do not
    time.sleep(2)
    assert api.get(f"aggregation_runs/{run['id']}/")["status"] == "RUNNING"
    documents.client().put_object(Bucket=settings().bucket, Key=key, Body=document)
    assert len(api.aggregated(run["id"])["derivatives"]) == 2500


def test_a_step_that_fails_permanently_fails_the_run_with_the_reason(api: Api, states: Any) -> None:
    portfolio = synthetic.write(1, 2)
    run = api.post("aggregation_runs/", {"projects": portfolio.projects})
    key = aggregation_runs.existing(run["id"]).aggregation_input
    documents.client().delete_object(Bucket=settings().bucket, Key=key)
    ended = api.ended(run["id"], "aggregation_runs")
    assert ended["status"] == "FAILED"
    assert "schedule it again" in ended["failure_message"]
    assert "NoSuchKey" in ended["traceback"]
    wait_for(lambda: states.describe_execution(executionArn=execution_of(run["id"]))["status"] == "FAILED")


def test_the_failure_of_one_of_many_chunks_is_reported(api: Api, monkeypatch: pytest.MonkeyPatch, states: Any) -> None:
    portfolio = synthetic.write(1, 45)
    monkeypatch.setattr(rows, "CHUNK", 1)  # so that the chunks are separate executions
    choice = choosing.choose(choosing.Selection(projects=portfolio.projects), choosing.MAX_IN_REQUEST)
    ((kind, draft),) = choice.drafts.items()
    spec = AggregationSpec("SUM", projects=portfolio.projects)
    with monkeypatch.context() as patch:
        patch.setattr(state_machine, "start", lambda run: None)
        run = aggregation_runs.schedule(spec, choosing.Chosen(kind, "KWH", draft))
    document = documents.client().get_object(Bucket=settings().bucket, Key=run.aggregation_input)["Body"].read()
    cut_off = document[: run.chunks[-2] + 10]  # in the middle of the last chunk
    documents.client().put_object(Bucket=settings().bucket, Key=run.aggregation_input, Body=cut_off)
    state_machine.start(run)
    ended = api.ended(run.id, "aggregation_runs")
    assert ended["status"] == "FAILED"
    assert "Chunk 44: JSONDecodeError" in ended["traceback"]
    assert states.list_map_runs(executionArn=execution_of(run.id))["mapRuns"]


@pytest.mark.parametrize("what", ["project", "trace group"])
def test_a_run_fails_if_its_source_was_deleted_while_it_waited(api: Api, trace: int, what: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue, "send", lambda ids: None)
        batch, ((pending,),) = meter_runs.schedule_batch([[RunSpec(project=project_of(api, trace), trace=trace)]])
    body = {"name": "all", "filter_specification": {"target": "trace_id", "comparison": "!=", "value": ""}}
    group = api.post("trace_groups/", body)["id"]
    project = api.post("projects/", {"project_id": uuid.uuid4().hex})["id"]
    request = {"projects": [project, project_of(api, trace)], "group": group, "after_batch": batch}
    run = api.post("aggregation_runs/", request)
    deleted = {"project": f"projects/{project}/", "trace group": f"trace_groups/{group}/"}[what]
    assert api.call("DELETE", deleted).status_code == 204
    queue.send([pending.id])
    ended = api.ended(run["id"], "aggregation_runs")
    assert ended["status"] == "FAILED"
    message = {
        "project": f"Deleted before the derivatives were chosen: project {project}.",
        "trace group": f"Trace group {group} was deleted before the derivatives were chosen.",
    }
    assert message[what] in ended["failure_message"]


def test_a_repeated_execution_changes_nothing(api: Api, states: Any) -> None:
    run = api.post("aggregation_runs/", {"projects": synthetic.write(1, 2).projects})
    check_repeated_execution(api, states, api.aggregated(run["id"]))


def check_repeated_execution(api: Api, states: Any, result: dict[str, Any]) -> None:
    """A second execution of the same run succeeds, and does not change the run, result or output."""
    run = api.get(f"aggregation_runs/{result['aggregation_run']}/")
    output = requests.get(result["aggregation_output"]).content
    again = states.start_execution(
        stateMachineArn=settings().state_machine_arn,
        input=json.dumps({"aggregation_run": run["id"], "after_batch": None}),
    )["executionArn"]
    wait_for(lambda: states.describe_execution(executionArn=again)["status"] != "RUNNING")
    assert states.describe_execution(executionArn=again)["status"] == "SUCCEEDED"
    unsigned = {"aggregation_input": "", "aggregation_output": ""}
    assert api.get(f"aggregation_runs/{run['id']}/") | unsigned == run | unsigned
    assert api.get(f"aggregation_results/{result['id']}/") | unsigned == result | unsigned
    assert requests.get(result["aggregation_output"]).content == output


def test_a_run_whose_execution_was_stopped_fails(
    api: Api, states: Any, trace: int, reconcile: Callable[[], None]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue, "send", lambda ids: None)
        batch, ((pending,),) = meter_runs.schedule_batch([[RunSpec(project=project_of(api, trace), trace=trace)]])
    run = api.post("aggregation_runs/", {"traces": [trace], "after_batch": batch})
    wait_for(lambda: list(BatchWaiter.query(batch)))
    make_due(run["id"])
    reconcile()
    assert api.get(f"aggregation_runs/{run['id']}/")["status"] == "PENDING"  # its execution is still running
    states.stop_execution(executionArn=execution_of(run["id"]), error="Stopped", cause="by an operator")
    make_due(run["id"])
    reconcile()
    ended = api.get(f"aggregation_runs/{run['id']}/")
    assert ended["status"] == "FAILED"
    assert "ABORTED" in ended["traceback"]
    queue.send([pending.id])
    api.ended(pending.id)


def test_a_run_whose_start_was_lost_is_started_by_the_reconciler(
    api: Api, reconcile: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    portfolio = synthetic.write(1, 2)

    def lost(run: Any) -> None:
        raise ConnectionError("Step Functions does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(state_machine, "start", lost)
        spec = AggregationSpec("SUM", projects=portfolio.projects)
        run = aggregation_runs.schedule(spec, None)
    reconcile()
    assert api.get(f"aggregation_runs/{run.id}/")["status"] == "PENDING"
    AggregationOutbox(run.id).update(actions=[AggregationOutbox.due.set(int(time.time()) - 1)])
    reconcile()
    assert len(api.aggregated(run.id)["derivatives"]) == 2


@pytest.mark.slow
def test_50_000_derivatives_add_up_with_small_payloads_between_the_steps(api: Api, states: Any) -> None:
    portfolio = synthetic.write(10_000, 5)
    run = api.post("aggregation_runs/", {"projects": portfolio.projects, "derivative_interpretation": NORMAL})
    result = api.aggregated(run["id"])
    assert result["derivatives"] == [derivative.id for derivative in portfolio.derivatives]
    assert result["baseline_n"] == 365 * 50_000
    assert len(requests.get(result["aggregation_output"]).json()["status"]) == 50_000
    events = states.get_execution_history(executionArn=execution_of(run["id"]), maxResults=1000)["events"]
    payloads = [value for event in events for value in event.values() if isinstance(value, dict)]
    assert len(events) < 100
    assert max(len(json.dumps(payload, default=str)) for payload in payloads) < 4_000
    (chunks,) = states.list_map_runs(executionArn=execution_of(run["id"]))["mapRuns"]  # separate executions
    assert states.describe_map_run(mapRunArn=chunks["mapRunArn"])["itemCounts"]["succeeded"] == 50
    check_repeated_execution(api, states, result)
