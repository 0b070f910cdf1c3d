"""Large JSON documents in S3 with one row per line, written row by row and read chunk by chunk.

A chunk is a byte range of the document. Nothing is stored twice, and only a fraction of the rows is in memory at
a time.
"""

import json
import shutil
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import Any

from chalicelib.store.shared import documents

CHUNK = 1000  # rows
IN_MEMORY = 8_000_000  # bytes of rows; more are kept in a temporary file


class Rows:
    """The rows of a document under construction."""

    def __init__(self) -> None:
        self.count = 0
        self._starts: list[int] = []  # offsets of the chunks
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (it outlives this function)

    def add(self, row: str) -> None:
        """Add a row: the JSON of one item."""
        if self.count % CHUNK == 0:
            self._starts.append(self._file.tell())
        self._file.write(f"{row},\n".encode())
        self.count += 1

    def offsets(self, before: str) -> list[int]:
        """The offsets in bytes at which each chunk starts, and at which the last one ends, in a document that `store`
        stores with the same text `before`.
        """
        first = len(f"{before}\n".encode())
        return [first + start for start in self._starts] + [first + self._end()]

    def store(self, key: str, before: str, after: str) -> None:
        """Store the document: the rows between the texts `before` and `after`. May be called more than once."""
        with SpooledTemporaryFile(IN_MEMORY) as whole:
            whole.write(f"{before}\n".encode())
            first, end = whole.tell(), self._end()
            self._file.seek(0)
            shutil.copyfileobj(self._file, whole)
            whole.seek(first + end)
            whole.write(f"\n{after}".encode())
            whole.truncate()
            whole.seek(0)
            documents.put_file(key, whole)

    def _end(self) -> int:
        """The length of the rows in bytes, without the separator after the last one."""
        self._file.seek(0, SEEK_END)
        return max(self._file.tell() - len(",\n"), 0)


def read_chunk(key: str, chunks: list[int], number: int) -> list[Any]:
    """The rows of one chunk of a stored document; `chunks` is what `offsets` returned."""
    part = documents.get_range(key, chunks[number], chunks[number + 1])
    rows: list[Any] = json.loads(b"[" + part.rstrip(b",\n") + b"]")
    return rows
