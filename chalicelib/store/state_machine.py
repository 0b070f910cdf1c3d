"""The state machine of aggregations: one execution a run, named after it."""

import json
from functools import cache
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.settings import settings
from chalicelib.store.tables import AggregationRun

THREADS = 8


class Execution(NamedTuple):
    """How an execution is, and why it ended if not well."""

    status: str
    reason: str

    @property
    def has_ended(self) -> bool:
        """Whether it does nothing more: one that is redriven waits or runs again."""
        return self.status in ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@cache
def _client() -> Any:
    # Within the 29 seconds of a request; what it does not start, the sweep does.
    retries = {"mode": "standard", "total_max_attempts": 3}
    config = Config(max_pool_connections=THREADS, connect_timeout=3, read_timeout=5, retries=retries)
    return boto3.client("stepfunctions", config=config)


def start(run: AggregationRun) -> None:
    """Start a run's execution; to start it twice does no harm."""
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
    """A run's execution; None when it was never started."""
    try:
        found = _client().describe_execution(executionArn=execution_arn(run))
    except ClientError as error:
        if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
            return None
        raise
    return Execution(found["status"], ": ".join(filter(None, (found.get("error"), found.get("cause")))))


def resume(task_token: str) -> None:
    """Let an execution that waits go on; one that waits no longer is left alone."""
    try:
        _client().send_task_success(taskToken=task_token, output="{}")
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("TaskDoesNotExist", "TaskTimedOut", "InvalidToken"):
            raise


def execution_arn(run: AggregationRun) -> str:
    """The ARN that a run's execution has, or will have."""
    return f"{settings().state_machine_arn.replace(':stateMachine:', ':execution:')}:{_name(run)}"


def _name(run: AggregationRun) -> str:
    """The id tells a person which run it is; the document no other run has, even if ids begin anew with a restore."""
    return f"aggregation-run-{run.id}-{run.document}"
