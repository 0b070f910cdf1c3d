"""An accepted request is never lost, and takes effect once."""

import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import settings
from chalicelib.store.collections import trace_series, traces
from chalicelib.store.runs import batches, claims, meter_runs, outcomes, queue, statuses
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.series import series
from chalicelib.store.shared import documents
from chalicelib.store.tables.runs import Batch, MeterRun, Outbox
from infra.local import portfolio
from infra.local.stack import Running
from tests.stack.client import Api
from tests.stack.conftest import SAMPLE

TAKEOVER = 120  # seconds in which another worker has taken over, and ended, the run of a dead one
RECONCILER_INTERVAL = 60  # seconds between two runs of the stack's own reconciler

pytestmark = pytest.mark.usefixtures("store")


def wait_for(condition: Callable[[], Any], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"the condition did not hold within {seconds} s"
        time.sleep(0.2)


def waiting(aws: Callable[[str], Any], url: str) -> int:
    """The number of messages in a queue, including those in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def project_of(api: Api, trace: int) -> int:
    return int(api.get(f"traces/{trace}/")["projects"][0])


def test_a_message_delivered_again_has_no_effect(api: Api, trace: int, aws: Callable[[str], Any]) -> None:
    response = api.call("POST", "meter_runs/bulk/", json={"targets": [{"trace": trace}]})
    run_id = response.json()[0][0]["id"]
    for _ in range(3):
        queue.send([run_id])
    api.succeeded(run_id)
    ended = api.get(f"meter_runs/{run_id}/"), api.get(f"batches/{response.json()[0][0]['batch']}/")
    queue.send([run_id])
    wait_for(lambda: waiting(aws, settings().meter_queue_url) == 0)
    again = api.get(f"meter_runs/{run_id}/"), api.get(f"batches/{response.json()[0][0]['batch']}/")
    assert again[1] == ended[1]
    assert again[0] | {"meter_input": ""} == ended[0] | {"meter_input": ""}  # its URL is signed again for each response
    run = meter_runs.get(run_id)
    assert run is not None
    assert run.attempts == 1


def test_poison_messages_block_nothing_and_leave_the_dead_letter_queue(
    api: Api, trace: int, aws: Callable[[str], Any]
) -> None:
    url = settings().meter_queue_url
    for body in ("not JSON", json.dumps({"meter_run": 10**9}), json.dumps({"meter_run": "7"})):
        aws("sqs").send_message(QueueUrl=url, MessageBody=body)
    api.succeeded(api.post("meter_runs/", {"trace": trace})["id"])
    dead = url.replace("meter-runs", "meter-runs-dead")
    wait_for(lambda: waiting(aws, url) == 0)
    wait_for(lambda: waiting(aws, dead) == 0)


def test_a_run_whose_worker_is_killed_runs_again(
    api: Api, stack: Running, aws: Callable[[str], Any], make_trace: Callable[..., int]
) -> None:
    trace = make_trace("il-electricity-cdd-hdd-daily")  # takes seconds to fit
    response = api.call("POST", "meter_runs/bulk/", json={"targets": [{"trace": trace}]})
    run_id, batch = response.json()[0][0]["id"], response.json()[0][0]["batch"]
    wait_for(lambda: api.get(f"meter_runs/{run_id}/")["status"] == "RUNNING")
    for process in workers(stack):
        os.kill(process, signal.SIGKILL)
    time.sleep(1)
    assert api.get(f"meter_runs/{run_id}/")["status"] == "RUNNING"
    wait_for(lambda: api.get(f"meter_runs/{run_id}/")["status"] in ENDED, TAKEOVER + RECONCILER_INTERVAL)
    run = api.succeeded(run_id)
    stored = meter_runs.get(run_id)
    assert stored is not None
    assert stored.attempts == 2
    assert len(api.get("derivatives/", meter_result=run["meter_result"])) == 3
    counts = api.get(f"batches/{batch}/")
    assert (counts["running"], counts["success"], counts["failed"]) == (0, 1, 0)
    # The dead worker's message stays in flight for a quarter of an hour, and other tests wait for an empty queue.
    aws("sqs").purge_queue(QueueUrl=settings().meter_queue_url)
    wait_for(lambda: waiting(aws, settings().meter_queue_url) == 0)


def workers(stack: Running) -> list[int]:
    """The processes that run the stack's Lambdas."""
    port = stack.endpoint_url.rpartition(":")[2]
    listing = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()[1:]]
    environments = {int(pid): _environment(int(pid)) for pid, _, _ in rows}
    return [pid for pid, found in environments.items() if "AWS_LAMBDA_FUNCTION_NAME" in found and f":{port}" in found]


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_the_reconciler_repeats_a_lost_queue_send(
    api: Api, trace: int, reconcile: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(ids: Any) -> None:
        raise ConnectionError("the queue does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(queue, "send", lost)
        run = meter_runs.schedule(RunSpec(project=project_of(api, trace), trace=trace))
    assert api.get(f"meter_runs/{run.id}/")["status"] == "PENDING"
    Outbox(run.id).update(actions=[Outbox.due.set(int(time.time()) - 1)])
    reconcile()
    api.succeeded(run.id)
    assert run.id not in [entry.first_run for entry in Outbox.scan()]


def test_a_bulk_request_interrupted_before_its_batch_is_undone(
    api: Api, trace: int, reconcile: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(batch: int, runs: range) -> Batch:
        raise SystemExit

    spec = RunSpec(project=project_of(api, trace), trace=trace)
    with monkeypatch.context() as patch:
        patch.setattr(batches, "new", cut_off)
        with pytest.raises(SystemExit):
            meter_runs.schedule_batch([[spec, spec]])
    (entry,) = [entry for entry in Outbox.scan() if entry.batch is not None]
    assert meter_runs.get(entry.first_run) is not None
    Outbox(entry.first_run).update(actions=[Outbox.due.set(int(time.time()) - 1)])
    reconcile()
    assert meter_runs.get(entry.first_run) is None
    assert meter_runs.get(entry.first_run + 1) is None
    assert meter_runs.reconcile() == 0


def test_a_machine_failure_is_tried_three_times_and_then_fails_the_run(api: Api, aws: Callable[[str], Any]) -> None:
    key = documents.input_key("lost")  # nothing is stored under this key, so each attempt fails in the store
    _, ((run,),) = meter_runs.schedule_batch([[RunSpec(posted_input=key)]])
    ended = api.ended(run.id)
    assert ended["status"] == "FAILED"
    assert "3 attempts" in ended["failure_message"]
    assert ended["traceback"]
    counts = api.get(f"batches/{run.batch}/")
    assert (counts["pending"], counts["running"], counts["failed"]) == (0, 0, 1)


def test_a_run_without_attempts_left_is_failed_by_the_next_worker(
    api: Api, trace: int, reconcile: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "send", lambda ids: None)
    run = meter_runs.schedule(RunSpec(project=project_of(api, trace), trace=trace))
    for _ in range(settings().max_attempts):
        claimed = claims.claim(run.id)
        assert claimed is not None
        MeterRun(run.id).update(actions=[MeterRun.due.set(int(time.time()) - 1)])
    reconcile()
    ended = api.ended(run.id)
    assert (ended["status"], ended["failure_reason"]) == ("FAILED", "machine")
    assert "died or timed out" in ended["traceback"]


def test_a_run_can_be_claimed_as_soon_as_the_reconciler_requeues_it(
    api: Api, trace: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "send", lambda ids: None)
    run = meter_runs.schedule(RunSpec(project=project_of(api, trace), trace=trace))
    assert claims.claim(run.id) is not None
    MeterRun(run.id).update(actions=[MeterRun.due.set(int(time.time()) - 1)])
    claimed = []
    monkeypatch.setattr(queue, "send", lambda ids: claimed.append(claims.claim(run.id)))  # at once
    claims.requeue_overdue()
    (again,) = claimed
    assert again is not None
    assert outcomes.fail(again, "in time", None, "data")


def test_a_worker_that_lost_its_claim_cannot_end_the_run(api: Api, trace: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "send", lambda ids: None)
    run = meter_runs.schedule(RunSpec(project=project_of(api, trace), trace=trace))
    slow = claims.claim(run.id)
    assert slow is not None
    assert claims.claim(run.id) is None
    MeterRun(run.id).update(actions=[MeterRun.due.set(int(time.time()) - 1)])
    quick = claims.claim(run.id)
    assert quick is not None
    assert not outcomes.fail(slow, "too late", None, "data")
    assert outcomes.fail(quick, "in time", None, "data")
    assert api.get(f"meter_runs/{run.id}/")["failure_message"] == "in time"


def test_a_late_heartbeat_makes_no_ended_run_due_again(api: Api, trace: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "send", lambda ids: None)
    run = meter_runs.schedule(RunSpec(project=project_of(api, trace), trace=trace))
    claimed = claims.claim(run.id)
    assert claimed is not None
    MeterRun(run.id).update(actions=[MeterRun.due.set(int(time.time()) - 1)])
    assert claims.renew(run.id, str(claimed.claim))
    assert claims.claim(run.id) is None  # the renewed lease holds
    assert not claims.renew(run.id, "another worker's")
    assert outcomes.fail(claimed, "ended", None, "data")
    assert not claims.renew(run.id, str(claimed.claim))
    ended = meter_runs.get(run.id)
    assert ended is not None
    assert ended.due is None
    assert ended.status_partition == statuses.partition("FAILED", run.id)


def test_many_chunks_of_a_series_are_compacted_on_read(
    api: Api, make_trace: Callable[..., int], aws: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = make_trace()
    for record in portfolio.sample_meter(SAMPLE).records[-30:]:
        api.post("trace_records/", [{"trace": trace, **record}])
    before = api.get("trace_records/", trace=trace, limit=1000)
    monkeypatch.setattr(series, "SETTLED_AFTER", -60)  # as if the last of them had been written long ago
    stored = traces.get(trace)
    assert stored is not None
    trace_series.read(stored)
    listed = aws("s3").list_objects_v2(Bucket=settings().bucket, Prefix=series.trace_prefix(trace))
    assert listed["KeyCount"] == 1
    assert api.get("trace_records/", trace=trace, limit=1000) == before


def test_an_idempotency_key_can_be_used_again_after_a_refusal(api: Api, trace: int) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    api.refused("POST", "meter_runs/", 400, json={"trace": 10**9}, headers=headers)
    assert api.call("POST", "meter_runs/", json={"trace": trace}, headers=headers).status_code == 201
