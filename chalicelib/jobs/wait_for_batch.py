"""The first step of the state machine: wait until every meter run of a batch has ended."""

from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import telemetry
from chalicelib.store.runs import waiters

logger = Logger()


def handle(event: dict[str, Any]) -> None:
    """Register the aggregation run as a waiter. The event's task token resumes the execution, now or later."""
    telemetry.note(aggregation_run=event["aggregation_run"], batch=event["after_batch"])
    waiters.wait(event["after_batch"], event["aggregation_run"], event["task_token"])
    logger.info("waiting")
