"""Attributes that PynamoDB does not have: whole numbers, lists of ids, and compressed JSON."""

import json
import zlib
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
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
    """JSON, compressed, so that what is known of 1,000 runs fits in an item (at most 400 KB)."""

    attr_type = BINARY

    def serialize(self, value: Any) -> bytes:
        return zlib.compress(json.dumps(value, separators=(",", ":")).encode())

    def deserialize(self, value: bytes) -> Any:
        return json.loads(zlib.decompress(value))


class ResultAttribute(Attribute[Any]):
    """JSON from a meter result, compressed to about an eighth, so that the item fits into a kilobyte, one write unit.

    Most of a result is text that all results share, such as settings and names, so zlib gets it as a preset dictionary:
    a result of a daily sample. Stored results cannot be read without this very dictionary, so it must never change.
    """

    attr_type = BINARY

    def serialize(self, value: Any) -> bytes:
        compressor = zlib.compressobj(level=9, zdict=_dictionary())
        return compressor.compress(json.dumps(value, separators=(",", ":")).encode()) + compressor.flush()

    def deserialize(self, value: bytes) -> Any:
        decompressor = zlib.decompressobj(zdict=_dictionary())
        return json.loads(decompressor.decompress(value) + decompressor.flush())


@cache
def _dictionary() -> bytes:
    return Path(__file__).with_name("result_dictionary.json").read_bytes()
