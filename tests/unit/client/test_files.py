"""What a file holds is recognized from its name and its first lines."""

import gzip
from pathlib import Path

import pytest

from datastore_client.files import Recognized, UnknownContent, found, recognized
from infra.sources import REPOSITORY

PORTFOLIO = REPOSITORY / "docs" / "examples" / "portfolio"


@pytest.mark.parametrize(
    ("name", "kind"), [("projects.csv", "projects"), ("meters.csv", "traces"), ("bills.csv", "trace_records")]
)
def test_the_files_of_the_example_are_recognized(name: str, kind: str) -> None:
    assert recognized(PORTFOLIO / name) == Recognized(kind, "csv")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Account,Start Date,End Date,Days,Usage (CCF),Read Type", "trace_records"),
        ("trace_id;start;value", "trace_records"),
        ("trace;start;value;estimated;unit", "trace_records"),
        ("Meter ID\tReading Time\tkWh", "trace_records"),
        ("TYPE,DATE,START TIME,END TIME,USAGE (kWh),COST,NOTES", "trace_records"),
        ("Meter,Date,00:00,00:30,01:00", "trace_records"),
        ("station,start,temperature", "weather_records"),
        ("station,dataset,start,value", "weather_records"),
        ("project_id,zipcode,program", "projects"),
        ("Project ID,Installation start,Installation end", "projects"),
        ("trace_id,interpretation,unit,project_id", "traces"),
        ("Meter number,Fuel,Site ID", "traces"),
        ("trace_id,project_id", "traces"),
    ],
)
def test_columns_say_what_a_file_holds(tmp_path: Path, header: str, kind: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f"\ufeff{header}\n1,2,3\n")
    assert recognized(path).kind == kind


def test_a_column_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("Konto,Ab,Menge\n")
    with pytest.raises(UnknownContent, match=r"Konto, Ab, Menge.*--kind.*--column"):
        recognized(path)
    assert recognized(path, columns={"start": "Ab", "value": "Menge"}).kind == "trace_records"
    assert recognized(path, kind="projects").kind == "projects"


def test_other_formats_are_recognized(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"trace_id,start,value\n"))
    (tmp_path / "b.XML").write_text("<feed/>")
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    (tmp_path / "d.csv").write_text('724390,"SPRINGFIELD",IL\nDate (MM/DD/YYYY),Time (HH:MM),ETR (W/m^2)\n')
    (tmp_path / "e.csv").write_bytes("trace_id,start,value\n".encode("utf-16"))
    assert recognized(tmp_path / "a.csv.gz") == Recognized("trace_records", "csv.gz")
    assert recognized(tmp_path / "b.XML") == Recognized("trace_records", "espi")
    assert recognized(tmp_path / "d.csv") == Recognized("tmy3", "csv")
    assert recognized(tmp_path / "e.csv") == Recognized("trace_records", "csv")
    assert recognized(tmp_path / "c.parquet", kind="traces") == Recognized("traces", "parquet")
    with pytest.raises(UnknownContent, match="Parquet"):
        recognized(tmp_path / "c.parquet")


def test_directories_stand_for_the_files_in_them(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "notes.md"):
        (tmp_path / name).touch()
    (tmp_path / "inside").mkdir()
    assert found([tmp_path, tmp_path / "a.csv"]) == [tmp_path / "a.csv", tmp_path / "b.csv"]
    with pytest.raises(UnknownContent, match="inside"):
        found([tmp_path / "inside"])
