"""The state machine of aggregations: one execution a run, named after it."""

import json
from functools import cache
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.settings import settings

THREADS = 8
RUNNING = "RUNNING"


class Execution(NamedTuple):
    """How an execution is: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED, and why it ended if not well."""

    status: str
    reason: str


@cache
def _client() -> Any:
    # StartExecution has a bucket of requests that a bulk request may empty: it is worth some patience.
    config = Config(
        max_pool_connections=THREADS,
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "adaptive", "total_max_attempts": 6},
    )
    return boto3.client("stepfunctions", config=config)


def start(run_id: int, after_batch: int | None) -> None:
    """Start a run's execution; to start it twice does no harm."""
    try:
        _client().start_execution(
            stateMachineArn=settings().state_machine_arn,
            name=_name(run_id),
            input=json.dumps({"aggregation_run": run_id, "after_batch": after_batch}),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise


def find(run_id: int) -> Execution | None:
    """A run's execution; None when it was never started."""
    arn = f"{settings().state_machine_arn.replace(':stateMachine:', ':execution:')}:{_name(run_id)}"
    try:
        found = _client().describe_execution(executionArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
            return None
        raise
    return Execution(found["status"], ": ".join(filter(None, (found.get("error"), found.get("cause")))))


def go_on(task_token: str) -> None:
    """Let an execution that waits go on; one that waits no longer is left alone."""
    try:
        _client().send_task_success(taskToken=task_token, output="{}")
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("TaskDoesNotExist", "TaskTimedOut", "InvalidToken"):
            raise


def _name(run_id: int) -> str:
    return f"aggregation-run-{run_id}"
