"""A document of rows is valid JSON, and each of its chunks is a byte range of it."""

import json
from typing import Any

import pytest

from chalicelib.store.shared import documents, rows
from chalicelib.store.shared.rows import CHUNK, Rows, read_chunk


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    stored: dict[str, bytes] = {}
    monkeypatch.setattr(documents, "put_file", lambda key, file: stored.update({key: file.read()}))
    monkeypatch.setattr(documents, "get_range", lambda key, start, end: stored[key][start:end])
    return stored


@pytest.mark.parametrize("in_memory", [0, 8_000_000])
@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 7])
def test_chunks_make_up_the_document(
    bucket: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, count: int, in_memory: int
) -> None:
    monkeypatch.setattr(rows, "IN_MEMORY", in_memory or 1)  # 1: uses a file from the start
    growing, items = Rows(), [{"id": number, "name": "ü,\n"} for number in range(count)]
    for item in items:
        growing.add(json.dumps(item))
    for key in ("first", "second"):
        before = '{"a": 1, "rows": ['
        chunks = growing.offsets(before)
        growing.store(key, before, '], "z": 2}')
        assert json.loads(bucket[key]) == {"a": 1, "rows": items, "z": 2}
        read: list[Any] = [item for number in range(len(chunks) - 1) for item in read_chunk(key, chunks, number)]
        assert read == items
        assert len(chunks) - 1 == -(-count // CHUNK)
