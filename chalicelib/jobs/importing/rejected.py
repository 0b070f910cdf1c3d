"""The rows that an import rejects: each step stores its own, and the last one writes all of them to one CSV file."""

from collections.abc import Iterator

from chalicelib.files import tables, writing
from chalicelib.files.tables import Table
from chalicelib.store.shared import documents
from chalicelib.store.shared.documents import Upload as PartsOfFile
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads import storage
from chalicelib.store.uploads.steps import Done
from chalicelib.store.uploads.storage import BINARY

SORTED_UP_TO = 1_000_000  # rows, which take 300 MB; more are in the order of the steps that rejected them
PART = 8_000_000  # bytes


def store(upload: Upload, kind: str, rows: Table) -> str | None:
    """Store the rows that a step has rejected. Returns their key; None if there are none."""
    if rows.is_empty():
        return None
    key = storage.new_key(upload, f"rejected-{kind}")
    documents.put_bytes(key, tables.packed(rows), BINARY)
    return key


def write_all(upload: Upload, done: list[Done]) -> str | None:
    """Write the rows that the steps have rejected to one file, in order of their lines. Returns its key, or None."""
    keys = [step.rejected for step in done if step.rejected is not None]
    if not keys:
        return None
    total = sum(step.counts.rejected for step in done)
    groups = [keys] if total <= SORTED_UP_TO else [[key] for key in keys]
    target = storage.key_of(upload, storage.REJECTED)
    file, number, waiting = PartsOfFile(target, "text/csv; charset=utf-8"), 0, bytearray()
    for text in _texts(upload, groups):
        waiting += text
        if len(waiting) >= PART:
            number += 1
            file.put(number, bytes(waiting))
            waiting.clear()
    file.put(number + 1, bytes(waiting))
    file.complete()
    return target


def _texts(upload: Upload, groups: list[list[str]]) -> Iterator[bytes]:
    for index, keys in enumerate(groups):
        found = tables.together(tables.unpacked(documents.get_bytes(key)) for key in keys).sort("line")
        yield writing.csv(found, header=index == 0)
