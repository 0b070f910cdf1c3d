"""Series in S3: chunks that are only ever added, merged when read; the newest value of an instant wins.

A chunk's name begins with the microsecond in which it was written, so that names sort by age. No lock, no read before
a write, and no record is lost between two writers.
"""

import time
import uuid
from array import array
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache

from botocore.exceptions import ClientError

from chalicelib.settings import settings
from chalicelib.store.documents import client
from chalicelib.store.npz import Array, pack, unpack

COMPACT_ABOVE = 24  # chunks; reading more costs more than folding them once
SETTLED_AFTER = 120  # seconds after which no request that named a chunk is still at work
NAME_DIGITS = 17  # of the microseconds that a name begins with
RETRIES = 5
THREADS = 16

ESTIMATED = 1  # by the utility
DUPLICATE = 2  # came with several different values in one request


@dataclass
class Column:
    """A series: instants in microseconds since 1970 UTC, values (NaN for null), and ESTIMATED | DUPLICATE of each."""

    starts: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    flags: "array[int]" = field(default_factory=lambda: array("B"))

    def __len__(self) -> int:
        return len(self.starts)

    def append(self, start: int, value: float, flags: int = 0) -> None:
        """Add one record."""
        self.starts.append(start)
        self.values.append(value)
        self.flags.append(flags)

    def between(self, start: int | None, end: int | None) -> "Column":
        """A copy of the records with start <= instant < end, of a series that is in order."""
        first = 0 if start is None else bisect_left(self.starts, start)
        last = len(self.starts) if end is None else bisect_left(self.starts, end)
        return Column(self.starts[first:last], self.values[first:last], self.flags[first:last])

    def extend(self, other: "Column") -> None:
        """Add the records of another series behind those here."""
        self.starts.extend(other.starts)
        self.values.extend(other.values)
        self.flags.extend(other.flags)


def trace_prefix(trace_id: int) -> str:
    """Where a trace's records are."""
    return f"series/traces/{trace_id}/"


def weather_prefix(dataset: str, station: str) -> str:
    """Where a station's temperatures of a dataset ("observed" or "normal") are, in °F."""
    return f"series/weather/{dataset}/{station}/"


def merged(column: Column) -> Column:
    """The series ordered by instant; of the records of one instant, the last."""
    newest = {start: index for index, start in enumerate(column.starts)}
    result = Column()
    for start in sorted(newest):
        index = newest[start]
        result.append(start, column.values[index], column.flags[index])
    return result


def append(prefix: str, column: Column) -> None:
    """Add records, in any order; they replace those of the same instants."""
    _write(f"{prefix}{time.time_ns() // 1000:0{NAME_DIGITS}d}-{uuid.uuid4().hex[:12]}.npz", column)


def replace(prefix: str, column: Column) -> None:
    """Add records, in any order, and remove all that were there before."""
    names = _names(prefix)
    append(prefix, column)
    _remove(names)


def append_many(columns: dict[str, Column]) -> None:
    """Add records under many prefixes."""
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(append, columns.keys(), columns.values()))


def read(
    prefix: str, start: int | None = None, end: int | None = None, *, share: bool = False, compact: bool = True
) -> Column:
    """The records with start <= instant < end (microseconds), one an instant, in order; many chunks become one.

    share: keep the series in memory for the next who reads it, as long as it has the same chunks. compact: false leaves
    the chunks as they are, and writes nothing.
    """
    for _ in range(RETRIES):
        names = _names(prefix)
        try:
            everything = _shared(tuple(names)) if share else merged(_records(names))
        except _GoneError:  # a compact took chunks since they were listed: what it wrote instead is listed now
            continue
        if compact:
            _compact(prefix, names)
        return everything.between(start, end)
    raise RuntimeError(f"the chunks of {prefix} were compacted by others at every one of {RETRIES} attempts")


def delete(prefix: str) -> None:
    """Remove a series."""
    _remove(_names(prefix))


class _GoneError(Exception):
    """A chunk that was listed is not there any more."""


def _compact(prefix: str, names: list[str]) -> None:
    """Make one chunk of many, when there are many; readers and writers may be at work meanwhile."""
    # A chunk is named before it is written: only once its request is surely over can no older one appear beside it.
    horizon = time.time_ns() // 1000 - SETTLED_AFTER * 1_000_000
    settled = [name for name in names if int(name.removeprefix(prefix)[:NAME_DIGITS]) < horizon]
    if len(settled) <= COMPACT_ABOVE:
        return
    try:
        # The new name sorts right behind all that it holds, and before whatever was or will be written later.
        _write(settled[-1].removesuffix(".npz") + "_.npz", merged(_records(settled)), IfNoneMatch="*")
    except _GoneError:
        return
    except ClientError as error:
        if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"):
            return  # another reader folds the same chunks
        raise
    _remove(settled)


def _write(key: str, column: Column, **conditions: str) -> None:
    # The flags are named after the first of them, the only one that chunks from before there were others have.
    columns: dict[str, Array] = {"starts": column.starts, "values": column.values, "estimated": column.flags}
    client().put_object(Bucket=settings().bucket, Key=key, Body=pack(columns), **conditions)


def _names(prefix: str) -> list[str]:
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=settings().bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def _records(names: list[str]) -> Column:
    """The records of the chunks, in the order of writing. Raises _GoneError."""
    with ThreadPoolExecutor(THREADS) as pool:
        packed = list(pool.map(_body, names))
    everything = Column()
    for columns in map(unpack, packed):
        everything.extend(Column(columns["starts"], columns["values"], columns["estimated"]))  # type: ignore[arg-type]
    return everything


@lru_cache(maxsize=8)  # a few MB; the runs of a portfolio share a few stations
def _shared(names: tuple[str, ...]) -> Column:
    """The merged records of the chunks, which never change. Raises _GoneError."""
    return merged(_records(list(names)))


def _body(key: str) -> bytes:
    try:
        body: bytes = client().get_object(Bucket=settings().bucket, Key=key)["Body"].read()
    except ClientError as error:
        # To a role that may list by prefix only, an absent key is forbidden.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            raise _GoneError(key) from error
        raise
    return body


def _remove(names: list[str]) -> None:
    for first in range(0, len(names), 1000):
        objects = [{"Key": name} for name in names[first : first + 1000]]
        client().delete_objects(Bucket=settings().bucket, Delete={"Objects": objects, "Quiet": True})
