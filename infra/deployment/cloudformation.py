"""Package and deploy CloudFormation templates, and report why a deployment failed; on AWS and on a local stack."""

import hashlib
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat, takewhile
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
UNCHANGED = ("didn't contain changes", "No updates are to be performed")  # in the reason of an empty change set
MAX_PAUSE = 5.0  # seconds between two polls of a stack
AWS = ".venv/bin/aws"  # the AWS CLI in every clone's virtual environment
REMOVE = f"delete it and deploy again:\n  {AWS} cloudformation delete-stack --stack-name {{name}}"
ADVICE = {
    "ROLLBACK_COMPLETE": f"Its first deployment failed, so there is nothing to update. Fix the cause, then {REMOVE}",
    "ROLLBACK_FAILED": f"Its first deployment failed, and so did the rollback. Now {REMOVE}",
    "CREATE_FAILED": f"Its first deployment failed. Now {REMOVE}",
    "DELETE_FAILED": f"It could not be deleted. Find the reasons in its events, then {REMOVE}",
    "UPDATE_ROLLBACK_FAILED": "An update failed, and so did its rollback. Fix the cause shown in its events, then run\n"
    f"  {AWS} cloudformation continue-update-rollback --stack-name {{name}}",
}


class StackError(Exception):
    """A stack could not be deployed; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """An AWS account or a local stack, to which stacks are deployed."""

    environment: Mapping[str, str]  # environment variables with which the AWS CLI reaches it
    client: Callable[[str], Any]  # returns boto3's client for a service name


@dataclass(frozen=True)
class DesiredStack:
    """The desired state of a stack. Parameters that are not given have the template's defaults."""

    name: str
    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    import_existing: bool = False  # import resources of the template that an earlier stack left behind


def upload(account: Account, template: Path, bucket: str, prefix: str, packaged: Path) -> str:
    """Upload the files that a template references. Return the template with their S3 URLs, also written to `packaged`.

    Raises StackError.
    """
    command = [sys.executable, "-m", "awscli", "cloudformation", "package", "--template-file", str(template)]
    command += ["--s3-bucket", bucket, "--s3-prefix", prefix, "--output-template-file", str(packaged)]
    if endpoint := account.environment.get("AWS_ENDPOINT_URL"):
        command += ["--endpoint-url", endpoint]  # this CLI version ignores the variable for some services
    done = subprocess.run(command, env=account.environment, capture_output=True, text=True)
    if done.returncode:
        raise StackError(f"The package could not be uploaded to {bucket}: {(done.stderr or done.stdout).strip()}")
    return packaged.read_text()


def describe(account: Account, name: str) -> dict[str, Any] | None:
    """Return CloudFormation's description of a stack, or None if there is no such stack. Raises ClientError."""
    try:
        stack: dict[str, Any] = account.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if stack["StackStatus"] == "REVIEW_IN_PROGRESS" else stack  # so far it is only a name


def outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    """Return a stack's outputs by their keys."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def parameters(stack: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters of a stack's last deployment."""
    return {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack.get("Parameters", [])}


def check_ready(account: Account, name: str) -> None:
    """Check that a stack can be created or updated. Raises StackError."""
    stack = describe(account, name)
    status = stack["StackStatus"] if stack else ""
    if status.endswith("IN_PROGRESS"):
        raise StackError(f"The stack {name} is being changed ({status}). Wait until that has ended, then deploy again.")
    if status in ADVICE:
        raise StackError(f"The stack {name} has the status {status}. {ADVICE[status].format(name=name)}")


def deploy(account: Account, desired: DesiredStack, bucket: str | None = None) -> bool:
    """Create or update a stack, and wait for it. Return whether anything changed.

    bucket: where to upload the template; without one it is sent in the request. Raises StackError with the causes.
    """
    cloudformation = account.client("cloudformation")
    existing = describe(account, desired.name)
    try:
        change_set = cloudformation.create_change_set(
            StackName=desired.name,
            ChangeSetName=f"deploy-{uuid.uuid4().hex}",
            ChangeSetType="UPDATE" if existing else "CREATE",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in desired.parameters.items()],
            Tags=[{"Key": key, "Value": value} for key, value in desired.tags.items()],
            Capabilities=CAPABILITIES,
            ImportExistingResources=desired.import_existing,
            **_body(account, desired, bucket),
        )
    except ClientError as error:
        raise StackError(f"CloudFormation rejects {desired.name}: {error.response['Error']['Message']}") from None
    if not _has_changes(cloudformation, change_set["Id"], desired.name):
        return False
    seen = next(_events(cloudformation, change_set["StackId"]))["EventId"]
    cloudformation.execute_change_set(ChangeSetName=change_set["Id"])
    status = _wait(cloudformation, change_set["StackId"], seen)
    if status not in DEPLOYED:
        events = takewhile(lambda event: event["EventId"] != seen, _events(cloudformation, change_set["StackId"]))
        reasons = _detailed(cloudformation, failures(list(events)), StackName=change_set["StackId"])
        outcome = ADVICE.get(status, "It has been rolled back. Fix the cause and deploy again.").format(
            name=desired.name
        )
        raise StackError(f"The stack {desired.name} could not be deployed ({status}).\n{reasons}\n{outcome}")
    return True


def failures(events: Sequence[Mapping[str, Any]]) -> str:
    """Return what failed and why, one line for each resource, earliest first. events: newest first."""
    failed = {
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'failed')}": None
        for event in reversed(events)
        if event["ResourceStatus"].endswith("FAILED")
        and "cancelled" not in event.get("ResourceStatusReason", "")  # because another resource failed
    }
    return "\n".join(failed)


def _body(account: Account, desired: DesiredStack, bucket: str | None) -> dict[str, str]:
    """Return the template argument for CloudFormation: the template itself, or with a bucket its S3 URL."""
    if bucket is None:
        return {"TemplateBody": desired.template}
    s3 = account.client("s3")
    key = f"{desired.name}/{hashlib.sha256(desired.template.encode()).hexdigest()}.template"
    s3.put_object(Bucket=bucket, Key=key, Body=desired.template.encode())
    return {"TemplateURL": f"{s3.meta.endpoint_url}/{bucket}/{key}"}


def _has_changes(cloudformation: Any, change_set: str, name: str) -> bool:
    """Wait for a change set. Return whether it would change anything. Raises StackError if it failed."""
    for pause in _pauses():
        found = cloudformation.describe_change_set(ChangeSetName=change_set)
        if found["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            break
        time.sleep(pause)
    if found["Status"] == "CREATE_COMPLETE":
        return True
    reason = found.get("StatusReason", found["Status"])
    unchanged = any(text in reason for text in UNCHANGED)
    reasons = reason if unchanged else _detailed(cloudformation, reason, ChangeSetName=change_set)
    cloudformation.delete_change_set(ChangeSetName=change_set)
    if not unchanged:
        raise StackError(f"CloudFormation rejects {name}: {reasons}")
    return False


def _detailed(cloudformation: Any, reasons: str, **where: str) -> str:
    """Return the reasons, with CloudFormation's validation errors if the reasons only refer to them."""
    if "DescribeEvents" not in reasons:
        return reasons
    events = cloudformation.describe_events(Filters={"FailedEvents": True}, **where)["OperationEvents"]
    errors = [event for event in events if "ValidationStatusReason" in event]
    return "\n".join(
        [reasons, *(f"  {error['LogicalResourceId']}: {error['ValidationStatusReason']}" for error in errors)]
    )


def _wait(cloudformation: Any, stack: str, seen: str) -> str:
    """Wait until a stack has events newer than `seen` and no operation in progress. Return its status."""
    for pause in _pauses():
        status: str = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS") and next(_events(cloudformation, stack))["EventId"] != seen:
            break
        time.sleep(pause)
    return status


def _events(cloudformation: Any, stack: str) -> Iterator[dict[str, Any]]:
    """Yield the events of a stack, newest first."""
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
        yield from page["StackEvents"]


def _pauses() -> Iterator[float]:
    """Yield seconds between polls, without end: short at first for a local stack, then longer for AWS."""
    return chain((0.1, 0.2, 0.4, 0.8, 1.6), repeat(MAX_PAUSE))
