"""Divide the rows of a CSV file into parts that can be parsed alone, in one pass and in constant memory."""

import codecs
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

PART = 32_000_000  # bytes of a part; parsing takes about ten times as many
PIECE = 4_000_000  # bytes that are decompressed at a time
QUOTE, NEWLINE = b'"', b"\n"


class Cut(NamedTuple):
    """Whole rows of a file: its bytes [start, end), and the number of the first line, from 1."""

    start: int
    end: int
    first_line: int


def cuts(pieces: Iterable[bytes], start: int, first_line: int, size: int = PART) -> Iterator[Cut]:
    """The parts of a file, each at least `size` bytes but for the last, and none in the middle of a row.

    pieces: the file from byte `start` on, where line `first_line` begins. A line break in a quoted cell ends no row.
    """
    at, begin, lines, line_of_part, quotes = start, start, first_line, first_line, 0
    for piece in pieces:
        offset = _last_row_end(piece, quotes) if at + len(piece) - begin >= size else 0
        if offset:
            end, before = at + offset, piece.count(NEWLINE, 0, offset)
            yield Cut(begin, end, line_of_part)
            begin, line_of_part = end, lines + before
        lines += piece.count(NEWLINE)
        quotes += piece.count(QUOTE)
        at += len(piece)
    if at > begin:
        yield Cut(begin, at, line_of_part)


def decompressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The content of a gzip file, which may consist of several members. Raises zlib.error, and EOFError if cut off."""
    inflater, begun = zlib.decompressobj(wbits=31), False
    for piece in pieces:
        rest, begun = piece, True
        while rest:
            if inflater.eof:
                inflater = zlib.decompressobj(wbits=31)
            yield inflater.decompress(rest, PIECE)
            while inflater.unconsumed_tail:
                yield inflater.decompress(inflater.unconsumed_tail, PIECE)
            rest = inflater.unused_data
    if begun and not inflater.eof:
        raise EOFError("the gzip file is cut off")


def in_utf8(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """A text in another encoding, in UTF-8; without a byte order mark."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    mark, at_start = "\ufeff", True
    for piece in pieces:
        yield decoder.decode(piece).removeprefix(mark if at_start else "").encode()
        at_start = False


def _last_row_end(piece: bytes, quotes: int) -> int:
    """Where the last row that ends in a piece ends, 0 if none does. quotes: the number of quotation marks before it."""
    end = len(piece)
    while (found := piece.rfind(NEWLINE, 0, end)) >= 0:
        if (quotes + piece.count(QUOTE, 0, found)) % 2 == 0:
            return found + 1
        end = found
    return 0
