"""Tables as CSV and Parquet, read back by other readers."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.csv_text import guarded
from chalicelib.files.writing import BOM, Part

COLUMNS = [("id", "integer"), ("name", "text"), ("value", "number"), ("is_new", "boolean"), ("added", "time")]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
ROWS = st.lists(
    st.tuples(
        st.integers(-(2**53), 2**53),
        TEXTS | st.none(),
        st.floats(allow_nan=False, allow_infinity=False) | st.none(),
        st.booleans() | st.none(),
        st.datetimes(datetime(1900, 1, 1), datetime(2199, 1, 1)).map(lambda one: one.replace(tzinfo=UTC)) | st.none(),
    ),
    max_size=20,
)


def written(format: Any, *parts: list[Any]) -> list[bytes]:
    contents = []
    for number, rows in enumerate(parts):
        part = Part(format, COLUMNS, is_first=number == 0)
        for row in rows:
            part.add([row])
        assert part.rows == len(rows)
        contents.append(part.content())
    return contents


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value.isoformat(timespec='microseconds').removesuffix('+00:00')}Z"
    return "" if value is None else guarded(value) if isinstance(value, str) else str(value)


@given(ROWS, ROWS)
def test_joined_parts_are_one_csv_file(first: list[Any], second: list[Any]) -> None:
    content = b"".join(written("csv", first, second))
    assert content.startswith(BOM)
    header, *read = csv.reader(io.StringIO(content.removeprefix(BOM).decode(), newline=""))
    assert header == [name for name, _ in COLUMNS]
    assert len(read) == len(first) + len(second)
    for row, given_row in zip(read, first + second, strict=True):
        *_, number, _, _ = row
        assert (float(number) if number else None) == given_row[2]
        row[2] = ""
        assert row == [shown(value) if place != 2 else "" for place, value in enumerate(given_row)]


@given(ROWS)
def test_parquet_keeps_types_and_values(rows: list[Any]) -> None:
    (content,) = written("parquet", rows)
    frame = pl.read_parquet(io.BytesIO(content))
    assert frame.rows() == rows
    assert [str(kind) for kind in frame.dtypes] == [
        "Int64",
        "String",
        "Float64",
        "Boolean",
        "Datetime(time_unit='us', time_zone='UTC')",
    ]


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(pl.exceptions.ComputeError):
        Part("parquet", COLUMNS, is_first=True).add([("one", None, None, None, None)])


def test_the_size_grows_with_the_rows() -> None:
    for format in ("csv", "parquet"):
        part = Part(format, COLUMNS, is_first=True)
        before = part.size
        part.add([(1, "a", 1.0, True, None)] * 1000)
        assert part.size > before + 1000
