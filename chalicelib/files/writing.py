"""Tables as CSV and Parquet, written a part at a time."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import polars as pl

from chalicelib.csv_text import FORMULA_STARTS

Format = Literal["csv", "parquet"]
TYPES: Mapping[str, Any] = {
    "integer": pl.Int64,
    "number": pl.Float64,
    "text": pl.String,
    "boolean": pl.Boolean,
    "time": pl.Datetime("us", "UTC"),
}
BOM = b"\xef\xbb\xbf"  # without it, Excel takes UTF-8 for the computer's own encoding
TIME_IN_CSV = "%Y-%m-%dT%H:%M:%S%.6fZ"  # as in the API's responses


class Part:
    """A part of a table, to which rows are added.

    columns: the name and the type of each, one of TYPES; a time is an aware datetime. CSV parts can be joined to one
    file; the first of them has the header. A Parquet part is a file of its own.
    """

    def __init__(self, format: Format, columns: Sequence[tuple[str, str]], *, is_first: bool) -> None:
        self.rows = 0
        self._schema = {name: TYPES[kind] for name, kind in columns}
        self._is_csv = format == "csv"
        self._text = io.BytesIO()
        self._frames: list[pl.DataFrame] = []
        self._size = 0
        if self._is_csv and is_first:
            self._text.write(BOM)
            self._write(pl.DataFrame(schema=self._schema), header=True)

    @property
    def size(self) -> int:
        """The bytes of its CSV so far, or of the memory that its rows take if it is Parquet."""
        return self._text.tell() if self._is_csv else self._size

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows, whose values are in the order of the columns."""
        frame = pl.DataFrame(rows, schema=self._schema, orient="row", strict=True)
        self.rows += len(rows)
        if self._is_csv:
            self._write(frame)
        else:
            self._size += int(frame.estimated_size())
            self._frames.append(frame)

    def content(self) -> bytes:
        """The bytes of the part."""
        if self._is_csv:
            return self._text.getvalue()
        file = io.BytesIO()
        frame = pl.concat(self._frames) if self._frames else pl.DataFrame(schema=self._schema)
        frame.write_parquet(file, compression="zstd", statistics=True)
        return file.getvalue()

    def _write(self, frame: pl.DataFrame, *, header: bool = False) -> None:
        self._text.write(csv(frame, header=header))


def csv(frame: pl.DataFrame, *, header: bool) -> bytes:
    """A table as CSV, in which no text is a formula to a spreadsheet."""
    guarded = frame.with_columns(
        pl.when(pl.col(pl.String).str.head(1).is_in(list(FORMULA_STARTS)))
        .then(pl.lit("'") + pl.col(pl.String))
        .otherwise(pl.col(pl.String))
        .name.keep()
    )
    text = io.BytesIO()
    guarded.write_csv(text, include_header=header, line_terminator="\r\n", datetime_format=TIME_IN_CSV)
    return text.getvalue()
