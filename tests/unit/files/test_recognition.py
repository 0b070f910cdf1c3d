"""The layout of files as utilities and other programs write them."""

import json
from typing import Any

import polars as pl
import pytest

from chalicelib.files.layout import Layout
from chalicelib.files.options import FileError, Kind, Options
from chalicelib.files.recognition import SAMPLE, recognize, recognize_parquet

DAY = "1/13/2016"


def layout(text: str, kind: Kind = "trace_records", encoding: str = "utf-8", **options: Any) -> Layout:
    return recognize(text.encode(encoding), Options(kind, **options))


def roles(found: Layout) -> dict[str, str]:
    return {role: found.names[position] for role, position in found.columns.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trace_id,start,value,estimated\n", {name: name for name in ("trace_id", "start", "value", "estimated")}),
        ("trace,start,value\n", {"trace": "trace", "start": "start", "value": "value"}),
        ("id,trace,start,value\n", {"trace": "trace", "start": "start", "value": "value"}),
        ("meter_id,read_datetime,kwh\n", {"trace_id": "meter_id", "start": "read_datetime", "value": "kwh"}),
        ("MPAN,Timestamp,kWh\n", {"trace_id": "MPAN", "start": "Timestamp", "value": "kWh"}),
        (
            "Account,Start Date,End Date,Usage (CCF),Read Type\n",
            {"trace_id": "Account", "start": "Start Date", "end": "End Date",
             "value": "Usage (CCF)", "estimated": "Read Type"},
        ),
        (
            "Property Id,Portfolio Manager Meter ID,Meter Name,Start Date,End Date,Delivery Date,Usage/Quantity,"
            "Usage Units,Cost ($),Estimation\n",
            {
                "trace_id": "Portfolio Manager Meter ID", "start": "Start Date", "end": "End Date",
                "value": "Usage/Quantity", "unit": "Usage Units", "estimated": "Estimation",
            },
        ),
        (
            "Meter Number,Date,Start Time,Duration,Consumption,Generation,Net\n",
            {"trace_id": "Meter Number", "start": "Date", "time": "Start Time", "value": "Consumption"},
        ),
        (
            "ESIID,USAGE_DATE,REVISION_DATE,USAGE_START_TIME,USAGE_END_TIME,USAGE_KWH,ESTIMATED_ACTUAL\n",
            {
                "trace_id": "ESIID", "start": "USAGE_DATE", "time": "USAGE_START_TIME", "end_time": "USAGE_END_TIME",
                "value": "USAGE_KWH", "estimated": "ESTIMATED_ACTUAL",
            },
        ),
        (
            "Zählpunkt;Datum;Uhrzeit;Verbrauch (kWh)\n",
            {"trace_id": "Zählpunkt", "start": "Datum", "time": "Uhrzeit", "value": "Verbrauch (kWh)"},
        ),
    ],
)  # fmt: skip
def test_columns_are_recognized_by_their_names(text: str, expected: dict[str, str]) -> None:
    assert roles(layout(text)) == expected


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("Usage (CCF)", "CCF"),
        ("kWh", "kWh"),
        ("Energy (kWh)", "kWh"),
        ("usage_kwh", "kwh"),
        ("Usage [therms]", "therms"),
        ("value", None),
    ],
)
def test_the_unit_in_a_header(header: str, unit: str | None) -> None:
    assert layout(f"id,start,{header}\n").unit == unit
    assert layout(f"id,start,{header}\n", unit="MWh").unit == "MWh"


def test_lines_above_the_header_are_skipped() -> None:
    text = (
        'Name,JOE DOE\nAddress,"1 MAIN ST\nOAKLAND CA"\nAccount Number,1\nService,Service 1\n\n'
        "TYPE,DATE,START TIME,END TIME,USAGE,UNITS,COST,NOTES\nElectric usage,2016-01-05,00:00,00:59,0.37,kWh,$0.05,\n"
    )
    found = layout(text, trace_id="M1")
    assert found.header_lines == 7
    assert text.encode()[found.header_bytes :].startswith(b"Electric usage")
    assert roles(found) == {
        "start": "DATE",
        "time": "START TIME",
        "end_time": "END TIME",
        "value": "USAGE",
        "unit": "UNITS",
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_delimiters_and_encodings(delimiter: str, encoding: str) -> None:
    rows = [["Zähler", "start", "value"], ["é1", "2016-01-05", "1"]]
    text = (
        "\r\n".join(delimiter.join(["Zählernummer" if cell == "Zähler" else cell for cell in row]) for row in rows)
        + "\r\n"
    )
    body = text.encode(encoding)
    found = recognize(body, Options("trace_records"))
    assert found.delimiter == delimiter
    assert body[found.header_bytes :].decode(found.encoding).startswith("é1")
    assert found.header_lines == 1


def test_a_mapping_wins() -> None:
    found = layout("meter,other,start,value\n", columns={"trace_id": "Other"})
    assert roles(found)["trace_id"] == "other"


def test_a_mapping_to_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(FileError, match='maps "value" to "usage", but the file\'s columns are "meter", "start", "kWh"'):
        layout("meter,start,kWh\n", columns={"value": "usage"})
    with pytest.raises(FileError, match='maps "values", which is not a column of trace_records'):
        layout("meter,start,kWh\n", columns={"values": "kWh"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("  \n \n", "empty"),
        (
            "a,b\n1,2\n",
            'no column for trace_id or trace and none for start and none for value. The columns in line 1 are "a", "b"',
        ),
        ("meter,start,x\n", "no column for value"),
        ("meter,end,kWh\n", "only the ends"),
        ("Account,Read Date,Days,Usage\n", 'only the ends of readings, "Read Date"'),
        ("meter,start,kWh\rM1,2016-01-05,1\r", "CR alone"),
        ("meter,start,kWh\nM1,01/02/2016,1\n", "date_format"),
        ("meter;start;kWh\nM1;2016-01-05;1,234\n", '"decimal"'),
        ("meter,start,kWh\nM1,42370,1\n", "no dates that can be recognized"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(FileError, match=message):
        layout(text)


def test_another_encoding_than_given_is_refused() -> None:
    with pytest.raises(FileError, match="Line 2 is not utf-8"):
        recognize("meter,start,kWh\né,2016-01-05,1\n".encode("latin-1"), Options("trace_records", encoding="utf-8"))
    with pytest.raises(FileError, match="utf-99"):
        recognize(b"meter,start,kWh\n", Options("trace_records", encoding="utf-99"))


def test_options_replace_columns() -> None:
    assert layout("start,kWh\n2016-01-05,1\n", trace_id="M1").trace_id == "M1"
    assert layout("time,temp_c\n2016-01-05,1\n", "weather_records", station="724390").unit == "C"


def test_a_row_that_the_sample_cuts_is_left_out() -> None:
    text = "meter,start,kWh\n" + "M1,2016-01-05 00:00,1.5\n" * 20_000
    cut = text.encode()[: SAMPLE - 8] + b"1,13/13/2016"[:8]
    assert recognize(cut, Options("trace_records")).order == "ymd"


def test_hours_from_1_to_24() -> None:
    hours = "".join(f"M1,2016-01-05,{hour},1\n" for hour in range(1, 25))
    assert layout(f"meter,date,hour,kWh\n{hours}").hour_ending
    assert not layout("meter,date,hour,kWh\nM1,2016-01-05,0,1\nM1,2016-01-05,23,1\n").hour_ending


def test_a_layout_is_the_same_after_json() -> None:
    headers = ",".join(f"HR{hour}" for hour in range(1, 25))
    for found in (layout(f"meter,date,{headers}\n"), layout("meter,start,kWh\n", timezone="UTC")):
        assert Layout.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_parquet() -> None:
    schema = {"meter_id": pl.String(), "timestamp": pl.Datetime("ns", "UTC"), "kwh": pl.Float32()}
    found = recognize_parquet(schema, Options("trace_records", "parquet"))
    assert roles(found) == {"trace_id": "meter_id", "start": "timestamp", "value": "kwh"}
    assert found.unit == "kwh"
    sample = pl.DataFrame({"id": ["M1"], "start": ["13.01.2016"], "value": ["1,5"]})
    found = recognize_parquet(sample.schema, Options("trace_records", "parquet"), sample)
    assert (found.order, found.decimal) == ("dmy", ",")
    with pytest.raises(FileError, match="no column for value"):
        recognize_parquet({"id": pl.String(), "start": pl.Date()}, Options("trace_records", "parquet"))
