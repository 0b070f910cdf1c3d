"""Projects and traces."""

import io
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from chalicelib.api.schemas.projects import ProjectIn
from chalicelib.api.schemas.traces import TraceIn
from chalicelib.files.objects import fields
from chalicelib.files.options import Kind, Options
from chalicelib.files.parsed import Parsed
from chalicelib.files.parsing import parse, parse_parquet
from chalicelib.files.recognition import recognize, recognize_parquet


def read(text: str, kind: Kind, **options: Any) -> tuple[list[dict[str, Any]], Parsed]:
    body = text.encode()
    layout = recognize(body, Options(kind, **options))
    found = parse(body[layout.header_bytes :], layout, layout.header_lines + 1)
    return [given for _, _, given in fields(found.rows, layout)], found


def test_a_project_with_everything() -> None:
    given, _ = read(
        "Project ID,baseline_period_start,Baseline Period End,reporting-period-start,reporting_period_end,ZIP,"
        "weather station,weather_normal_station,timezone,program,floor area,leed,code,note\n"
        "P1,1/31/2015,2/1/2016 00:00,2016-03-01T00:00:00-06:00,,2139,725090,,America/New_York,"
        "retrofit,1800,TRUE,007,\n",
        "projects",
    )
    assert given == [
        {
            "project_id": "P1",
            "baseline_period_start": "2015-01-31",
            "baseline_period_end": "2016-02-01",
            "reporting_period_start": "2016-03-01T06:00:00.000000Z",
            "zipcode": "02139",
            "weather_station": "725090",
            "timezone": "America/New_York",
            "metadata": {"program": "retrofit", "floor area": 1800, "leed": True, "code": "007"},
        }
    ]
    ProjectIn.model_validate(given[0])


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1.5", 1.5), ("-3", -3), ("0", 0), ("false", False), ("yes", "yes"), ("1e5", "1e5"),
        ("12345678901234567", "12345678901234567"),
        ("007", "007"), ("x", "x"),
    ],
)  # fmt: skip
def test_metadata_keep_their_type(cell: str, value: Any) -> None:
    given, _ = read(f"project_id,note\nP1,{cell}\n", "projects")
    assert given[0]["metadata"] == {"note": value}
    assert type(given[0]["metadata"]["note"]) is type(value)


def test_metadata_with_decimal_commas_and_columns_with_one_name() -> None:
    given, _ = read("project_id;area;area;\nP1;1,5;2;3\n", "projects", decimal=",")
    assert given[0]["metadata"] == {"area": 1.5, "area_2": 2}


def test_bad_projects_are_rejected() -> None:
    given, found = read(
        "project_id,baseline_period_end\nP1,2016-01-31\nP2,x\n,2016-01-31\nP3,2016-01-31 13:00\nP4,\n", "projects"
    )
    assert [one["project_id"] for one in given] == ["P1", "P4"]
    assert found.rejected.select("line", "column", "value").rows() == [
        (3, "baseline_period_end", "x"),
        (4, "project_id", ""),
        (5, "baseline_period_end", "2016-01-31 13:00"),
    ]
    assert found.read == 5


def test_traces() -> None:
    given, _ = read(
        "Meter ID,interpretation,unit,heat content,readings,zero is reading,project id\n"
        "M1,e_c_s,kWh,,Register,yes,P1; P2\nM2,Natural Gas,ccf (hundred cubic feet),1.036,,,\n",
        "traces",
    )
    assert given == [
        {
            "trace_id": "M1",
            "interpretation": "E_C_S",
            "unit": "kWh",
            "readings": "register",
            "zero_is_reading": True,
            "project_id": ["P1", "P2"],
        },
        {"trace_id": "M2", "interpretation": "NG_C_S", "unit": "ccf", "heat_content": 1.036},
    ]
    TraceIn.model_validate(given[1])


def test_traces_with_ids_of_projects_and_options() -> None:
    given, found = read(
        "trace_id,projects,heat_content,zero_is_reading\nM1,17;18,,\nM2,P1,,\nM3,,x,\nM4,,,maybe\n",
        "traces",
        interpretation="E_C_S",
        unit="kWh",
    )
    assert given == [{"trace_id": "M1", "interpretation": "E_C_S", "unit": "kWh", "projects": [17, 18]}]
    TraceIn.model_validate(given[0])
    assert found.rejected["column"].to_list() == ["projects", "heat_content", "zero_is_reading"]


def test_parquet() -> None:
    table = pl.DataFrame(
        {
            "project_id": ["P1"], "baseline_period_end": [date(2016, 1, 31)],
            "reporting_period_start": [datetime(2016, 2, 1)],
            "zipcode": [2139], "area": [1.5], "floors": [3], "leed": [True], "code": ["7"], "built": [date(1990, 1, 1)],
            "tags": [["a"]],
        }
    )  # fmt: skip
    file = io.BytesIO()
    table.write_parquet(file)
    layout = recognize_parquet(table.schema, Options("projects", "parquet"))
    found = parse_parquet(file.getvalue(), layout)
    [(_, _, given)] = fields(found.rows, layout)
    assert given == {
        "project_id": "P1",
        "baseline_period_end": "2016-01-31",
        "reporting_period_start": "2016-02-01",
        "zipcode": "02139",
        "metadata": {"area": 1.5, "floors": 3, "leed": True, "code": "7", "built": "1990-01-01"},
    }
