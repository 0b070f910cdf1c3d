"""Deploy the stack that all stages in an account and region share: infra/deployment/account.yaml."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.deployment.cloudformation import Account, DesiredStack, check_ready, deploy, describe, outputs, parameters
from infra.deployment.stages import PROJECT, Stage
from infra.sources import REPOSITORY

STACK = f"{PROJECT}-account"
TEMPLATE = REPOSITORY / "infra" / "deployment" / "account.yaml"
GRACE = timedelta(days=1)  # long enough for a deployment to use the files it has uploaded


def prepare(account: Account, stage: Stage) -> tuple[dict[str, str], bool]:
    """Create or update the stack. Return its outputs, and whether anything changed. Raises StackError."""
    check_ready(account, STACK)
    before = parameters(describe(account, STACK) or {})
    role = account.client("apigateway").get_account().get("cloudwatchRoleArn")
    desired = shared(before, has_role=bool(role), hourly=stage.hourly_models)
    changed = deploy(account, DesiredStack(STACK, TEMPLATE.read_text(), desired, {"project": PROJECT}))
    return outputs(describe(account, STACK) or {}), changed


def shared(before: Mapping[str, str], *, has_role: bool, hourly: bool) -> dict[str, str]:
    """Return the stack's parameters. What was once enabled stays enabled; somebody else's role is not replaced."""
    return {
        "ApiLogs": "yes" if before.get("ApiLogs") == "yes" or not has_role else "no",
        "HourlyImages": "yes" if before.get("HourlyImages") == "yes" or hourly else "no",
    }


def delete_superseded(account: Account, bucket: str, stack: str, template: str) -> None:
    """Delete a stack's uploaded files that its deployed template does not reference."""
    s3 = account.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{stack}/"):
        for key in superseded(page.get("Contents", []), template, datetime.now(UTC)):
            s3.delete_object(Bucket=bucket, Key=key)


def superseded(objects: list[dict[str, Any]], template: str, now: datetime) -> list[str]:
    """Return the keys that the template does not reference, except those that a running deployment may need."""
    return [one["Key"] for one in objects if one["Key"] not in template and now - one["LastModified"] > GRACE]
