"""Parts of files to rows."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.files.numbers import Decimal
from chalicelib.files.options import Kind, Options
from chalicelib.files.parsed import REJECTED, TRACE_RECORDS, WEATHER_RECORDS, Parsed
from chalicelib.files.parsing import parse
from chalicelib.files.recognition import recognize
from chalicelib.instants import microseconds

JANUARY = datetime(2016, 1, 1, tzinfo=UTC)
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="\ufffd"), min_size=1, max_size=8
).filter(lambda name: not name.startswith(("=", "'")))
VALUES = st.one_of(st.none(), st.integers(-(10**6), 10**6).map(lambda number: number / 1000))
RECORDS = st.lists(st.tuples(NAMES, st.integers(0, 10**6), VALUES), min_size=1, max_size=30)


def read(text: str, kind: Kind = "trace_records", encoding: str = "utf-8", **options: Any) -> Parsed:
    body = text.encode(encoding)
    layout = recognize(body, Options(kind, **options))
    return parse(body[layout.header_bytes :], layout, layout.header_lines + 1)


def rejected(text: str, **options: Any) -> list[tuple[Any, ...]]:
    return read(text, **options).rejected.rows()


@given(
    RECORDS,
    st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", ","), ("|", ".")]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.booleans(),
)
def test_any_table_is_read_as_it_was_written(
    records: list[tuple[str, int, float | None]],
    dialect: tuple[str, Decimal],
    quoting: Literal[0, 1, 2, 3],
    newline: str,
    encoding: str,
    mapped: bool,
) -> None:
    delimiter, decimal = dialect
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=newline)
    writer.writerow(["x" if mapped else "Meter ID", "note", "start", "value"])
    for name, minutes, value in records:
        start = (JANUARY + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        writer.writerow([name, f"two\nlines, {name}", start, "" if value is None else str(value).replace(".", decimal)])
    found = read(file.getvalue(), encoding=encoding, decimal=decimal, columns={"trace_id": "x"} if mapped else {})
    assert found.rejected.is_empty(), found.rejected
    assert found.read == len(records)
    assert found.rows.schema == TRACE_RECORDS
    assert found.rows["key"].to_list() == [name for name, _, _ in records]
    assert found.rows["instant"].to_list() == [microseconds(JANUARY + timedelta(minutes=one)) for _, one, _ in records]
    assert found.rows["value"].to_list() == [value for _, _, value in records]
    assert found.rows["line"].to_list() == [2 + 2 * index for index in range(len(records))]


ROWS = st.sampled_from(
    [
        "M1,2016-01-05T00:00:00Z,1.5,Actual", "M1,2016-01-05 01:00,2,Estimated",
        'M2,"2016-01-05","1,234.5",', "M2,2016-01-05,x,",
        "", ",,,", "M3,13/13/2016,1,", 'M"3,2016-01-05,1,', '"M3,2016-01-05,1,', "M4,2016-01-05",
        "M4,2016-01-05,1,,,5", ",2016-01-05,1,A",
        "M5,5 Jan 2016,-,", "M\ufffd,2016-01-05,1,", '"a, ""b""",2016-01-05,1,A',
    ]
)  # fmt: skip


@given(st.lists(ROWS, max_size=20), st.integers(0, 20))
def test_a_file_that_is_split_at_a_row_gives_the_same_rows(rows: list[str], split: int) -> None:
    head = "meter,start,kWh,Read Type\n"
    layout = recognize(f"{head}M0,2016-01-05,1,A\n".encode(), Options("trace_records"))

    def of(part: list[str], line: int) -> Parsed:
        return parse("".join(f"{row}\n" for row in part).encode(), layout, line)

    whole, first, second = of(rows, 2), of(rows[:split], 2), of(rows[split:], 2 + len(rows[:split]))
    if sum(row.count('"') % 2 for row in rows) == 0:  # two lines with an open quote may be one row over both
        assert pl.concat([first.rows, second.rows]).equals(whole.rows)
        assert pl.concat([first.rejected, second.rejected]).equals(whole.rejected)
        assert first.read + second.read == whole.read
    assert whole.read == len(whole.rows) + len(whole.rejected)
    assert whole.rejected.schema == REJECTED
    assert not set(whole.rows["line"]) & set(whole.rejected["line"])


@given(
    st.sampled_from([24, 48, 96]),
    st.lists(st.tuples(st.sampled_from(["M1", "M2"]), st.integers(0, 300)), min_size=1, max_size=4, unique=True),
    st.data(),
)
def test_a_wide_table_is_the_same_as_a_long_one(count: int, days: list[tuple[str, int]], data: st.DataObject) -> None:
    values = [data.draw(st.lists(st.integers(0, 99), min_size=count, max_size=count)) for _ in days]
    wide = "meter,date," + ",".join(f"HR{number}" for number in range(1, count + 1)) + "\n"
    long = "meter,start,value\n"
    for (key, day), readings in zip(days, values, strict=True):
        first = datetime(2016, 1, 1) + timedelta(days=day)
        wide += f"{key},{first:%Y-%m-%d}," + ",".join(map(str, readings)) + "\n"
        for step, reading in enumerate(readings):
            long += f"{key},{first + timedelta(minutes=1440 // count * step):%Y-%m-%d %H:%M},{reading}\n"
    one, other = read(wide), read(long)
    assert one.rows.drop("line").equals(other.rows.drop("line"))
    assert one.read == other.read == len(days) * count


def test_wide_tables_with_columns_for_a_25th_hour_are_in_the_order_of_time() -> None:
    header = "meter,date," + ",".join(f"HR{number}" for number in range(1, 26)) + "\n"
    found = read(f"{header}M1,2016-11-06," + ",".join(["1"] * 25) + "\nM1,2016-11-07," + ",".join(["2"] * 24) + ",\n")
    assert found.rows["elapsed"].to_list() == [step * 3_600_000_000 for step in range(25)] * 2
    assert found.rows["local"].unique().to_list() == [datetime(2016, 11, 6), datetime(2016, 11, 7)]


def test_a_wide_day_whose_last_hour_is_blank_is_in_the_order_of_time_and_others_are_not() -> None:
    header = "meter,date," + ",".join(f"HR{number}" for number in range(1, 25)) + "\n"
    short, skipped = ["1"] * 23 + [""], ["1", "1", ""] + ["1"] * 21
    found = read(f"{header}M1,2016-03-13,{','.join(short)}\nM1,2016-03-13,{','.join(skipped)}\n").rows
    assert found.filter(line=2)["elapsed"].null_count() == 0
    assert found.filter(line=3)["elapsed"].null_count() == 24


def test_a_cell_of_a_wide_table_that_is_no_number_is_rejected_alone() -> None:
    header = "meter,date," + ",".join(f"HR{number}" for number in range(1, 25)) + "\n"
    found = read(f"{header}M1,2016-03-13,1,x,{','.join(['1'] * 22)}\n")
    assert len(found.rows) == 23
    assert found.rejected.rows()[0][:3] == (2, "HR2", "x")
    assert found.read == 24


def test_bad_rows_are_rejected_with_line_column_value_and_reason() -> None:
    found = rejected(
        "meter,start,kWh\n"
        "M1,2016-01-05,x\n"
        ",2016-01-05,1\n"
        "M1,,1\n"
        "\n"
        "M1,2016-02-30,1\n"
        "M1,2016-01-05,1,234\n"
        "M1,2016-01-06,1\n"
    )
    assert [row[:3] for row in found] == [
        (2, "kWh", "x"),
        (3, "meter", ""),
        (4, "start", ""),
        (6, "start", "2016-02-30"),
        (7, "", "234"),
    ]
    assert all(reason.endswith(".") for *_, reason in found)


def test_a_quote_that_is_not_closed_rejects_its_row_only() -> None:
    found = read('meter,start,kWh\nM1,2016-01-05,1\n"M2,2016-01-05,2\nM3,2016-01-05,3\nM4,"2016-01-05",4\n')
    assert found.rows["key"].to_list() == ["M1", "M3", "M4"]
    assert found.rows["line"].to_list() == [2, 4, 5]
    assert found.rejected["line"].to_list() == [3]
    assert found.read == 4


def test_a_row_in_another_encoding_is_rejected() -> None:
    layout = recognize(b"meter,start,kWh\nM1,2016-01-05,1\n", Options("trace_records"))
    found = parse(b"M1,2016-01-05,1\nM\xe9,2016-01-05,1\n", layout, 2)
    assert found.rejected["line"].to_list() == [3]
    assert "encoding" in found.rejected["reason"][0]


def test_date_and_time_in_two_columns() -> None:
    found = read(
        "meter,date,start time,end time,kWh\nM1,1/13/2016,11:00 PM,12:00 AM,1\nM1,1/14/2016 0:00,0:00,1:00,2\n"
    ).rows
    assert found["local"].to_list() == [datetime(2016, 1, 13, 23), datetime(2016, 1, 14)]
    assert found["end_local"].to_list() == [datetime(2016, 1, 14), datetime(2016, 1, 14, 1)]


def test_hours_from_1_to_24_are_those_that_end() -> None:
    hours = "".join(f"M1,2016-01-05,{hour},1\n" for hour in range(1, 25))
    found = read(f"meter,date,hour,kWh\n{hours}").rows["local"].to_list()
    assert found == [datetime(2016, 1, 5, hour) for hour in range(24)]


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("estimated", ["true", "false"]),
        ("Estimation", ["Yes", "No"]),
        ("Read Type", ["Estimated", "Actual"]),
        ("Read Type", ["E", "A"]),
        ("estimate", ["1", ""]),
    ],
)
def test_estimates(header: str, cells: list[str]) -> None:
    rows = "".join(f"M1,2016-01-0{number},1,{cell}\n" for number, cell in enumerate(cells, 1))
    assert read(f"meter,start,kWh,{header}\n{rows}").rows["estimated"].to_list() == [True, False]


def test_units_as_portfolio_manager_writes_them() -> None:
    units = [
        "kWh (thousand Watt-hours)",
        "ccf (hundred cubic feet)",
        "MCF(million cubic feet)",
        "MBtu/MMBtu (million Btu)",
        "therms",
        "",
        "gallons",
    ]
    rows = "".join(f"1,2016-01-05,1,{unit}\n" for unit in units)
    found = read(f"Portfolio Manager Meter ID,Start Date,Usage/Quantity,Usage Units\n{rows}").rows["unit"].to_list()
    assert found == ["kWh", "ccf", "million cubic feet", "MMBtu", "therms", None, "gallons"]


def test_ids_keep_their_zeros_and_lose_the_marks_of_spreadsheets() -> None:
    found = read(
        'meter,start,kWh\n007,2016-01-05,1\n="008",2016-01-05,1\n"=""009""",2016-01-05,1\n\'=A1,2016-01-05,1\n'
    )
    assert found.rows["key"].to_list() == ["007", "008", "009", "=A1"]


def test_a_datastore_id_has_digits_only() -> None:
    found = read("trace,start,value\n17,2016-01-05,1\nM1,2016-01-05,1\n")
    assert found.rows.select("key", "by_id").rows() == [("17", True)]
    assert "Give your own ids as trace_id" in found.rejected["reason"][0]


def test_weather() -> None:
    found = read(
        "station,start,Temp (C)\n724390,2016-01-05T00:00:00Z,1.5\n10010,2016-01-05T01:00:00Z,\n,2016-01-05,1\n",
        "weather_records",
    )
    assert found.rows.schema == WEATHER_RECORDS
    assert found.rows.select("key", "dataset", "value", "unit").rows() == [
        ("724390", "observed", 1.5, "C"),
        ("010010", "observed", None, "C"),
    ]
    found = read(
        "start,temperature,unit,dataset\n2016-01-05,20,°C,Normal\n2016-01-05,20,K,normal\n",
        "weather_records",
        station="724390",
    )
    assert found.rows.select("dataset", "unit").rows() == [("normal", "C")]
    assert found.rejected["column"].to_list() == ["unit"]


def test_an_empty_part_has_no_rows() -> None:
    layout = recognize(b"meter,start,kWh\n", Options("trace_records"))
    found = parse(b"", layout, 2)
    assert (found.read, len(found.rows), len(found.rejected)) == (0, 0, 0)
    assert found.rows.schema == TRACE_RECORDS
