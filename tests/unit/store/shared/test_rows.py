"""A document of rows is valid JSON, and each of its chunks is a byte range of it."""

import json
from typing import Any

import pytest

from chalicelib.store.shared import documents, rows
from chalicelib.store.shared.rows import CHUNK, Rows, read_chunk

uploads: list[str] = []


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    stored: dict[str, bytes] = {}
    uploads.clear()

    class Upload:
        def __init__(self, key: str) -> None:
            self.key = key
            self.parts: dict[int, bytes] = {}

        def put(self, number: int, part: bytes) -> None:
            assert number not in self.parts
            self.parts[number] = part

        def complete(self) -> None:
            stored[self.key] = b"".join(self.parts[number] for number in sorted(self.parts))
            sizes = [len(self.parts[number]) for number in sorted(self.parts)]
            assert all(size >= rows.PART for size in sizes[:-1])  # S3 refuses smaller ones, except for the last
            uploads.append(self.key)

    monkeypatch.setattr(documents, "put_file", lambda key, file: stored.update({key: file.read()}))
    monkeypatch.setattr(documents, "Upload", Upload)
    monkeypatch.setattr(documents, "get_range", lambda key, start, end: stored[key][start:end])
    return stored


@pytest.mark.parametrize("part", [1, 10_000, 8_000_000])
@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 7])
def test_chunks_make_up_the_document(
    bucket: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, count: int, part: int
) -> None:
    monkeypatch.setattr(rows, "PART", part)
    items = [{"id": number, "name": "ü,\n"} for number in range(count)]
    in_memory, uploaded = Rows(), Rows("uploaded")
    for item in items:
        in_memory.add(json.dumps(item))
        uploaded.add(json.dumps(item))
    for key, growing in (("first", in_memory), ("second", in_memory), ("uploaded", uploaded)):
        before = '{"a": 1, "rows": ['
        chunks = growing.offsets(before)
        growing.store(key, before, '], "z": 2}')
        assert json.loads(bucket[key]) == {"a": 1, "rows": items, "z": 2}
        read: list[Any] = [item for number in range(len(chunks) - 1) for item in read_chunk(key, chunks, number)]
        assert read == items
        assert len(chunks) - 1 == -(-count // CHUNK)
    assert bucket["first"] == bucket["second"] == bucket["uploaded"]
    assert uploads == (["uploaded"] if uploaded_in_parts(bucket["first"], part, count) else [])


def uploaded_in_parts(document: bytes, part: int, count: int) -> bool:
    return count > 0 and len(document) >= part + len('{"a": 1, "rows": [\n\n], "z": 2}')
