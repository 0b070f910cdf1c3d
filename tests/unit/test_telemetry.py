"""The log lines and metrics that CloudWatch reads."""

import json
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from chalicelib import telemetry


def lines(written: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.splitlines()]


def named(line: dict[str, Any]) -> dict[str, Any]:
    keys = ("function_name", "function_request_id", "request_id", "meter_run", "batch")
    return {key: line[key] for key in keys if key in line}


def test_log_lines_name_only_their_own_invocation_and_run(monkeypatch: pytest.MonkeyPatch) -> None:
    logger, written = Logger(), StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", written)
    telemetry.begin(SimpleNamespace(function_name="worker", aws_request_id="one"))
    telemetry.note(meter_run=7, batch=3)
    logger.info("works")
    telemetry.begin(SimpleNamespace(function_name="worker", aws_request_id="two"))
    logger.info("begins")
    first, second = lines(written.getvalue())
    assert named(first) == {"function_name": "worker", "function_request_id": "one", "meter_run": 7, "batch": 3}
    assert named(second) == {"function_name": "worker", "function_request_id": "two"}


def test_a_failure_is_counted_in_total_and_by_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "stack")
    telemetry.failed("RunsFailed", "weather", {"RunSeconds": 1.5})
    every, of_reason = lines(capsys.readouterr().out)
    (metrics,) = every["_aws"]["CloudWatchMetrics"]
    assert metrics["Namespace"] == telemetry.NAMESPACE
    assert metrics["Dimensions"] == [["service"]]
    assert metrics["Metrics"] == [
        {"Name": "RunsFailed", "Unit": "Count"},
        {"Name": "RunSeconds", "Unit": "Seconds"},
    ]
    assert (every["service"], every["RunsFailed"], every["RunSeconds"]) == ("stack", [1.0], [1.5])
    assert of_reason["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["reason", "service"]]
    assert (of_reason["reason"], of_reason["RunsFailed"]) == ("weather", [1.0])
