"""The files of an export in S3: segments while it is written, and in the end what a client downloads.

Each attempt at a segment has a key of its own, so a late write of a dead process changes nothing; the bucket's
lifecycle deletes what no export names. Nothing is under the final keys before all segments are written.
"""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from chalicelib import deadline
from chalicelib.store.shared import documents
from chalicelib.store.tables.exports import Export

PARTS, FILES = "export_parts", "exports"  # folders of the bucket
SMALLEST = 5 * 2**20  # bytes of any part but the last of a multipart upload
MOST = {"csv": 10_000, "parquet": 1_000}  # the limit of a multipart upload; files whose URLs fit in a response
THREADS = 8
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


class Segment(NamedTuple):
    """A segment: its key after the export's prefix, its rows and its bytes."""

    name: str
    rows: int
    size: int


class File(NamedTuple):
    """A file of an export that has ended: its key in the bucket, its rows and its bytes."""

    key: str
    rows: int
    size: int


def put(export: Export, number: int, rows: int, content: bytes) -> Segment:
    """Store a segment."""
    segment = Segment(f"{number:05}-{uuid.uuid4().hex[:12]}", rows, len(content))
    documents.put_bytes(_key(export, segment), content, CONTENT_TYPES[export.format])
    return segment


def of(export: Export) -> list[Segment]:
    """The segments of an export, in order."""
    return [Segment(*fields) for fields in export.segments]


def content(export: Export, segment: Segment) -> bytes:
    """The bytes of a segment."""
    return documents.get_bytes(_key(export, segment))


def files(export: Export) -> list[File]:
    """The files of an export that has ended with SUCCESS: one of all segments for CSV, one of each for Parquet."""
    if export.format == "csv":
        return [File(f"{_folder(export)}/{export.kind}-{export.id}.csv", export.rows, export.size)]
    return [
        File(f"{_folder(export)}/part-{number:05}.parquet", segment.rows, segment.size)
        for number, segment in enumerate(of(export), 1)
    ]


def publish(export: Export) -> None:
    """Make the files of the segments. It can be repeated, and the files are the same each time.

    Raises DeadlineExceededError.
    """
    sources = [_key(export, segment) for segment in of(export)]
    if export.format == "csv":
        documents.join(sources, files(export)[0].key, CONTENT_TYPES["csv"])
    else:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(_copy, sources, [file.key for file in files(export)]))


def remove(export: Export) -> None:
    """Delete the segments and the files of an export."""
    documents.delete_many([file.key for file in files(export)])
    remove_segments(export)


def remove_segments(export: Export) -> None:
    """Delete the segments of an export, and its candidates."""
    keys = [_key(export, segment) for segment in of(export)]
    documents.delete_many(keys if export.candidates is None else [*keys, export.candidates])


def candidates_key(export: Export) -> str:
    """A key for the candidates of an export, new for each attempt."""
    return f"{PARTS}/{export.document}/candidates-{uuid.uuid4().hex[:12]}"


def _copy(source: str, target: str) -> None:
    deadline.check()
    if not documents.copy(source, target):
        raise FileNotFoundError(f"the segment {source} does not exist")


def _key(export: Export, segment: Segment) -> str:
    return f"{PARTS}/{export.document}/{segment.name}"


def _folder(export: Export) -> str:
    """The folder of an export's files, which is also a partition of the Glue table."""
    return f"{FILES}/{export.kind}/{export.format}/export={export.id}"
