"""The Step Functions state machine of aggregations: one execution per run, named after the run."""

import json
from functools import cache
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.settings import settings
from chalicelib.store.tables.runs import AggregationRun

THREADS = 8


class Execution(NamedTuple):
    """The status of an execution, and the error and cause if it failed."""

    status: str
    reason: str

    @property
    def has_ended(self) -> bool:
        """Whether the execution has ended. One that is redriven is pending or running again."""
        return self.status in ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@cache
def _client() -> Any:
    # A request must end within 29 seconds; the reconciler starts the executions that it could not start.
    retries = {"mode": "standard", "total_max_attempts": 3}
    config = Config(max_pool_connections=THREADS, connect_timeout=3, read_timeout=5, retries=retries)
    return boto3.client("stepfunctions", config=config)


def start(run: AggregationRun) -> None:
    """Start the execution of a run. Starting it twice is harmless."""
    try:
        _client().start_execution(
            stateMachineArn=settings().state_machine_arn,
            name=_name(run),
            input=json.dumps({"aggregation_run": run.id, "after_batch": run.after_batch}),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise


def find(run: AggregationRun) -> Execution | None:
    """The execution of a run; None if it was never started."""
    try:
        found = _client().describe_execution(executionArn=execution_arn(run))
    except ClientError as error:
        if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
            return None
        raise
    return Execution(found["status"], ": ".join(filter(None, (found.get("error"), found.get("cause")))))


def resume(task_token: str) -> None:
    """Resume the execution that waits for a task token. Does nothing if it is no longer waiting."""
    try:
        _client().send_task_success(taskToken=task_token, output="{}")
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("TaskDoesNotExist", "TaskTimedOut", "InvalidToken"):
            raise


def execution_arn(run: AggregationRun) -> str:
    """The ARN of the execution of a run, whether or not it has been started."""
    return f"{settings().state_machine_arn.replace(':stateMachine:', ':execution:')}:{_name(run)}"


def _name(run: AggregationRun) -> str:
    """The id is for operators; the document name makes it unique, even if ids start again after a restore."""
    return f"aggregation-run-{run.id}-{run.document}"
