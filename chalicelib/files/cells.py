"""The rows of a CSV body as a table of texts."""

import csv
import io
from typing import NamedTuple

import polars as pl

from chalicelib.files.layout import Layout
from chalicelib.files.parsed import no_rejected

_EXTRA = "extra"  # the first cell beyond the header
_SHOWN = 100  # characters of a rejected row


class Cells(NamedTuple):
    """The cells of the columns that a layout uses, as texts without blanks around them; null if blank.

    table: `line`, and a column per used position, named by `name`. rejected: rows that cannot be split into cells.
    """

    table: pl.DataFrame
    rejected: pl.DataFrame


def name(position: int) -> str:
    """The name of the column at a position of the file."""
    return f"c{position}"


def cells(body: bytes, layout: Layout, first_line: int, used: list[int]) -> Cells:
    """The used cells of whole rows; blank rows are left out, and rows with more cells than the header are rejected."""
    if layout.encoding not in ("utf-8", "ascii"):
        body = body.decode(layout.encoding, "replace").encode()
    names = [name(position) for position in range(len(layout.names))]
    read = [name(position) for position in sorted(set(used))]
    quoted = b'"' in body
    try:
        scan = pl.scan_csv(
            io.BytesIO(body),
            has_header=False,
            schema=dict.fromkeys((*names, _EXTRA), pl.String),
            separator=layout.delimiter,
            encoding="utf8-lossy",
            extra_columns="ignore",
            missing_columns="insert",
            glob=False,
        )
        table = (scan if quoted else scan.select(*read, _EXTRA)).collect()
    except pl.exceptions.PolarsError:
        return _clean(*_line_by_line(body, layout, first_line, names), read)
    lines = pl.select(pl.int_range(first_line, first_line + table.height, dtype=pl.Int64)).to_series()
    if quoted:
        breaks = table.select(
            pl.sum_horizontal(
                pl.col(column).str.count_matches("\n", literal=True).fill_null(0) for column in table.columns
            ).cast(pl.Int64)
        ).to_series()
        if table.height + breaks.sum() < body.rstrip(b"\r\n").count(b"\n"):  # quotes that are not closed hid rows
            return _clean(*_line_by_line(body, layout, first_line, names), read)
        lines = lines + breaks.cum_sum().shift(1, fill_value=0)
    return _clean(table.with_columns(line=lines), no_rejected(), read)


def _clean(table: pl.DataFrame, rejected: pl.DataFrame, read: list[str]) -> Cells:
    texts = table.select("line", _EXTRA, *(_stripped(column) for column in read))
    texts = texts.filter(pl.any_horizontal(pl.col(column).is_not_null() for column in (*read, _EXTRA)))
    long = pl.col(_EXTRA).is_not_null() & (pl.col(_EXTRA).str.strip_chars() != "")
    wrong = texts.filter(long).select(
        "line",
        column=pl.lit(""),
        value=pl.col(_EXTRA).str.slice(0, _SHOWN),
        reason=pl.lit(
            "The row has more cells than the header. Put cells that contain the delimiter, such as 1,234.5, in double "
            "quotes."
        ),
    )
    lossy = pl.any_horizontal(pl.col(column).str.contains("\ufffd", literal=True) for column in read).fill_null(False)
    garbled = texts.filter(~long & lossy).select(
        "line",
        column=pl.lit(""),
        value=pl.lit("\ufffd"),
        reason=pl.lit("The row is not in the file's encoding. Save the file as UTF-8, or give its encoding."),
    )
    return Cells(texts.filter(~long & ~lossy).drop(_EXTRA), pl.concat([rejected, wrong, garbled]))


def _stripped(column: str) -> pl.Expr:
    text = pl.col(column).str.strip_chars()
    return pl.when(text != "").then(text).alias(column)


def _line_by_line(body: bytes, layout: Layout, first_line: int, names: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of a body with misplaced quotes; one with an odd number of them is over two lines, or else rejected."""
    rows: list[tuple[int, list[str]]] = []
    rejected: list[tuple[int, str, str, str]] = []
    open_line: tuple[int, str] | None = None
    width = len(names)

    def reject(line: int, text: str) -> None:
        reason = (
            "The row has a double quote that is not closed. Close it, or write a double quote within a cell as two."
        )
        rejected.append((line, "", text.strip()[:_SHOWN], reason))

    for line, text in enumerate(body.decode("utf-8", "replace").split("\n"), first_line):
        text = text.removesuffix("\r")
        if text.count('"') % 2 == 0:
            rows.append((line, _row(text, layout.delimiter)))
        elif open_line and len(joined := _row(f"{open_line[1]}\n{text}", layout.delimiter)) == width:
            rows = [row for row in rows if row[0] < open_line[0]] + [(open_line[0], joined)]
            open_line = None
        else:
            if open_line:
                reject(*open_line)
            open_line = (line, text)
    if open_line:
        reject(*open_line)
    columns = {
        column: pl.Series([row[position] if position < len(row) else None for _, row in rows], dtype=pl.String)
        for position, column in enumerate((*names, _EXTRA))
    }
    table = pl.DataFrame({"line": pl.Series([line for line, _ in rows], dtype=pl.Int64), **columns})
    return table, pl.DataFrame(rejected, schema=no_rejected().schema, orient="row")


def _row(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []
