"""Large JSON documents in the bucket, a row a line: written row by row and read chunk by chunk.

A chunk is a range of the document's bytes. So nothing is stored twice, and of 100,000 rows few are in memory at a time.
"""

import json
import shutil
from tempfile import SpooledTemporaryFile
from typing import Any

from chalicelib.store.shared import documents

CHUNK = 1000  # rows
IN_MEMORY = 8_000_000  # bytes of rows, beyond which they grow in a file


class Rows:
    """The rows of a document that grows."""

    def __init__(self) -> None:
        self.count = 0
        self._starts: list[int] = []  # of the chunks
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (it outlives this function)

    def add(self, row: str) -> None:
        """Add a row: the JSON of one item."""
        if self.count % CHUNK == 0:
            self._starts.append(self._file.tell())
        self._file.write(f"{row},\n".encode())
        self.count += 1

    def store(self, key: str, before: str, after: str) -> list[int]:
        """Store the document, the rows between what comes before and after; where each chunk begins and the last ends.

        The rows can be stored several times.
        """
        with SpooledTemporaryFile(IN_MEMORY) as whole:
            whole.write(f"{before}\n".encode())
            first = whole.tell()
            end = max(self._file.tell() - len(",\n"), 0)  # of the last row
            self._file.seek(0)
            shutil.copyfileobj(self._file, whole)
            whole.seek(first + end)
            whole.write(f"\n{after}".encode())
            whole.truncate()
            whole.seek(0)
            documents.put_file(key, whole)
        return [first + start for start in self._starts] + [first + end]


def read_chunk(key: str, chunks: list[int], number: int) -> list[Any]:
    """The rows of one chunk of a stored document; `chunks` is what `store` returned."""
    part = documents.get_range(key, chunks[number], chunks[number + 1])
    rows: list[Any] = json.loads(b"[" + part.rstrip(b",\n") + b"]")
    return rows
