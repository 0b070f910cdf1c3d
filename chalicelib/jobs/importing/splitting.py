"""The first step: find out how to read a file, and divide it into parts."""

import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from chalicelib.files import recognition, splitting, tables
from chalicelib.files.layout import Layout
from chalicelib.files.options import FileError, Options
from chalicelib.files.splitting import PART, cuts, decompressed, in_utf8
from chalicelib.store.shared import documents
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads import storage
from chalicelib.store.uploads.storage import BINARY

MAX_WHOLE = 2_000_000_000  # bytes of a file that cannot be read in parts
WIDE_SHARE = 4  # a table with a column per interval has several times as many readings per byte
ROWS = 500_000  # of a Parquet file's part

Parts = list[list[Any]]  # for each: the S3 key, the first byte and the one after the last, the first line


def split(upload: Upload, options: Options) -> tuple[Layout | None, Parts, int]:
    """The layout of a file, its parts, and the number of buckets for its rows. Raises FileError and FileGoneError."""
    if upload.kind == "tmy3":
        return None, [_whole(upload)], 1
    if upload.format == "espi":
        layout = Layout(options.kind, "espi", names=(), columns={})
        return layout, [_whole(upload)], -(-upload.size // PART)
    layout, parts = _parquet(upload, options) if upload.format == "parquet" else _csv(upload, options)
    if not parts:
        raise FileError(f"The file has columns ({', '.join(layout.names[:20])}), but no rows.")
    return layout, parts, len(parts)


def _whole(upload: Upload) -> list[Any]:
    if upload.size > MAX_WHOLE:
        raise FileError(
            f"The file has {upload.size:,} bytes; one of this format may have {MAX_WHOLE:,}. Divide it into several."
        )
    return [storage.key_of(upload), 0, upload.size, 1]


def _csv(upload: Upload, options: Options) -> tuple[Layout, Parts]:
    if upload.format == "csv.gz":
        return _converted(upload, options, _unpacked(upload))
    sample = storage.read(upload, storage.key_of(upload), 0, min(upload.size, recognition.SAMPLE))
    layout = recognition.recognize(sample, options)
    if len(layout.newline) > 1:
        return _converted(upload, replace(options, encoding="utf-8"), in_utf8(storage.chunks(upload), layout.encoding))
    start, first_line, size = layout.header_bytes, layout.header_lines + 1, _part_size(layout)
    if start >= upload.size:
        return layout, []
    if upload.size - start <= size:
        return layout, [[storage.key_of(upload), start, upload.size, first_line]]
    found = cuts(storage.chunks(upload, start), start, first_line, size)
    return layout, [[storage.key_of(upload), *cut] for cut in found]


def _converted(upload: Upload, options: Options, pieces: Iterator[bytes]) -> tuple[Layout, Parts]:
    """The same for a file that has to be decompressed or converted to UTF-8: its parts are stored."""
    beginning = list[bytes]()
    while sum(map(len, beginning)) < recognition.SAMPLE and (piece := next(pieces, None)) is not None:
        beginning.append(piece)
    sample = b"".join(beginning)
    layout = recognition.recognize(sample, options)
    if len(layout.newline) > 1:  # compressed, and not in UTF-8
        text = in_utf8(chain([sample], pieces), layout.encoding)
        return _converted(upload, replace(options, encoding="utf-8"), text)
    waiting, parts = bytearray(), Parts()
    rows = _noted(chain([sample[layout.header_bytes :]], pieces), waiting)
    for cut in cuts(rows, 0, layout.header_lines + 1, _part_size(layout)):
        length = cut.end - cut.start
        parts.append([_stored(upload, bytes(waiting[:length])), 0, length, cut.first_line])
        del waiting[:length]
    return layout, parts


def _noted(pieces: Iterable[bytes], waiting: bytearray) -> Iterator[bytes]:
    for piece in pieces:
        waiting += piece
        yield piece


def _unpacked(upload: Upload) -> Iterator[bytes]:
    try:
        yield from decompressed(storage.chunks(upload))
    except (zlib.error, EOFError) as error:
        raise FileError(
            f"The file is not a complete gzip file ({error}). Compress it again, or choose another format."
        ) from None


def _parquet(upload: Upload, options: Options) -> tuple[Layout, Parts]:
    _whole(upload)
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        for piece in storage.chunks(upload):
            file.write(piece)
        file.flush()
        layout = _parquet_layout(file.name, options)
        parts = Parts()
        for first_row, body in tables.blocks(file.name, ROWS // (WIDE_SHARE if layout.intervals else 1)):
            parts.append([_stored(upload, body), 0, len(body), first_row])
    return layout, parts


def _parquet_layout(path: str, options: Options) -> Layout:
    schema, sample = tables.beginning(path)
    return recognition.recognize_parquet(schema, options, sample)


def _stored(upload: Upload, body: bytes) -> str:
    key = storage.new_key(upload, "part")
    documents.put_bytes(key, body, BINARY)
    return key


def _part_size(layout: Layout) -> int:
    return splitting.PART // (WIDE_SHARE if layout.readings_per_row > 1 else 1)
