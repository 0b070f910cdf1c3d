"""Stacks of CloudFormation: package a template, deploy it, and say why that failed; on AWS as on a local stack."""

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
LONGEST_PAUSE = 5.0  # seconds between two looks at a stack
AWS = ".venv/bin/aws"  # the command line that every clone has
REMOVE = f"remove it, and deploy again:\n  {AWS} cloudformation delete-stack --stack-name {{name}}"
ADVICE = {
    "ROLLBACK_COMPLETE": f"Its first deployment failed and left nothing to update: mend the cause, {REMOVE}",
    "ROLLBACK_FAILED": f"Its first deployment failed, and so did clearing it away: {REMOVE}",
    "CREATE_FAILED": f"Its first deployment failed: {REMOVE}",
    "DELETE_FAILED": f"It was to be deleted and could not be: see the reasons in its events, then {REMOVE}",
    "UPDATE_ROLLBACK_FAILED": "An update failed, and so did taking it back: mend the cause that its events tell, and\n"
    f"  {AWS} cloudformation continue-update-rollback --stack-name {{name}}",
}


class StackError(Exception):
    """A stack is not as it was asked for; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """Where stacks are."""

    environment: Mapping[str, str]  # by which AWS's command line reaches it
    client: Callable[[str], Any]  # of boto3, by the name of a service


@dataclass(frozen=True)
class Wanted:
    """A stack as it shall be. Parameters that are not given take the template's defaults."""

    name: str
    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    retained: bool = False  # takes resources in that the template names and that an earlier stack has left


def package(account: Account, template: Path, bucket: str, prefix: str, packaged: Path) -> str:
    """Upload the files that a template names; the template with their places, also in a file. Raises StackError."""
    command = [sys.executable, "-m", "awscli", "cloudformation", "package", "--template-file", str(template)]
    command += ["--s3-bucket", bucket, "--s3-prefix", prefix, "--output-template-file", str(packaged)]
    if endpoint := account.environment.get("AWS_ENDPOINT_URL"):
        command += ["--endpoint-url", endpoint]  # which this command line does not heed for each service
    done = subprocess.run(command, env=account.environment, capture_output=True, text=True)
    if done.returncode:
        raise StackError(f"The package could not be uploaded to {bucket}: {(done.stderr or done.stdout).strip()}")
    return packaged.read_text()


def describe(account: Account, name: str) -> dict[str, Any] | None:
    """A stack as CloudFormation describes it; None when there is none. Raises ClientError."""
    try:
        stack: dict[str, Any] = account.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if stack["StackStatus"] == "REVIEW_IN_PROGRESS" else stack  # nothing but a name, yet


def outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    """What a stack says of itself."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def parameters(stack: Mapping[str, Any]) -> dict[str, str]:
    """What a stack was last deployed with."""
    return {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack.get("Parameters", [])}


def ready(account: Account, name: str) -> None:
    """Raises StackError when a stack is there and cannot be updated."""
    stack = describe(account, name)
    status = stack["StackStatus"] if stack else ""
    if status.endswith("IN_PROGRESS"):
        raise StackError(f"The stack {name} is being changed ({status}). Wait for that to end, and deploy again.")
    if status in ADVICE:
        raise StackError(f"The stack {name} is {status}. {ADVICE[status].format(name=name)}")


def deploy(account: Account, wanted: Wanted, bucket: str | None = None) -> bool:
    """Make or update a stack, and wait for it; whether anything changed. The template goes by the bucket, if any.

    Raises StackError with the reasons of what failed.
    """
    cloudformation = account.client("cloudformation")
    existing = describe(account, wanted.name)
    try:
        change_set = cloudformation.create_change_set(
            StackName=wanted.name,
            ChangeSetName=f"deploy-{uuid.uuid4().hex}",
            ChangeSetType="UPDATE" if existing else "CREATE",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in wanted.parameters.items()],
            Tags=[{"Key": key, "Value": value} for key, value in wanted.tags.items()],
            Capabilities=CAPABILITIES,
            ImportExistingResources=wanted.retained,
            **_body(account, wanted, bucket),
        )
    except ClientError as error:
        raise StackError(f"CloudFormation does not take {wanted.name}: {error.response['Error']['Message']}") from None
    if not _has_changes(cloudformation, change_set["Id"], wanted.name):
        return False
    seen = next(_events(cloudformation, change_set["StackId"]))["EventId"]
    cloudformation.execute_change_set(ChangeSetName=change_set["Id"])
    status = _wait(cloudformation, change_set["StackId"], seen)
    if status not in DEPLOYED:
        events = takewhile(lambda event: event["EventId"] != seen, _events(cloudformation, change_set["StackId"]))
        reasons = _detailed(cloudformation, failures(list(events)), StackName=change_set["StackId"])
        outcome = ADVICE.get(status, "It is as it was before. Mend the cause, and deploy again.").format(
            name=wanted.name
        )
        raise StackError(f"The stack {wanted.name} could not be deployed ({status}).\n{reasons}\n{outcome}")
    return True


def failures(events: Sequence[Mapping[str, Any]]) -> str:
    """What failed and why, a line each, the first failure first; events come newest first."""
    failed = {
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'failed')}": None
        for event in reversed(events)
        if event["ResourceStatus"].endswith("FAILED")
        and "cancelled" not in event.get("ResourceStatusReason", "")  # because of another's failure
    }
    return "\n".join(failed)


def _body(account: Account, wanted: Wanted, bucket: str | None) -> dict[str, str]:
    """The template as CloudFormation takes it: itself while it is small, else its place in S3."""
    if bucket is None:
        return {"TemplateBody": wanted.template}
    s3 = account.client("s3")
    key = f"{wanted.name}/{hashlib.sha256(wanted.template.encode()).hexdigest()}.template"
    s3.put_object(Bucket=bucket, Key=key, Body=wanted.template.encode())
    return {"TemplateURL": f"{s3.meta.endpoint_url}/{bucket}/{key}"}


def _has_changes(cloudformation: Any, change_set: str, name: str) -> bool:
    """Wait for a change set; whether it would change anything. Raises StackError when it failed."""
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
        raise StackError(f"CloudFormation does not take {name}: {reasons}")
    return False


def _detailed(cloudformation: Any, reasons: str, **where: str) -> str:
    """The reasons, with the errors of CloudFormation's validation where they only refer to those."""
    if "DescribeEvents" not in reasons:
        return reasons
    events = cloudformation.describe_events(Filters={"FailedEvents": True}, **where)["OperationEvents"]
    errors = [event for event in events if "ValidationStatusReason" in event]
    return "\n".join(
        [reasons, *(f"  {error['LogicalResourceId']}: {error['ValidationStatusReason']}" for error in errors)]
    )


def _wait(cloudformation: Any, stack: str, seen: str) -> str:
    """The status in which a stack comes to rest, once it has newer events than the one that had been seen."""
    for pause in _pauses():
        status: str = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS") and next(_events(cloudformation, stack))["EventId"] != seen:
            break
        time.sleep(pause)
    return status


def _events(cloudformation: Any, stack: str) -> Iterator[dict[str, Any]]:
    """The events of a stack, newest first."""
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
        yield from page["StackEvents"]


def _pauses() -> Iterator[float]:
    """Seconds between looks, for ever: short ones for a local stack, longer ones for AWS."""
    return chain((0.1, 0.2, 0.4, 0.8, 1.6), repeat(LONGEST_PAUSE))
