"""The error handler of the state machine: when a step has failed for good, the run is FAILED with the reason."""

from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import telemetry
from chalicelib.store.runs import aggregation_runs

logger = Logger()


def handle(event: dict[str, Any]) -> None:
    """Record the failure, unless the run has already ended. The event's `error` is the error output of the step."""
    telemetry.note(aggregation_run=event["aggregation_run"])
    run, error = aggregation_runs.existing(event["aggregation_run"]), event["error"]
    wait_timed_out = run.after_batch is not None and run.chunks is None and error.get("Error") == "States.Timeout"
    if wait_timed_out:
        message = f"Batch {run.after_batch} did not end within 28 days. Once it has, schedule the aggregation again."
        aggregation_runs.fail(run, message)
    else:
        aggregation_runs.fail_on_machine_error(run, f"{error.get('Error', '')}: {error.get('Cause', '')}")
    logger.error("FAILED", error=error)
