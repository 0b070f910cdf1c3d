"""Write the index partitions of rows that an earlier version wrote: `python -m infra.deployment.partitions STACK`.

Meter runs are indexed by status, and the newest runs by run, under an attribute that names a partition. Earlier
versions wrote neither. This is safe to interrupt, to repeat at any time, and while runs go on.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.store.results import newest
from chalicelib.store.runs import statuses
from chalicelib.store.tables.results import NewestRun
from infra.deployment import repairs
from infra.deployment.cloudformation import Account

COUNTER = "partitions"  # of how often the partitions of a stack were written
SEGMENTS = 8  # parts of a table that are read at the same time, a page of a megabyte each
WRITES = 8  # at the same time, for each of them

Item = Mapping[str, Mapping[str, str]]  # as DynamoDB returns it


@dataclass(frozen=True)
class Indexed:
    """A table whose items name the index partition that they are in.

    partition: the attribute with its name. source: the attribute, besides the key, that it depends on. of: the name
    that an item should have; None if the index does not have it.
    """

    table: str
    key: tuple[str, ...]
    partition: str
    source: str
    of: Callable[[Item], str | None]

    def wanted(self, item: Item) -> str | None:
        """The partition that an item should name and does not; None if nothing has to be written."""
        name = self.of(item)
        return None if name == item.get(self.partition, {}).get("S") else name


def _run_partition(item: Item) -> str | None:
    of_any_project = int(item["project"]["N"]) == NewestRun.ANY_PROJECT
    return None if of_any_project else newest.partition(int(item["meter_run"]["N"]))


METER_RUNS = Indexed(
    "meter_runs",
    ("id",),
    "status_partition",
    "status",
    lambda item: statuses.partition(item["status"]["S"], int(item["id"]["N"])),
)
NEWEST_RUNS = Indexed("newest_runs", ("trace", "project"), "run_partition", "meter_run", _run_partition)


def write(account: Account, stack: str, *, once: bool = False) -> None:
    """Write the partitions of a stack; with `once` only if that has not been done yet, and then never again.

    The newest runs come after the meter runs: the reconciler completes both rows of a run that a worker of an earlier
    version ends after its row was completed here.
    """
    if once and written(account, stack):
        return
    for indexed in (METER_RUNS, NEWEST_RUNS):
        clients = [account.client("dynamodb") for _ in range(SEGMENTS)]
        with ThreadPoolExecutor(SEGMENTS) as pool:
            list(pool.map(lambda segment: _write(clients[segment], stack, indexed, segment), range(SEGMENTS)))  # noqa: B023 (used at once)
    if once:
        repairs.record(account, stack, COUNTER)


def written(account: Account, stack: str) -> bool:
    """Whether `write` has been called with `once`, and has ended."""
    return repairs.is_done(account, stack, COUNTER)


def _write(client: Any, stack: str, indexed: Indexed, segment: int) -> None:
    """Complete the items in a segment of a table, a page at a time."""
    with ThreadPoolExecutor(WRITES) as pool:
        for page in _pages(client, stack, indexed, segment):
            list(pool.map(lambda item: _complete(client, stack, indexed, item), page))


def _pages(client: Any, stack: str, indexed: Indexed, segment: int) -> Iterator[list[Item]]:
    attributes = (*indexed.key, indexed.source, indexed.partition)
    names = {f"#{name}": name for name in attributes}
    pages = client.get_paginator("scan").paginate(
        TableName=f"{stack}-{indexed.table}",
        Segment=segment,
        TotalSegments=SEGMENTS,
        ProjectionExpression=", ".join(names),
        ExpressionAttributeNames=names,
        ConsistentRead=True,
    )
    for page in pages:
        yield [item for item in page["Items"] if indexed.wanted(item) is not None]


def _complete(client: Any, stack: str, indexed: Indexed, item: Item | None) -> None:
    """Write the partition of an item, if it exists and lacks it, as it is by then."""
    while item is not None and (wanted := indexed.wanted(item)) is not None:
        where = {"TableName": f"{stack}-{indexed.table}", "Key": {name: item[name] for name in indexed.key}}
        try:
            client.update_item(
                **where,
                UpdateExpression="SET #partition = :wanted",
                ConditionExpression="#source = :source",
                ExpressionAttributeNames={"#partition": indexed.partition, "#source": indexed.source},
                ExpressionAttributeValues={":wanted": {"S": wanted}, ":source": item[indexed.source]},
            )
            return
        except client.exceptions.ConditionalCheckFailedException:  # it has changed since it was read
            item = client.get_item(**where, ConsistentRead=True).get("Item")


if __name__ == "__main__":
    try:
        write(Account(os.environ, boto3.client), sys.argv[1])
    except IndexError:
        sys.exit("No stack given. Name one: python -m infra.deployment.partitions eemeter-datastore-dev")
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"The partitions could not be written: {error}")
