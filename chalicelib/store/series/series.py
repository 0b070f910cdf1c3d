"""Time series in S3: append-only chunks that are merged when read. The newest value of an instant wins.

Writes need no lock and no previous read, and concurrent writers lose no records. The chunks of a trace are named in its
row, see `collections/trace_series.py`; those of weather are listed.
"""

import time
import uuid
from array import array
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from botocore.exceptions import ClientError

from chalicelib import deadline
from chalicelib.store.series import chunks, listings
from chalicelib.store.series.chunks import GoneError

COMPACT_ABOVE = 24  # chunks; reading more of them costs more than compacting them once
COMPACTION = 10.0  # seconds that it may take
SETTLED_AFTER = 120  # seconds after which the request that named a chunk has certainly ended
ATTEMPTS = 5

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


def append(prefix: str, column: Column) -> str:
    """Add records, in any order. They replace existing records of the same instants. Returns the key of their chunk."""
    key = prefix + chunks.new_name()
    _write(prefix, key, column)
    return key


def replace(prefix: str, column: Column) -> None:
    """Replace all records with new ones, in any order. A reader gets either the old or the new ones."""
    old = chunks.keys(prefix)
    _write(prefix, prefix + chunks.new_name(whole=True), column)
    chunks.remove(old)


def append_many(columns: dict[str, Column]) -> None:
    """Add records under many prefixes. Raises DeadlineExceededError; some may have been written by then."""

    def append_in_time(prefix: str, column: Column) -> None:
        deadline.check()
        append(prefix, column)

    with ThreadPoolExecutor(chunks.THREADS) as pool:
        list(pool.map(append_in_time, columns.keys(), columns.values()))


def read(
    prefix: str, start: int | None = None, end: int | None = None, *, share: bool = False, compact: bool = True
) -> Column:
    """The records with start <= instant < end (microseconds since 1970 UTC), sorted, one per instant.

    share: cache the series in memory for later reads, for as long as its chunks are the same, and the list of its
    chunks for `recall`. compact: merge the chunks into one if there are many, and if there is time; if false,
    nothing is written. Raises DeadlineExceededError.
    """
    for _ in range(ATTEMPTS):
        listed = time.time()
        keys = chunks.current(chunks.keys(prefix))
        try:
            everything = _shared(tuple(keys)) if share else records(keys)
        except GoneError:  # a compaction has deleted chunks since they were listed, so list them again
            continue
        if share:
            listings.remember(prefix, keys, listed)
        if compact:
            _compact(prefix, keys)
        return everything.between(start, end)
    raise RuntimeError(f"the chunks of {prefix} were compacted concurrently in all {ATTEMPTS} attempts")


def recall(prefix: str, start: int | None = None, end: int | None = None, *, since: datetime) -> Column | None:
    """The same as `read`, but with a list of the chunks that this process has in memory; None if it has none.

    The list was made after `since`, and in the last minute. So what was added before `since` is seen, and what was
    added later may be missing.
    """
    keys = listings.recall(prefix, since)
    try:
        return None if keys is None else _shared(tuple(keys)).between(start, end)
    except GoneError:  # compacted, or replaced
        return None


def delete(prefix: str) -> None:
    """Delete a series. Raises DeadlineExceededError; part of it may be gone by then."""
    chunks.remove(chunks.keys(prefix))


def records(keys: list[str]) -> Column:
    """The records of chunks that are sorted by age: sorted by instant, the newest of each. Raises GoneError."""
    everything = Column()
    for columns in chunks.read(keys):
        everything.extend(Column(columns["starts"], columns["values"], columns["estimated"]))  # type: ignore[arg-type]
    return merged(everything)


def to_merge(keys: list[str]) -> list[str]:
    """The chunks that should be merged into one; none if they are few, or if there is not enough time."""
    # A chunk gets its name before it is written, so older names may still appear until those requests have ended.
    horizon = time.time_ns() // 1000 - SETTLED_AFTER * 1_000_000
    settled = [key for key in keys if chunks.time_of(key) < horizon and not chunks.is_whole(key)]
    return settled if len(settled) > COMPACT_ABOVE and deadline.left() > COMPACTION else []


def merge(prefix: str, keys: list[str], *, unique: bool = False) -> str | None:
    """Write a chunk with the records of all these, which replaces them once they are deleted, and return its key.

    unique: always write it; otherwise only one reader does. None if another reader has merged them.
    """
    key = chunks.name_after(keys[-1], uuid.uuid4().hex[:12] if unique else "")
    try:
        _write(prefix, key, records(keys), IfNoneMatch="*")
    except GoneError:
        return None
    except ClientError as error:
        if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"):
            return None  # another reader is compacting the same chunks
        raise
    return key


def _compact(prefix: str, keys: list[str]) -> None:
    """Merge the chunks into one if there are many. Safe with concurrent readers and writers."""
    merging = to_merge(keys)
    if merging and merge(prefix, merging):
        chunks.remove(merging)


def _write(prefix: str, key: str, column: Column, **conditions: str) -> None:
    # The column of flags is called "estimated" because older chunks have only that flag.
    columns: chunks.Columns = {"starts": column.starts, "values": column.values, "estimated": column.flags}
    try:
        chunks.write(key, columns, **conditions)
    finally:
        listings.forget(prefix)  # even after an error: it may have been written


@lru_cache(maxsize=8)  # a few MB; the runs of a portfolio share a small number of stations
def _shared(keys: tuple[str, ...]) -> Column:
    """The merged records of the chunks, which never change. Raises GoneError."""
    return records(list(keys))
