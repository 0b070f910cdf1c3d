"""A shortened library holds exactly the bytes that a loader reads."""

import struct
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from infra.packaging.elf import HEADER, LOAD, shorten

HEADER_SIZE = 56  # bytes of a program header
PAGE = 0x1000


class Segment(NamedTuple):
    kind: int
    flags: int
    offset: int
    address: int
    physical: int
    length: int
    in_memory: int
    alignment: int


def segments(library: bytes) -> list[Segment]:
    (table,) = struct.unpack_from("<Q", library, 32)
    (count,) = struct.unpack_from("<H", library, 56)
    return [Segment(*struct.unpack_from("<IIQQQQQQ", library, table + HEADER_SIZE * number)) for number in range(count)]


def loaded(library: bytes) -> list[tuple[Segment, bytes]]:
    """Each segment with its content, without file offsets."""
    content = bytearray(library)
    (table,) = struct.unpack_from("<Q", library, 32)
    content[32:48], content[60:64] = bytes(16), bytes(4)
    for number in range(len(segments(library))):
        at = table + HEADER_SIZE * number + 8
        content[at : at + 8] = bytes(8)
    return [
        (one._replace(offset=one.offset % max(one.alignment, 1)), bytes(content[one.offset :][: one.length]))
        for one in segments(library)
    ]


def made(*parts: tuple[int, bytes], alignment: int = PAGE) -> bytes:
    """Make a library with segments at these offsets, surrounded by symbols (S), and with section headers at the end."""
    end = max(offset + len(content) for offset, content in parts)
    library = bytearray(b"S" * (end + 100))
    start = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01", 3, 183, 1, 0, HEADER, end + 50, 0, 64, 56, len(parts), 64, 9, 8
    )
    library[: len(start)] = start
    for number, (offset, content) in enumerate(parts):
        address = 0x10000 * number + offset
        header = Segment(LOAD, 4, offset, address, 0, len(content), len(content), alignment)
        at = HEADER + HEADER_SIZE * number
        library[at : at + HEADER_SIZE] = struct.pack("<IIQQQQQQ", *header)
        library[offset : offset + len(content)] = content
    return bytes(library)


def test_symbols_and_whole_pages_between_segments_are_removed() -> None:
    library = made((5 * PAGE + 8, b"code"), (9 * PAGE + 16, b"data"))
    short = shorten(library)
    assert loaded(short) == loaded(library)
    assert b"S" not in short
    assert [one.offset for one in segments(short)] == [PAGE + 8, PAGE + 16]
    assert len(short) == PAGE + 20
    assert struct.unpack_from("<Q", short, 40) == (0,)
    assert struct.unpack_from("<HH", short, 60) == (0, 0)
    assert shorten(short) == short


def test_the_page_size_is_the_segments_alignment() -> None:
    library = made((0x18, b"code"), (0x23000, b"data"), alignment=0x10000)
    short = shorten(library)
    assert loaded(short) == loaded(library)
    assert [one.offset for one in segments(short)] == [0x18, 0x3000]


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh", b"\x7fELF\x01\x01" + 90 * b"x", b"\x7fELF\x02\x02" + 90 * b"x"])
def test_other_files_are_unchanged(content: bytes) -> None:
    assert shorten(content) == content


@pytest.mark.slow
def test_real_libraries_load_the_same() -> None:
    names = ["numpy", "pyproj", "llvmlite", "pydantic_core"]
    homes = [Path(spec.origin).parent for spec in map(find_spec, names) if spec and spec.origin]
    libraries = [path for home in homes for path in [*home.rglob("*.so*"), *Path(f"{home}.libs").glob("*.so*")]]
    assert len(libraries) > 30
    for path in libraries:
        library = path.read_bytes()
        short = shorten(library)
        assert loaded(short) == loaded(library), path
        assert len(short) <= len(library)
