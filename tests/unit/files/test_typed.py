"""Parquet files to rows."""

import io
from datetime import UTC, date, datetime

import polars as pl
import pytest

from chalicelib.files.options import Options
from chalicelib.files.parsing import parse_parquet
from chalicelib.files.recognition import recognize_parquet
from chalicelib.instants import microseconds


def test_parquet_gives_what_csv_gives() -> None:
    table = pl.DataFrame(
        {
            "meter_id": ["M1", "M1", None, "M2", " "],
            "start": [datetime(2016, 1, 5, hour) for hour in range(5)],
            "value": [1.5, float("nan"), 1.0, float("inf"), 2.0],
            "estimated": [True, False, None, None, None],
        }
    )
    file = io.BytesIO()
    table.write_parquet(file)
    layout = recognize_parquet(table.schema, Options("trace_records", "parquet"))
    found = parse_parquet(file.getvalue(), layout)
    assert found.rows.select("line", "key", "local", "value", "estimated").rows() == [
        (1, "M1", datetime(2016, 1, 5), 1.5, True),
        (2, "M1", datetime(2016, 1, 5, 1), None, False),
    ]
    assert found.rejected["line"].to_list() == [3, 4, 5]
    assert found.read == 5
    assert parse_parquet(table, layout, 11).rows["line"].to_list() == [11, 12]


@pytest.mark.parametrize(
    ("start", "local", "instant", "date_only"),
    [
        (pl.Series([date(2016, 1, 5)]), datetime(2016, 1, 5), None, True),
        (pl.Series([datetime(2016, 1, 5, 1)]), datetime(2016, 1, 5, 1), None, False),
        (pl.Series([datetime(2016, 1, 5, 1)]).dt.cast_time_unit("ns"), datetime(2016, 1, 5, 1), None, False),
        (
            pl.Series([datetime(2016, 1, 5, 1)]).dt.replace_time_zone("Europe/Paris"),
            None,
            datetime(2016, 1, 5, tzinfo=UTC),
            False,
        ),
        (pl.Series(["2016-01-05T00:00:00Z"]), None, datetime(2016, 1, 5, tzinfo=UTC), False),
    ],
)
@pytest.mark.parametrize(
    "value",
    [pl.Series([2]), pl.Series([2.0], dtype=pl.Float32), pl.Series(["2"]), pl.Series([2], dtype=pl.Decimal(9, 3))],
)
def test_types_of_parquet_columns(
    start: pl.Series, local: datetime | None, instant: datetime | None, date_only: bool, value: pl.Series
) -> None:
    table = pl.DataFrame({"trace": pl.Series([17.0]), "start": start, "value": value})
    layout = recognize_parquet(table.schema, Options("trace_records", "parquet"), table)
    row = parse_parquet(table, layout).rows.row(0, named=True)
    assert (row["key"], row["local"], row["value"], row["date_only"]) == ("17", local, 2.0, date_only)
    assert row["instant"] == (None if instant is None else microseconds(instant))
