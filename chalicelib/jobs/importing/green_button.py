"""A Green Button file to rows."""

from chalicelib.files import espi, tables
from chalicelib.files.options import Options
from chalicelib.files.parsed import Parsed
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads import storage


def parse(upload: Upload, options: Options) -> Parsed:
    """The rows of a Green Button file. Raises FileError and FileGoneError."""
    file = storage.stream(upload)
    if upload.kind == "traces":
        return espi.traces(file, options)
    blocks = list(espi.records(file, options))
    return Parsed(
        tables.together(block.rows for block in blocks),
        tables.together(block.rejected for block in blocks),
        sum(block.read for block in blocks),
    )
