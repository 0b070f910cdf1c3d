"""Events of a batch and of an aggregation arrive at the target of a rule, as docs/events.md describes them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.store.runs import announcements
from chalicelib.store.tables.runs import AggregationRun, BatchAnnouncement
from chalicelib.vocabulary import FAILURE_REASONS
from infra.local.stack import Running
from tests.stack.client import Api
from tests.stack.meter_runs import bare_trace, bulk
from tests.stack.names import unique
from tests.stack.projects import make_project

Event = dict[str, Any]


@pytest.fixture
def received(aws: Callable[[str], Any], stack: Running) -> Iterator[Callable[[str, str, int], Event]]:
    """Waits for the event of a kind whose detail has an id under a name."""
    sqs, events, name = aws("sqs"), aws("events"), f"events-{unique()}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["eemeter.datastore"], "detail": {"stack": [stack.stack]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])

    def wait(kind: str, key: str, id: int) -> Event:
        for _ in range(30):
            for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages", []):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                event: Event = json.loads(message["Body"])
                if event["detail-type"] == kind and event["detail"][key] == id:
                    return event
        raise AssertionError(f"no event says {kind} of {key} {id}")

    yield wait
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)
    sqs.delete_queue(QueueUrl=url)


def test_the_end_of_a_batch_is_announced(
    api: Api, store: None, stack: Running, received: Callable[[str, str, int], Event]
) -> None:
    project = make_project(api)
    batch, _ = bulk(api, {"trace": bare_trace(api, project)}, {"trace": bare_trace(api, project)})
    event = received("Batch ended", "batch", batch)
    assert event["source"] == "eemeter.datastore"
    shown = api.get(f"batches/{batch}/")
    assert shown["failed_by_reason"].pop("unknown") == 0  # of runs from before reasons were stored
    names = ("total", "success", "failed", "failed_by_reason")
    assert event["detail"] == {"stack": stack.stack, "batch": batch, **{name: shown[name] for name in names}}
    assert (event["detail"]["total"], event["detail"]["failed"]) == (2, 2)
    assert sum(event["detail"]["failed_by_reason"][reason] for reason in FAILURE_REASONS) == 2
    assert not announcements.announce(batch)


def test_the_end_of_an_aggregation_is_announced(
    api: Api, derivative: int, stack: Running, received: Callable[[str, str, int], Event]
) -> None:
    run = api.post("aggregation_runs/", {"derivatives": [derivative]})["id"]
    event = received("Aggregation ended", "aggregation_run", run)
    assert event["detail"] == {
        "stack": stack.stack,
        "aggregation_run": run,
        "status": "SUCCESS",
        "aggregation_result": run,
        "failure_message": None,
    }


def test_the_reconciler_announces_what_nobody_has(
    api: Api,
    store: None,
    unscheduled_reconciler: Callable[[], None],
    received: Callable[[str, str, int], Event],
    derivative: int,
) -> None:
    batch, (run,) = bulk(api, {"trace": bare_trace(api, make_project(api))})
    received("Batch ended", "batch", batch)
    BatchAnnouncement(batch, due=1).save()  # as if the worker had died before it could delete the row
    aggregation = api.post("aggregation_runs/", {"derivatives": [derivative]})["id"]
    received("Aggregation ended", "aggregation_run", aggregation)
    AggregationRun(aggregation).update(actions=[AggregationRun.open_shard.set(0), AggregationRun.due.set(1)])
    unscheduled_reconciler()
    assert received("Batch ended", "batch", batch)["detail"]["failed"] == 1
    assert received("Aggregation ended", "aggregation_run", aggregation)["detail"]["status"] == "SUCCESS"
    assert api.get(f"meter_runs/{run}/")["status"] == "FAILED"
    assert AggregationRun.get(aggregation, consistent_read=True).open_shard is None
