"""Time series in S3: append-only chunks that are merged when read. The newest value of an instant wins.

A chunk's name starts with the time at which it was written, in microseconds, so that names sort by age. Writes need no
lock and no previous read, and concurrent writers lose no records.
"""

import time
import uuid
from array import array
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache

from botocore.exceptions import ClientError

from chalicelib import deadline
from chalicelib.settings import settings
from chalicelib.store.series.npz import Array, pack, unpack
from chalicelib.store.shared.documents import client as s3_client

COMPACT_ABOVE = 24  # chunks; reading more of them costs more than compacting them once
COMPACTION = 10.0  # seconds that it may take
SETTLED_AFTER = 120  # seconds after which the request that named a chunk has certainly ended
NAME_DIGITS = 17  # digits of the timestamp at the start of a name
ATTEMPTS = 5
THREADS = 16

ESTIMATED = 1  # the utility estimated the value
DUPLICATE = 2  # posted with several different values in one request


@dataclass
class Column:
    """A series: instants in microseconds since 1970 UTC, values (NaN for null), and flags (ESTIMATED | DUPLICATE)."""

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
        """A copy of the records with start <= instant < end. The series must be sorted by instant."""
        first = 0 if start is None else bisect_left(self.starts, start)
        last = len(self.starts) if end is None else bisect_left(self.starts, end)
        return Column(self.starts[first:last], self.values[first:last], self.flags[first:last])

    def extend(self, other: "Column") -> None:
        """Append the records of another series."""
        self.starts.extend(other.starts)
        self.values.extend(other.values)
        self.flags.extend(other.flags)


def trace_prefix(trace_id: int) -> str:
    """The S3 prefix of a trace's records."""
    return f"series/traces/{trace_id}/"


def weather_prefix(dataset: str, station: str) -> str:
    """The S3 prefix of a station's temperatures (°F) in a dataset ("observed" or "normal")."""
    return f"series/weather/{dataset}/{station}/"


def merged(column: Column) -> Column:
    """The series sorted by instant, with only the last record of each instant."""
    newest = {start: index for index, start in enumerate(column.starts)}
    result = Column()
    for start in sorted(newest):
        index = newest[start]
        result.append(start, column.values[index], column.flags[index])
    return result


def append(prefix: str, column: Column) -> None:
    """Add records, in any order. They replace existing records of the same instants."""
    _write(f"{prefix}{time.time_ns() // 1000:0{NAME_DIGITS}d}-{uuid.uuid4().hex[:12]}.npz", column)


def replace(prefix: str, column: Column) -> None:
    """Replace all records with new ones, in any order."""
    names = _names(prefix)
    append(prefix, column)
    _remove(names)


def append_many(columns: dict[str, Column]) -> None:
    """Add records under many prefixes. Raises DeadlineExceededError; some may have been written by then."""

    def append_in_time(prefix: str, column: Column) -> None:
        deadline.check()
        append(prefix, column)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(append_in_time, columns.keys(), columns.values()))


def read(
    prefix: str, start: int | None = None, end: int | None = None, *, share: bool = False, compact: bool = True
) -> Column:
    """The records with start <= instant < end (microseconds since 1970 UTC), sorted, one per instant.

    share: cache the series in memory for later reads, for as long as its chunks are the same. compact: merge the chunks
    into one if there are many, and if there is time; if false, nothing is written. Raises DeadlineExceededError.
    """
    for _ in range(ATTEMPTS):
        names = _names(prefix)
        try:
            everything = _shared(tuple(names)) if share else merged(_records(names))
        except _GoneError:  # a compaction has deleted chunks since they were listed, so list them again
            continue
        if compact and deadline.left() > COMPACTION:
            _compact(prefix, names)
        return everything.between(start, end)
    raise RuntimeError(f"the chunks of {prefix} were compacted concurrently in all {ATTEMPTS} attempts")


def delete(prefix: str) -> None:
    """Delete a series. Raises DeadlineExceededError; part of it may be gone by then."""
    _remove(_names(prefix))


class _GoneError(Exception):
    """A chunk was deleted after it was listed."""


def _compact(prefix: str, names: list[str]) -> None:
    """Merge the chunks into one if there are many. Safe with concurrent readers and writers."""
    # A chunk gets its name before it is written, so older names may still appear until those requests have ended.
    horizon = time.time_ns() // 1000 - SETTLED_AFTER * 1_000_000
    settled = [name for name in names if int(name.removeprefix(prefix)[:NAME_DIGITS]) < horizon]
    if len(settled) <= COMPACT_ABOVE:
        return
    try:
        # The new name sorts directly after the chunks it replaces, and before any that was or will be written later.
        _write(settled[-1].removesuffix(".npz") + "_.npz", merged(_records(settled)), IfNoneMatch="*")
    except _GoneError:
        return
    except ClientError as error:
        if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"):
            return  # another reader is compacting the same chunks
        raise
    _remove(settled)


def _write(key: str, column: Column, **conditions: str) -> None:
    # The column of flags is called "estimated" because older chunks have only that flag.
    columns: dict[str, Array] = {"starts": column.starts, "values": column.values, "estimated": column.flags}
    s3_client().put_object(Bucket=settings().bucket, Key=key, Body=pack(columns), **conditions)


def _names(prefix: str) -> list[str]:
    pages = s3_client().get_paginator("list_objects_v2").paginate(Bucket=settings().bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def _records(names: list[str]) -> Column:
    """The records of the chunks, in the order in which they were written. Raises _GoneError."""
    with ThreadPoolExecutor(THREADS) as pool:
        packed = list(pool.map(_body, names))
    everything = Column()
    for columns in map(unpack, packed):
        everything.extend(Column(columns["starts"], columns["values"], columns["estimated"]))  # type: ignore[arg-type]
    return everything


@lru_cache(maxsize=8)  # a few MB; the runs of a portfolio share a small number of stations
def _shared(names: tuple[str, ...]) -> Column:
    """The merged records of the chunks, which never change. Raises _GoneError."""
    return merged(_records(list(names)))


def _body(key: str) -> bytes:
    deadline.check()
    try:
        body: bytes = s3_client().get_object(Bucket=settings().bucket, Key=key)["Body"].read()
    except ClientError as error:
        # S3 answers 403 for a missing key when the role may list the bucket only by prefix.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            raise _GoneError(key) from error
        raise
    return body


def _remove(names: list[str]) -> None:
    for first in range(0, len(names), 1000):
        deadline.check()
        objects = [{"Key": name} for name in names[first : first + 1000]]
        s3_client().delete_objects(Bucket=settings().bucket, Delete={"Objects": objects, "Quiet": True})
