"""Count the usage that AWS would bill for this process's calls to a local stack, by AWS's rules."""

import io
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

WRITE_UNIT, READ_UNIT = 1024, 4096  # bytes
Item = Mapping[str, Any]  # in the format of DynamoDB's protocol: {"id": {"N": "7"}}


def item_bytes(item: Item) -> int:
    """Return the size of an item as DynamoDB counts it: the names and values of its attributes."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return (len(content) + 1) // 2 + 1
        case "B":
            return len(content)
        case "NS" | "SS":
            return sum(_value_bytes({kind[0]: one}) for one in content)
        case "L":
            return 3 + sum(1 + _value_bytes(one) for one in content)
        case "M":
            return 3 + len(content) + item_bytes(content)
    return 1  # BOOL and NULL


def _length(body: Any) -> int:
    """Return the number of bytes in an uploaded body."""
    if isinstance(body, bytes):
        return len(body)
    body.seek(0, io.SEEK_END)
    return int(body.tell())


def write_units(size: int, *, transaction: bool = False) -> int:
    """Return the write units for an item of this size in bytes; a transaction doubles them."""
    return max(1, math.ceil(size / WRITE_UNIT)) * (2 if transaction else 1)


def read_units(size: int, *, consistent: bool = False) -> float:
    """Return the read units for an item, or a page of a query, of this size in bytes."""
    return max(1, math.ceil(size / READ_UNIT)) * (1.0 if consistent else 0.5)


class Metered:
    """The usage so far, by the names in prices.PRICES, and the number of calls, which are sequential."""

    def __init__(self, dynamodb: Any) -> None:
        self.usage: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()  # stored in S3 and DynamoDB
        self.calls = 0
        self.overhead = 0.0  # CPU seconds spent on counting
        self._plain = dynamodb
        self._indexes: dict[str, list[dict[str, Any]]] = {}

    @contextmanager
    def counting(self) -> Iterator["Metered"]:
        """Count the calls made within the `with` block."""
        call: Callable[..., Any] = BaseClient._make_api_call

        def counted(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
            response = call(client, operation, arguments)
            if client is not self._plain:
                began = time.process_time()
                self.calls += 1
                getattr(self, f"_{client.meta.service_model.service_name}")(operation, arguments, response)
                self.overhead += time.process_time() - began
            return response

        with patch.object(BaseClient, "_make_api_call", counted):
            yield self

    def _sqs(self, operation: str, arguments: dict[str, Any], response: dict[str, Any]) -> None:
        self.usage["SQS, requests"] += 1

    def _stepfunctions(self, operation: str, arguments: dict[str, Any], response: dict[str, Any]) -> None:
        pass  # state transitions are billed, not calls

    def _events(self, operation: str, arguments: dict[str, Any], response: dict[str, Any]) -> None:
        self.usage["EventBridge, events"] += len(arguments["Entries"])

    def _s3(self, operation: str, arguments: dict[str, Any], response: dict[str, Any]) -> None:
        if operation in ("GetObject", "HeadObject"):
            self.usage["S3, reads"] += 1
        elif operation != "DeleteObject":
            self.usage["S3, writes and lists"] += 1
        if operation == "PutObject":
            self.bytes["S3, GB-months"] += _length(arguments["Body"])

    def _dynamodb(self, operation: str, arguments: dict[str, Any], response: dict[str, Any]) -> None:
        match operation:
            case "GetItem":
                self._read([response.get("Item", {})], arguments)
            case "BatchGetItem":
                for table, request in arguments["RequestItems"].items():
                    found = response["Responses"].get(table, [])
                    for item in [*found, *[{}] * (len(request["Keys"]) - len(found))]:
                        self._read([item], request)
            case "Query" | "Scan":
                self._read(response["Items"], arguments)
            case "BatchWriteItem":
                for table, requests in arguments["RequestItems"].items():
                    for request in requests:
                        self._put(table, request["PutRequest"]["Item"], transaction=False)
            case "TransactWriteItems":
                for action in arguments["TransactItems"]:
                    ((kind, of),) = action.items()
                    self._write(kind, of, transaction=True)
            case _:
                self._write(operation.removesuffix("Item"), arguments, transaction=False)

    def _read(self, items: list[Item], request: dict[str, Any]) -> None:
        size = sum(map(item_bytes, items))
        self.usage["DynamoDB, read units"] += read_units(size, consistent=request.get("ConsistentRead", False))  # type: ignore[assignment]

    def _write(self, kind: str, arguments: dict[str, Any], *, transaction: bool) -> None:
        table = arguments["TableName"]
        if kind == "Put":
            self._put(table, arguments["Item"], transaction=transaction)
        elif kind == "Update":
            item = self._plain.get_item(TableName=table, Key=arguments["Key"]).get("Item", {})
            self._index(table, item, set(arguments.get("ExpressionAttributeNames", {}).values()))
            self.usage["DynamoDB, write units"] += write_units(item_bytes(item), transaction=transaction)
        else:  # Delete, ConditionCheck
            self.usage["DynamoDB, write units"] += write_units(0, transaction=transaction)

    def _put(self, table: str, item: Item, *, transaction: bool) -> None:
        size = item_bytes(item)
        self._index(table, item, None)
        self.usage["DynamoDB, write units"] += write_units(size, transaction=transaction)
        self.bytes["DynamoDB, GB-months"] += size + 100  # DynamoDB's overhead per item

    def _index(self, table: str, item: Item, changed: set[str] | None) -> None:
        """Count the index writes for an item. An entry is written only if its keys or projected attributes change."""
        if table not in self._indexes:
            described = self._plain.describe_table(TableName=table)["Table"]
            self._indexes[table] = described.get("GlobalSecondaryIndexes", [])
        for index in self._indexes[table]:
            keys = {key["AttributeName"] for key in index["KeySchema"]}
            projection = index["Projection"]
            whole = projection["ProjectionType"] == "ALL"
            projected = item.keys() if whole else keys | {"id"} | set(projection.get("NonKeyAttributes", []))
            entry = {name: value for name, value in item.items() if name in projected}
            indexed = keys <= item.keys()
            if changed is not None and keys & changed:
                self.usage["DynamoDB, write units"] += 2 if indexed else 1  # delete the old entry, write the new one
            elif indexed and (whole or changed is None or projected & changed):
                self.usage["DynamoDB, write units"] += write_units(item_bytes(entry))
                if changed is None:
                    self.bytes["DynamoDB, GB-months"] += item_bytes(entry) + 100
