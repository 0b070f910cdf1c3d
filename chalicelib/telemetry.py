"""Structured logs and metrics for operators: each log line names the request, run or batch that it belongs to.

Both are JSON on standard output; CloudWatch extracts metrics from lines in its embedded metric format.
"""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

NAMESPACE = "EEmeterDatastore"

_logger = Logger()  # its keys apply to every Logger of this process


def begin(context: Any) -> None:
    """Add this Lambda invocation to all further log lines, and clear the keys of the previous one."""
    _logger.clear_state()
    _logger.append_keys(function_name=context.function_name, function_request_id=context.aws_request_id)


def note(**ids: Any) -> None:
    """Add the ids of the request, run or batch being processed to all further log lines."""
    _logger.append_keys(**ids)


def emit(counts: Mapping[str, int], seconds: Mapping[str, float] | None = None, **dimensions: str) -> None:
    """Emit metrics with the dimension `service` (the stack's name) and the given dimensions."""
    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for name, value in dimensions.items():
        metrics.add_dimension(name, value)
    for name, count in counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    for name, length in (seconds or {}).items():
        metrics.add_metric(name, MetricUnit.Seconds, length)
    metrics.flush_metrics()


def failed(name: str, reason: str, seconds: Mapping[str, float] | None = None) -> None:
    """Count a failure twice: without the dimension `reason`, for the total, and with it."""
    emit({name: 1}, seconds)
    emit({name: 1}, reason=reason)
