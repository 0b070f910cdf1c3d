"""What the stages of an account and region share (account.yaml), created by the first that needs it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.deployment.cloudformation import Account, Wanted, deploy, describe, outputs, parameters, ready
from infra.deployment.stages import PROJECT, Stage
from infra.sources import REPOSITORY

STACK = f"{PROJECT}-account"
TEMPLATE = REPOSITORY / "infra" / "deployment" / "account.yaml"
GRACE = timedelta(days=1)  # in which a deployment that has uploaded its files has used them


def prepare(account: Account, stage: Stage) -> tuple[dict[str, str], bool]:
    """Make or update the stack; its outputs, and whether anything changed. Raises StackError."""
    ready(account, STACK)
    before = parameters(describe(account, STACK) or {})
    role = account.client("apigateway").get_account().get("cloudwatchRoleArn")
    wanted = shared(before, has_role=bool(role), hourly=stage.hourly_models)
    changed = deploy(account, Wanted(STACK, TEMPLATE.read_text(), wanted, {"project": PROJECT}))
    return outputs(describe(account, STACK) or {}), changed


def shared(before: Mapping[str, str], *, has_role: bool, hourly: bool) -> dict[str, str]:
    """The stack's parameters, of which what was once asked for stays: another's role is left alone, our own kept."""
    return {
        "ApiLogs": "yes" if before.get("ApiLogs") == "yes" or not has_role else "no",
        "HourlyImages": "yes" if before.get("HourlyImages") == "yes" or hourly else "no",
    }


def forget_superseded(account: Account, bucket: str, stack: str, template: str) -> None:
    """Delete the uploaded files of a stack that its deployed template does not name."""
    s3 = account.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{stack}/"):
        for key in superseded(page.get("Contents", []), template, datetime.now(UTC)):
            s3.delete_object(Bucket=bucket, Key=key)


def superseded(objects: list[dict[str, Any]], template: str, now: datetime) -> list[str]:
    """The keys of those that the template does not name, and that no deployment under way has just uploaded."""
    return [one["Key"] for one in objects if one["Key"] not in template and now - one["LastModified"] > GRACE]
