"""The Step Functions state machines: of aggregations, with one execution per run, and of jobs."""

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
    start_named(settings().state_machine_arn, _name(run), {"aggregation_run": run.id, "after_batch": run.after_batch})


def find(run: AggregationRun) -> Execution | None:
    """The execution of a run; None if it was never started."""
    return _find(execution_arn(run))


def start_named(machine: str, name: str, given: dict[str, Any]) -> None:
    """Start an execution of a state machine (an ARN) with this input. Starting it twice is harmless."""
    try:
        _client().start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise


def find_named(machine: str, name: str) -> Execution | None:
    """The execution of a state machine (an ARN) with this name; None if it was never started."""
    return _find(_execution_arn(machine, name))


def resume(task_token: str) -> None:
    """Resume the execution that waits for a task token. Does nothing if it is no longer waiting."""
    try:
        _client().send_task_success(taskToken=task_token, output="{}")
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("TaskDoesNotExist", "TaskTimedOut", "InvalidToken"):
            raise


def execution_arn(run: AggregationRun) -> str:
    """The ARN of the execution of a run, whether or not it has been started."""
    return _execution_arn(settings().state_machine_arn, _name(run))


def _execution_arn(machine: str, name: str) -> str:
    return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"


def _find(arn: str) -> Execution | None:
    try:
        found = _client().describe_execution(executionArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
            return None
        raise
    return Execution(found["status"], ": ".join(filter(None, (found.get("error"), found.get("cause")))))


def _name(run: AggregationRun) -> str:
    """The id is for operators; the document name makes it unique, even if ids start again after a restore."""
    return f"aggregation-run-{run.id}-{run.document}"
