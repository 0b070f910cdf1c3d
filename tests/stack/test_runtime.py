"""The packages of both workers, run as Lambda runs them, against the local stack."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import settings
from infra.local.stack import Running
from infra.packaging.hourly import HOURLY
from infra.packaging.lean import WORKER, built
from infra.sources import REPOSITORY
from tests.stack import runtime
from tests.stack.client import ENDED, Api

pytestmark = pytest.mark.usefixtures("store")
HOURS = "il-gas-hdd-only-hourly"
DONE: dict[str, Any] = {"batchItemFailures": []}

Receive = Callable[[str, int], dict[str, Any]]


@pytest.fixture(scope="module")
def hours(make_trace: Callable[..., int]) -> int:
    """A trace with hourly readings."""
    return make_trace(HOURS)


@pytest.fixture
def hourly_queue(aws: Callable[[str], Any], stack: Running) -> Iterator[str]:
    """The URL of a queue like that of a stack with the hourly models."""
    url = aws("sqs").create_queue(QueueName=f"{stack.stack}-meter-runs-hourly")["QueueUrl"]
    yield url
    aws("sqs").delete_queue(QueueUrl=url)


@pytest.fixture
def receive(aws: Callable[[str], Any], stack: Running) -> Receive:
    """Removes a run's message from a queue and returns it as the event that SQS sends to Lambda."""

    def take(url: str, run_id: int) -> dict[str, Any]:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = aws("sqs").receive_message(QueueUrl=url, AttributeNames=["All"], WaitTimeSeconds=1)
            for message in found.get("Messages", []):
                if json.loads(message["Body"]) == {"meter_run": run_id}:
                    aws("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    name = url.rpartition("/")[2]
                    record = {
                        "messageId": message["MessageId"],
                        "receiptHandle": message["ReceiptHandle"],
                        "body": message["Body"],
                        "attributes": message["Attributes"],
                        "messageAttributes": {},
                        "md5OfBody": message["MD5OfBody"],
                        "eventSource": "aws:sqs",
                        "eventSourceARN": f"arn:aws:sqs:{stack.region}:000000000000:{name}",
                        "awsRegion": stack.region,
                    }
                    return {"Records": [record]}
        raise AssertionError(f"the message of meter run {run_id} is not in {url}")

    return take


def image_environment() -> dict[str, str]:
    """The environment variables that the image sets."""
    dockerfile = (REPOSITORY / "infra" / "packaging" / "Dockerfile").read_text()
    found = re.findall(r"^ENV (\w+)=(\S+)$", dockerfile, re.MULTILINE)
    return dict(found)


@pytest.mark.usefixtures("no_worker")
def test_the_worker_completes_a_run_of_bills(api: Api, trace: int, receive: Receive, tmp_path: Path) -> None:
    run = api.post("meter_runs/", {"trace": trace})
    with runtime.running(built(WORKER), "app.meter_worker", tmp_path, {}) as worker:
        assert worker.invoke(receive(settings().meter_queue_url, run["id"])) == DONE
    run = api.succeeded(run["id"])
    assert len(api.derivatives(run)) == 3


def test_the_worker_package_has_what_a_check_needs(api: Api, trace: int, hours: int, tmp_path: Path) -> None:
    (project,) = api.get(f"traces/{trace}/")["projects"]
    runs = [{"project": project, "trace": trace}, {"project": project, "trace": hours}]
    with runtime.running(built(WORKER), "app.check_runs", tmp_path, {"HOURLY_QUEUE_URL": ""}) as function:
        found = function.invoke({"runs": runs, "arguments": {}, "seconds": 25})
        (hourly,) = function.invoke({"runs": runs[1:], "arguments": {"model_class": "HourlyModel"}, "seconds": 25})
    assert [one["failure"] for one in found] == [None, None]
    assert hourly["failure"]["message"].startswith("This worker has no hourly models")
    with runtime.running(built(WORKER), "app.check_runs", tmp_path, {"HOURLY_QUEUE_URL": "a"}) as function:
        (hourly,) = function.invoke({"runs": runs[1:], "arguments": {"model_class": "HourlyModel"}, "seconds": 25})
    assert hourly["failure"] is None
    assert [one["name"] for one in hourly["warnings"]] == ["datastore.hourly_not_checked"]


@pytest.mark.usefixtures("no_worker")
def test_the_worker_reports_missing_hourly_models(api: Api, hours: int, receive: Receive, tmp_path: Path) -> None:
    run = api.post("meter_runs/", {"trace": hours, "model_class": "HourlyModel"})
    with runtime.running(built(WORKER), "app.meter_worker", tmp_path, {"HOURLY_QUEUE_URL": ""}) as worker:
        assert worker.invoke(receive(settings().meter_queue_url, run["id"])) == DONE
    run = api.ended(run["id"])
    assert run["status"] == "FAILED"
    assert run["failure_message"].startswith("This worker has no hourly models")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["HourlyModel", "HourlyCaltrackModel"])
@pytest.mark.usefixtures("no_worker")
def test_the_worker_forwards_hourly_models_to_the_worker_of_the_image(
    api: Api, hours: int, receive: Receive, hourly_queue: str, tmp_path: Path, model: str
) -> None:
    run_id = api.post("meter_runs/", {"trace": hours, "model_class": model})["id"]
    environment = {"HOURLY_QUEUE_URL": hourly_queue}
    with runtime.running(built(WORKER), "app.meter_worker", tmp_path, environment) as worker:
        assert worker.invoke(receive(settings().meter_queue_url, run_id)) == DONE
    assert api.get(f"meter_runs/{run_id}/")["status"] not in ENDED
    with runtime.running(built(HOURLY), "app.hourly_worker", tmp_path, environment | image_environment()) as worker:
        assert worker.invoke(receive(hourly_queue, run_id)) == DONE
    run = api.succeeded(run_id)
    assert api.get(f"meter_results/{run['meter_result']}/")["model_class"] == model
    assert len(api.derivatives(run)) == 3
