"""Remove from shared libraries what only linkers and debuggers read."""

import struct

HEADER = 64  # bytes at the start of a 64-bit ELF file
LOAD = 1  # type of a segment that is loaded into memory (PT_LOAD)


def shorten(library: bytes) -> bytes:
    """Return a 64-bit ELF library of any architecture, reduced to what its program headers name; other files unchanged.

    Section headers, symbols and the whole pages between segments are removed. What is loaded keeps its bytes and its
    offset within a page, which is all that a loader needs.
    """
    if library[:6] != b"\x7fELF\x02\x01":  # 64-bit, little-endian
        return library
    (table,) = struct.unpack_from("<Q", library, 32)
    size, count = struct.unpack_from("<HH", library, 54)
    headers = range(table, table + size * count, size)
    segments = [struct.unpack_from("<IIQQQQQQ", library, at) for at in headers]
    page = max((alignment for kind, *_, alignment in segments if kind == LOAD), default=1)
    kept = {
        (0, HEADER),
        (table, headers.stop),
        *((offset, offset + length) for _, _, offset, _, _, length, *_ in segments),
    }
    short, ended, moved = bytearray(), 0, dict[int, int]()
    for start, end in sorted(kept):
        if start > ended:
            short += bytes((start - ended) % page)
            ended = start
        moved[start] = len(short) - (ended - start)
        short += library[ended:end]
        ended = max(ended, end)
    for at, (_, _, offset, *_) in zip(headers, segments, strict=True):
        struct.pack_into("<Q", short, moved[table] + at - table + 8, moved[offset])
    struct.pack_into("<QQ", short, 32, moved[table], 0)
    struct.pack_into("<HH", short, 60, 0, 0)  # no section headers
    return bytes(short)
