"""Series in S3: chunks that are only ever added, merged when read; the newest value of an instant wins.

A chunk's name begins with the microsecond in which it was written, so that names sort by age. No lock, no read before
a write, and no record is lost between two writers.
"""

import time
import uuid
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from chalicelib.settings import settings
from chalicelib.store.documents import client
from chalicelib.store.npz import Array, pack, unpack

FOLD_ABOVE = 24  # chunks: from here on reading them costs more than folding them once
THREADS = 16


@dataclass
class Column:
    """A series: instants in microseconds since 1970 UTC, values (NaN for null) and whether each is estimated."""

    starts: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    estimated: "array[int]" = field(default_factory=lambda: array("B"))

    def __len__(self) -> int:
        return len(self.starts)

    def append(self, start: int, value: float, estimated: bool = False) -> None:
        """Add one record."""
        self.starts.append(start)
        self.values.append(value)
        self.estimated.append(estimated)

    def extend(self, other: "Column") -> None:
        """Add the records of another series behind those here."""
        self.starts.extend(other.starts)
        self.values.extend(other.values)
        self.estimated.extend(other.estimated)


def trace_prefix(trace_id: int) -> str:
    """Where a trace's records are."""
    return f"series/traces/{trace_id}/"


def weather_prefix(dataset: str, station: str) -> str:
    """Where a station's temperatures of a dataset ("observed" or "normal") are, in °F."""
    return f"series/weather/{dataset}/{station}/"


def merged(column: Column, keep: Callable[[int], bool] = lambda start: True) -> Column:
    """The series ordered by instant; of the records of one instant, the last."""
    newest = {start: index for index, start in enumerate(column.starts) if keep(start)}
    result = Column()
    for start in sorted(newest):
        index = newest[start]
        result.append(start, column.values[index], bool(column.estimated[index]))
    return result


def append(prefix: str, column: Column) -> None:
    """Add records, in any order; they replace those of the same instants."""
    _write(f"{prefix}{time.time_ns() // 1000:017d}-{uuid.uuid4().hex[:12]}.npz", column)


def append_many(columns: dict[str, Column]) -> None:
    """Add records under many prefixes."""
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(append, columns.keys(), columns.values()))


def read(prefix: str, start: int | None = None, end: int | None = None) -> Column:
    """The records with start <= instant < end (microseconds), one an instant, in order."""
    _, everything = _read_chunks(prefix)
    return merged(everything, lambda t: (start is None or t >= start) and (end is None or t < end))


def fold(prefix: str) -> None:
    """Make one chunk of many, when there are many; readers and writers may be at work meanwhile."""
    if len(_names(prefix)) <= FOLD_ABOVE:
        return
    names, everything = _read_chunks(prefix)
    # The new name sorts right behind all that it holds and before whatever is written later.
    try:
        _write(names[-1].removesuffix(".npz") + "_.npz", merged(everything))
    except ClientError as error:
        if error.response["Error"]["Code"] == "PreconditionFailed":
            return  # another worker folds the same chunks
        raise
    _remove(names)


def delete(prefix: str) -> None:
    """Remove a series."""
    _remove(_names(prefix))


def _write(key: str, column: Column) -> None:
    columns: dict[str, Array] = {"starts": column.starts, "values": column.values, "estimated": column.estimated}
    client().put_object(Bucket=settings().bucket, Key=key, Body=pack(columns), IfNoneMatch="*")


def _names(prefix: str) -> list[str]:
    pages = client().get_paginator("list_objects_v2").paginate(Bucket=settings().bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def _read_chunks(prefix: str) -> tuple[list[str], Column]:
    """The chunks' names, and their records in the order of writing."""
    for attempt in range(3):
        names = _names(prefix)
        try:
            with ThreadPoolExecutor(THREADS) as pool:
                packed = list(pool.map(_body, names))
            break
        except ClientError as error:
            # A fold took the chunks between the listing and the reading: what it wrote instead is listed now.
            if error.response["Error"]["Code"] != "NoSuchKey" or attempt == 2:
                raise
    everything = Column()
    for columns in map(unpack, packed):
        everything.extend(Column(columns["starts"], columns["values"], columns["estimated"]))  # type: ignore[arg-type]
    return names, everything


def _body(key: str) -> bytes:
    body: bytes = client().get_object(Bucket=settings().bucket, Key=key)["Body"].read()
    return body


def _remove(names: list[str]) -> None:
    for first in range(0, len(names), 1000):
        objects = [{"Key": name} for name in names[first : first + 1000]]
        client().delete_objects(Bucket=settings().bucket, Delete={"Objects": objects, "Quiet": True})
