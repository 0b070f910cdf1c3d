"""The second step: read the rows of a part, and sort them into buckets."""

from chalicelib.files import parsing, shuffling, tables
from chalicelib.files.layout import Layout
from chalicelib.files.options import Options
from chalicelib.files.parsed import Parsed
from chalicelib.jobs.importing import green_button, rejected
from chalicelib.store.shared import documents
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads import steps, storage
from chalicelib.store.uploads.steps import PARSE, Counts, Done
from chalicelib.store.uploads.storage import BINARY


def parse(upload: Upload, options: Options, number: int) -> None:
    """Read the rows of a part of a file. Raises FileError and FileGoneError."""
    if upload.kind == "tmy3":  # one file is one normal year, which its only apply step reads
        steps.finish(upload, Done(PARSE, number, Counts()))
        return
    parsed = _parsed(upload, options, number)
    body, offsets = shuffling.to_buckets(parsed.rows, upload.buckets)
    key = storage.new_key(upload, PARSE)
    documents.put_bytes(key, body, BINARY)
    counts = Counts(rows=parsed.read, rejected=parsed.rejected.height)
    refused = rejected.store(upload, PARSE, parsed.rejected)
    steps.finish(upload, Done(PARSE, number, counts, rejected=refused, rows=key, offsets=offsets))


def _parsed(upload: Upload, options: Options, number: int) -> Parsed:
    key, start, end, first_line = upload.parts[number]
    if upload.format == "espi":
        return green_button.parse(upload, options)
    body, layout = storage.read(upload, key, start, end), Layout.from_dict(upload.layout)
    if upload.format == "parquet":
        return parsing.parse_parquet(tables.unpacked(body), layout, first_line)
    return parsing.parse(body, layout, first_line)
