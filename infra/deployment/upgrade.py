"""Create or update a stack so that its tables and rows fit the new code, in as many steps as DynamoDB needs.

CloudFormation "doesn't wait for the index to complete creation because the backfilling phase can take a long time", and
nobody "can use the index or update the table until the index's status is ACTIVE" (AWS::DynamoDB::Table,
GlobalSecondaryIndexes). So each step waits for the indexes. An interrupted upgrade continues when it is repeated: it
begins with the template that is deployed by then.
"""

import time
from dataclasses import replace
from typing import Any

import yaml

from infra.deployment import cloudformation, indexes, partitions
from infra.deployment.cloudformation import Account, DesiredStack, describe, parameters
from infra.packaging.package import dump

POLL = 5.0  # seconds between two looks at an index that is being created


def deploy(account: Account, desired: DesiredStack, bucket: str | None = None) -> bool:
    """Create or update a stack, and wait for it. Return whether anything changed.

    The arguments and errors are those of `cloudformation.deploy`. Raises IndexChangeError before anything is changed.
    """
    existing = describe(account, desired.name)
    if existing is None:
        changed = cloudformation.deploy(account, desired, bucket)
    else:
        changed = _update(account, desired, existing, bucket)
    partitions.write(account, desired.name, once=True)
    return changed


def _update(account: Account, desired: DesiredStack, existing: dict[str, Any], bucket: str | None) -> bool:
    new = yaml.safe_load(desired.template)
    plan = indexes.plan(_deployed(account, desired.name), new)
    unchanged = DesiredStack(
        desired.name, "", parameters(existing), {tag["Key"]: tag["Value"] for tag in existing.get("Tags", [])}
    )
    _wait(account, desired.name, new)  # for what an interrupted upgrade has begun
    steps = [replace(unchanged, template=dump(template)) for template in plan.before]
    for number, step in enumerate(steps, 1):
        print(f"Creating indexes ({number} of {len(steps)}; on AWS, minutes each) ...", flush=True)
        cloudformation.deploy(account, step, bucket)
        _wait(account, desired.name, new)
    if not partitions.written(account, desired.name):
        print("Completing the rows of the earlier version ...", flush=True)
        partitions.write(account, desired.name)
    update = desired if plan.update == new else replace(desired, template=dump(plan.update))
    changed = cloudformation.deploy(account, update, bucket)
    for number, template in enumerate(plan.after, 1):
        print(f"Deleting indexes that are no longer used ({number} of {len(plan.after)}) ...", flush=True)
        last = number == len(plan.after)
        cloudformation.deploy(account, desired if last else replace(desired, template=dump(template)), bucket)
        _wait(account, desired.name, new)
    return changed or bool(plan.before or plan.after)


def _deployed(account: Account, stack: str) -> indexes.Template:
    """The deployed template, as it was given."""
    found = account.client("cloudformation").get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    template: indexes.Template = yaml.safe_load(found) if isinstance(found, str) else found
    return template


def _wait(account: Account, stack: str, new: indexes.Template) -> None:
    """Wait until no index of the stack's tables is being created or deleted."""
    cloudformation_client, dynamodb = account.client("cloudformation"), account.client("dynamodb")
    pages = cloudformation_client.get_paginator("list_stack_resources").paginate(StackName=stack)
    for resource in (one for page in pages for one in page["StackResourceSummaries"]):
        if resource["ResourceType"] != indexes.TABLE or resource["LogicalResourceId"] not in new["Resources"]:
            continue
        while not _is_active(dynamodb.describe_table(TableName=resource["PhysicalResourceId"])["Table"]):
            time.sleep(POLL)


def _is_active(table: dict[str, Any]) -> bool:
    own = table.get("GlobalSecondaryIndexes", [])
    found = [table["TableStatus"], *(index.get("IndexStatus", "ACTIVE") for index in own)]  # MiniStack has none
    return set(found) == {"ACTIVE"}
