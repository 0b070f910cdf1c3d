"""The encoding of a text file."""

import codecs

from chalicelib.files.options import FileError

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decoded(sample: bytes, given: str | None) -> tuple[str, str, int]:
    """The text of a sample of a file, its encoding, and the number of bytes before the text, of a byte order mark.

    A character that the end of the sample cuts is left out. Raises FileError for an unknown encoding, or one that is
    not that of the sample.
    """
    mark, encoding = next((found for found in _MARKS if sample.startswith(found[0])), (b"", ""))
    body = sample[len(mark) :]
    if given:
        encoding = _known(given, encoding)
    elif not encoding:
        encoding = _guessed(body)
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(body)
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise FileError(
            f"Line {line} is not {encoding}. Give the file's encoding, such as latin-1, or save the file as UTF-8."
        ) from None
    return text, encoding, len(mark)


def _known(given: str, marked: str) -> str:
    try:
        name = codecs.lookup(given).name
        "".encode(name)
    except LookupError:
        raise FileError(f'The encoding "{given}" is unknown; use utf-8, latin-1, windows-1252 or utf-16.') from None
    if name == "utf-16":
        return marked or "utf-16-le"
    return "utf-8" if name == "utf-8-sig" else name


def _guessed(body: bytes) -> str:
    start = body[:1000]
    if start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1::2].count(0) > start[0::2].count(0) else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return "latin-1" if set(body) & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "cp1252"  # which cp1252 does not define
    return "utf-8"
