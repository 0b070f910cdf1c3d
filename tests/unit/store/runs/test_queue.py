from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.store.runs import queue
from chalicelib.store.runs.queue import run_id_of


def test_a_message_contains_its_run_id() -> None:
    assert run_id_of({"body": '{"meter_run": 7}'}) == 7


@pytest.mark.parametrize("body", ["", "7", "null", "[]", "{}", '{"meter_run": "7"}', '{"meter_run": null}', "\x00"])
def test_a_malformed_message_is_rejected(body: str) -> None:
    with pytest.raises(ValueError, match="not of the form"):
        run_id_of({"body": body})


@pytest.mark.parametrize("name", ["stack-meter-runs", "stack-meter-runs-hourly"])
def test_a_message_is_redelivered_by_its_own_queue(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    urls = [f"https://sqs/1/stack-meter-runs{of}" for of in ("", "-hourly")]
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(queue, "settings", lambda: SimpleNamespace(meter_queue_url=urls[0], hourly_queue_url=urls[1]))
    client = SimpleNamespace(change_message_visibility=lambda **given: asked.append(given))
    monkeypatch.setattr(queue, "_client", lambda: client)
    queue.retry_after({"eventSourceARN": f"arn:aws:sqs:us-east-1:1:{name}", "receiptHandle": "r"}, 5)
    assert asked == [{"QueueUrl": f"https://sqs/1/{name}", "ReceiptHandle": "r", "VisibilityTimeout": 5}]
