"""A part of a file to rows."""

import io
from typing import IO

import polars as pl

from chalicelib.files import objects, readings
from chalicelib.files.cells import Cells, cells, name
from chalicelib.files.layout import Layout
from chalicelib.files.parsed import Parsed, no_rejected

_READERS = {
    "projects": objects.of_projects,
    "traces": objects.of_traces,
    "trace_records": readings.of_traces,
    "weather_records": readings.of_weather,
}


def parse(body: bytes, layout: Layout, first_line: int) -> Parsed:
    """The rows of a part of a CSV file.

    body: whole rows, without the header. first_line: the line in the file of the first one, from 1, as a text editor
    shows it: `layout.header_lines + 1` for the first part. Cells that a short row lacks are blank.
    """
    return _parsed(cells(body, layout, first_line, _used(layout)), layout)


def parse_parquet(file: bytes | IO[bytes] | pl.DataFrame, layout: Layout, first_row: int = 1) -> Parsed:
    """The rows of a Parquet file, or of a part of one as a table of all its columns.

    first_row: the number of its first row in the file, from 1, which is the `line` of its rows.
    """
    used = sorted(set(_used(layout)))
    if isinstance(file, pl.DataFrame):
        table = file.select(layout.names[position] for position in used)
    else:
        source = io.BytesIO(file) if isinstance(file, bytes) else file
        table = pl.read_parquet(source, columns=[layout.names[position] for position in used])
    table.columns = [name(position) for position in used]
    texts = [
        pl.when(pl.col(column).str.strip_chars() != "").then(pl.col(column).str.strip_chars()).alias(column)
        for column, dtype in table.schema.items()
        if dtype == pl.String
    ]
    table = table.with_columns(*texts, line=pl.int_range(first_row, first_row + pl.len(), dtype=pl.Int64))
    found = table.filter(pl.any_horizontal(pl.exclude("line").is_not_null()))
    return _parsed(Cells(found, no_rejected()), layout)


def _used(layout: Layout) -> list[int]:
    if layout.kind == "projects":
        return list(range(len(layout.names)))
    return [*layout.columns.values(), *layout.intervals]


def _parsed(found: Cells, layout: Layout) -> Parsed:
    rows, rejected, read = _READERS[layout.kind](found.table, layout)
    rejected = pl.concat([found.rejected, rejected]).sort("line", maintain_order=True)
    return Parsed(rows, rejected, read + found.rejected.height)
