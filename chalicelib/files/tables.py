"""Tables on their way from one step of an import to the next, as Arrow IPC files."""

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import polars as pl

from chalicelib.files.options import FileError

Table = pl.DataFrame
SAMPLE = 10_000  # rows


def beginning(path: str | Path) -> tuple[Mapping[str, pl.DataType], Table]:
    """The schema of a Parquet file, and its first rows. Raises FileError."""
    try:
        sample = pl.scan_parquet(path).head(SAMPLE).collect()
    except pl.exceptions.PolarsError as error:
        raise _not_parquet(error) from None
    return sample.schema, sample


def blocks(path: str | Path, rows: int) -> Iterator[tuple[int, bytes]]:
    """A Parquet file in blocks of rows: for each the number of its first row, from 1, and the block as `packed`.

    Raises FileError.
    """
    try:
        table = pl.scan_parquet(path)
        count = table.select(pl.len()).collect().item()
        for first in range(0, count, rows):
            yield first + 1, packed(table.slice(first, rows).collect(engine="streaming"))
    except pl.exceptions.PolarsError as error:
        raise _not_parquet(error) from None


def packed(table: Table) -> bytes:
    """A table as bytes."""
    body = io.BytesIO()
    table.write_ipc(body, compression="lz4")
    return body.getvalue()


def unpacked(body: bytes) -> Table:
    """The inverse of `packed`."""
    return pl.read_ipc(io.BytesIO(body))


def together(tables: Iterable[Table]) -> Table:
    """The rows of several tables with the same columns, of which there is at least one."""
    return pl.concat(tables, how="vertical_relaxed")


def _not_parquet(error: Exception) -> FileError:
    return FileError(f"The file is not a valid Parquet file: {error}")
