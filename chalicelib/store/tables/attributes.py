"""Attributes that PynamoDB does not have: whole numbers, lists of ids, and compressed JSON."""

import json
import zlib
from itertools import accumulate, pairwise
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.constants import BINARY, NUMBER


class IntegerAttribute(Attribute[int]):
    """A whole number: an id or a count."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


class IdsAttribute(Attribute[list[int]]):
    """A list of ids, stored as compressed differences, so that 100,000 of them fit in an item (at most 400 KB)."""

    attr_type = BINARY

    def serialize(self, value: list[int]) -> bytes:
        return zlib.compress(json.dumps([after - before for before, after in pairwise([0, *value])]).encode())

    def deserialize(self, value: bytes) -> list[int]:
        return list(accumulate(json.loads(zlib.decompress(value))))


class CompressedAttribute(Attribute[Any]):
    """JSON, compressed to about a third: a write unit is a kilobyte."""

    attr_type = BINARY

    def serialize(self, value: Any) -> bytes:
        return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), level=9)

    def deserialize(self, value: bytes) -> Any:
        return json.loads(zlib.decompress(value))
