"""What the readers of all formats return."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

LOCAL: pl.DataType = pl.Datetime("us")  # naive: the time of a clock, in a time zone that `times.resolve` is told

TRACE_RECORDS = pl.Schema(
    {
        "line": pl.Int64(),  # of the file, from 1, as a text editor shows; of Parquet: the row, from 1
        "key": pl.String(),  # the trace: its trace_id, or the digits of its datastore id
        "by_id": pl.Boolean(),  # whether `key` is a datastore id
        "local": LOCAL,  # the start without an offset; null: see `instant`
        "elapsed": pl.Int64(),  # microseconds after the instant of `local`; null: 0. See `wide`
        "instant": pl.Int64(),  # the start in microseconds since 1970 UTC, if it has an offset; else null
        "date_only": pl.Boolean(),  # whether the start is a bare date
        "end_local": LOCAL,  # as `local`, of the end; both null: no end is given
        "end_instant": pl.Int64(),
        "end_date_only": pl.Boolean(),
        "value": pl.Float64(),  # null: unknown
        "estimated": pl.Boolean(),
        "unit": pl.String(),  # as vocabulary.normalized_unit accepts it; null: the trace's posted unit
    }
)
WEATHER_RECORDS = pl.Schema(
    {
        "line": pl.Int64(),
        "key": pl.String(),  # the station
        "dataset": pl.String(),
        "local": LOCAL,
        "elapsed": pl.Int64(),
        "instant": pl.Int64(),
        "value": pl.Float64(),
        "unit": pl.String(),  # F or C
    }
)
REJECTED = pl.Schema({"line": pl.Int64(), "column": pl.String(), "value": pl.String(), "reason": pl.String()})


class Parsed(NamedTuple):
    """A part of a file.

    rows: with the columns TRACE_RECORDS or WEATHER_RECORDS, or, of projects and traces, what `objects.fields` reads.
    rejected: REJECTED, one per line; `reason` is a sentence that says how to fix it. read: the number of rows in the
    part, without blank lines; of wide tables, the number of readings.
    """

    rows: pl.DataFrame
    rejected: pl.DataFrame
    read: int


def rejected(rows: Sequence[tuple[int, str, str, str]]) -> pl.DataFrame:
    """A table of rejected rows: for each, the values of the columns of REJECTED."""
    return pl.DataFrame(rows, schema=REJECTED, orient="row")


def no_rejected() -> pl.DataFrame:
    """An empty table of rejected rows."""
    return pl.DataFrame(schema=REJECTED)
