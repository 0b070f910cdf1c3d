"""The state machine's first step: go on when every meter run of a batch has ended."""

from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import telemetry
from chalicelib.store.runs import waiters

logger = Logger()


def handle(event: dict[str, Any]) -> None:
    """Note who waits; the task token of the event lets it go on, now or later."""
    telemetry.note(aggregation_run=event["aggregation_run"], batch=event["after_batch"])
    waiters.wait(event["after_batch"], event["aggregation_run"], event["task_token"])
    logger.info("waits")
