"""What operators see of a function: who it works for in each line of its log, and its metrics.

Both are JSON on standard output; CloudWatch makes metrics of those lines that are in its embedded metric format.
"""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

NAMESPACE = "EEmeterDatastore"

_logger = Logger()  # its keys are those of every Logger of this process


def begin(context: Any) -> None:
    """Have each line from here on name this invocation of Lambda's, and nothing of the one before."""
    _logger.clear_state()
    _logger.append_keys(function_name=context.function_name, function_request_id=context.aws_request_id)


def note(**ids: Any) -> None:
    """Have each line from here on also name the request, run or batch that the work is for."""
    _logger.append_keys(**ids)


def emit(counts: Mapping[str, int], seconds: Mapping[str, float] | None = None, **dimensions: str) -> None:
    """Add to metrics, which have the dimension `service`, the stack's name, and those that are given here."""
    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for name, value in dimensions.items():
        metrics.add_dimension(name, value)
    for name, count in counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    for name, length in (seconds or {}).items():
        metrics.add_metric(name, MetricUnit.Seconds, length)
    metrics.flush_metrics()


def failed(name: str, reason: str, seconds: Mapping[str, float] | None = None) -> None:
    """Count a failure among all of them, and among those of its reason."""
    emit({name: 1}, seconds)
    emit({name: 1}, reason=reason)
