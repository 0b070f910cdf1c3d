"""Large JSON documents in S3 with one row per line, written row by row and read chunk by chunk.

A chunk is a byte range of the document. Nothing is stored twice, and only a fraction of the rows is in memory at
a time.
"""

import json
from io import BytesIO
from typing import Any

from chalicelib.store.shared import documents

CHUNK = 1000  # rows
PART = 8_000_000  # bytes of an upload's parts; S3 accepts 10,000 parts of at least 5 MB
SEPARATOR = b",\n"

text_of = json.JSONEncoder(separators=(",", ":")).encode  # the JSON of a row


class Rows:
    """The rows of a document under construction.

    With a key, they are uploaded part by part while they are added, and `store` stores the document only under this
    key, and once. Without one, they are in memory, and may be stored several times.
    """

    def __init__(self, key: str | None = None) -> None:
        self.key = key
        self.count = 0
        self._size = 0  # in bytes
        self._starts: list[int] = []  # offsets of the chunks
        self._waiting = bytearray()  # what is not uploaded yet
        self._first = b""  # the rows of the first part, which is uploaded last, since it starts with `before`
        self._upload: documents.Upload | None = None
        self._parts = 1  # the first one included

    def add(self, row: str) -> None:
        """Add a row: the JSON of one item."""
        if self.count:
            self._append(SEPARATOR)
        if self.count % CHUNK == 0:
            self._starts.append(self._size)
        self._append(row.encode())
        self.count += 1
        if self.key is not None and len(self._waiting) >= PART:
            self._flush(self.key)

    def offsets(self, before: str) -> list[int]:
        """The offsets in bytes at which each chunk starts, and at which the last one ends, in a document that `store`
        stores with the same text `before`.
        """
        first = len(f"{before}\n".encode())
        return [first + start for start in self._starts] + [first + self._size]

    def store(self, key: str, before: str, after: str) -> None:
        """Store the document: the rows between the texts `before` and `after`."""
        begin, end = f"{before}\n".encode(), f"\n{after}".encode()
        if self._upload is None:
            documents.put_file(key, BytesIO(b"".join((begin, self._waiting, end))))
            return
        self._upload.put(self._parts + 1, bytes(self._waiting) + end)
        self._upload.put(1, begin + self._first)
        self._upload.complete()

    def _append(self, text: bytes) -> None:
        self._waiting += text
        self._size += len(text)

    def _flush(self, key: str) -> None:
        if self._upload is None:
            self._upload = documents.Upload(key)
            self._first = bytes(self._waiting)
        else:
            self._parts += 1
            self._upload.put(self._parts, bytes(self._waiting))
        self._waiting.clear()


def read_chunk(key: str, chunks: list[int], number: int) -> list[Any]:
    """The rows of one chunk of a stored document; `chunks` is what `offsets` returned."""
    part = documents.get_range(key, chunks[number], chunks[number + 1])
    rows: list[Any] = json.loads(b"[" + part.rstrip(SEPARATOR) + b"]")
    return rows
