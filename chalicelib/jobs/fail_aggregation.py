"""What the state machine does when a step failed for good: the run ends FAILED, with the reason."""

from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.store import aggregation_runs

logger = Logger()


def handle(event: dict[str, Any]) -> None:
    """Record the failure, unless the run has ended already."""
    run = aggregation_runs.existing(event["aggregation_run"])
    if event["error"] == "States.Timeout":
        aggregation_runs.fail(run, f"Batch {run.after_batch} has not ended within 14 days.")
    else:
        aggregation_runs.give_up(run, f"{event['error']}: {event['cause']}")
    logger.error("FAILED", aggregation_run=run.id, error=event["error"], cause=event["cause"])
