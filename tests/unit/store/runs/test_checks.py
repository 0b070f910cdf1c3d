"""Invocations of the check function, with an in-memory Lambda client."""

import io
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.store.runs import checks

ARGUMENTS = {"model_class": None}


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any], Any]], list[Any]]:
    """Invokes a Python function in place of Lambda's; returns the events that it receives."""
    events: list[Any] = []

    def use(function: Callable[[Any], Any]) -> list[Any]:
        def invoke(FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  # boto3's names
            assert FunctionName == "check-runs"
            event = json.loads(Payload)
            events.append(event)
            response = function(event)
            failed = {"FunctionError": "Unhandled"} if isinstance(response, dict) else {}
            return {"Payload": io.BytesIO(json.dumps(response).encode()), **failed}

        monkeypatch.setattr(checks, "_client", lambda: SimpleNamespace(invoke=invoke))
        monkeypatch.setattr(checks, "settings", lambda: SimpleNamespace(check_function="check-runs"))
        return events

    return use


def runs(count: int) -> list[dict[str, Any]]:
    return [{"project": 1, "trace": trace} for trace in range(1, count + 1)]


def echo(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"trace": run["trace"]} for run in event["runs"]]


def throttled(event: Any) -> Any:
    raise ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")


@pytest.mark.parametrize(("count", "calls", "largest"), [(1, 1, 1), (8, 1, 8), (9, 2, 5), (16, 2, 8), (200, 8, 25)])
def test_many_runs_are_split_among_calls_and_returned_in_order(
    serve: Callable[..., list[Any]], count: int, calls: int, largest: int
) -> None:
    events = serve(echo)
    assert checks.check(runs(count), ARGUMENTS) == [{"trace": trace} for trace in range(1, count + 1)]
    assert len(events) == calls
    assert max(len(event["runs"]) for event in events) == largest
    assert all(event["arguments"] == ARGUMENTS for event in events)


def test_runs_that_were_not_checked_in_time_are_none(serve: Callable[..., list[Any]]) -> None:
    serve(lambda event: echo(event)[:2])
    found = checks.check(runs(9), ARGUMENTS)
    assert found == [{"trace": 1}, {"trace": 2}, None, None, None, {"trace": 6}, {"trace": 7}, None, None]


def test_runs_of_a_throttled_call_are_none(serve: Callable[..., list[Any]]) -> None:
    serve(lambda event: throttled(event) if event["runs"][0]["trace"] == 1 else echo(event))
    assert checks.check(runs(9), ARGUMENTS) == [None] * 5 + [{"trace": trace} for trace in range(6, 10)]


@pytest.mark.parametrize("cause", ["throttle", "timeout", "error"])
def test_it_is_an_error_if_all_calls_fail(serve: Callable[..., list[Any]], cause: str) -> None:
    def fail(event: Any) -> Any:
        if cause == "throttle":
            throttled(event)
        if cause == "timeout":
            raise ReadTimeoutError(endpoint_url="https://lambda")
        return {"errorMessage": "Task timed out after 25.00 seconds"}

    serve(fail)
    with pytest.raises(checks.Unavailable):
        checks.check(runs(9), ARGUMENTS)


def test_a_posted_input_that_is_too_large_is_rejected_before_the_call(serve: Callable[..., list[Any]]) -> None:
    events = serve(echo)
    with pytest.raises(checks.TooLarge) as refusal:
        checks.check([{"document": {"note": "x" * checks.MAX_PAYLOAD}}], ARGUMENTS)
    assert refusal.value.size > checks.MAX_PAYLOAD
    assert not events
