"""Turn a local stack into one that the previous version made: its tables, with the rows and objects that it wrote.

previous_version.json.xz was read from a stack of that version. It has the tables' resources in the template, their
items, the objects, what the API showed (`shown`), and the transaction with which a worker ended run 8 (`late`), which
was not sent. Runs 1 to 6 had ended. Of batch 2, runs 7, 10 and 11 were PENDING, run 8 was RUNNING in this worker, and
run 9 in one that died.
"""

import base64
import json
import lzma
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.deployment import cloudformation
from infra.deployment.cloudformation import Account, DesiredStack, describe, parameters
from infra.packaging.package import dump

FILE = Path(__file__).with_name("previous_version.json.xz")
IN_THE_WORKER, IN_A_DEAD_WORKER, LOST = 8, 9, 10  # open runs; the queue has lost the message of the last one
LEASE = 900  # seconds


def read() -> dict[str, Any]:
    """The content of the file."""

    def decoded(found: dict[str, Any]) -> Any:
        return base64.b64decode(found["base64"]) if found.keys() == {"base64"} else found

    content: dict[str, Any] = json.loads(lzma.decompress(FILE.read_bytes()), object_hook=decoded)
    return content


def template_of(account: Account, stack: str) -> dict[str, Any]:
    """The deployed template."""
    found = account.client("cloudformation").get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    template: dict[str, Any] = yaml.safe_load(found) if isinstance(found, str) else found
    return template


def restore(account: Account, stack: str, bucket: str, previous: Mapping[str, Any]) -> None:
    """Give a new stack the tables of the previous version, with their items and objects."""
    template = template_of(account, stack)
    tables = {**template["Resources"], **previous["resources"]}
    earlier = dump({**template, "Resources": tables})
    existing = describe(account, stack)
    assert existing is not None
    cloudformation.deploy(account, DesiredStack(stack, earlier, parameters(existing), {}), bucket)
    dynamodb, s3 = account.client("dynamodb"), account.client("s3")
    dynamodb.delete_item(TableName=f"{stack}-counters", Key={"resource": {"S": "partitions"}})
    for name, items in previous["tables"].items():
        for item in items:
            dynamodb.put_item(TableName=f"{stack}-{name}", Item=item)
    for id, due in ((IN_THE_WORKER, LEASE), (IN_A_DEAD_WORKER, -1), (LOST, -1)):
        dynamodb.update_item(
            TableName=f"{stack}-meter_runs",
            Key={"id": {"N": str(id)}},
            UpdateExpression="SET due = :due",
            ExpressionAttributeValues={":due": {"N": str(int(time.time()) + due)}},
        )
    own = cloudformation.outputs(existing)["BucketName"]
    for key, document in previous["objects"].items():
        kind = "application/json" if key.endswith(".json") else "application/octet-stream"
        s3.put_object(Bucket=own, Key=key, Body=document, ContentType=kind)
