"""Files that are uploaded and imported, over HTTP."""

import csv
import gzip
import io
import time
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
import requests

from chalicelib.store.uploads import uploads
from infra.local import portfolio
from tests.stack.client import Api
from tests.stack.names import unique

Upload = Callable[..., dict[str, Any]]
ZONE = "America/Chicago"


@pytest.fixture
def upload(api: Api) -> Upload:
    """Announces a file, sends it, and returns its upload when the import has ended."""

    def send(kind: str, content: bytes | str, **fields: Any) -> dict[str, Any]:
        body = content.encode() if isinstance(content, str) else content
        announced = api.post("uploads/", {"kind": kind, "size": len(body), **fields})
        sent = requests.put(announced["url"], body, timeout=60)
        assert sent.ok, sent.text
        return ended(api, announced["id"])

    return send


def ended(api: Api, id: int) -> dict[str, Any]:
    """An upload when its import has ended."""
    for _ in range(600):
        found: dict[str, Any] = api.get(f"uploads/{id}/")
        if found["status"] in ("SUCCESS", "FAILED"):
            return found
        time.sleep(0.2)
    raise AssertionError(f"the import of upload {id} has not ended: {found}")


def counts(found: dict[str, Any]) -> list[int]:
    """How many rows were read, created, updated, left unchanged, and rejected."""
    assert found["status"] == "SUCCESS", found["failure_message"]
    assert found["progress"] == 1
    return [found[name] for name in ("rows", "created", "updated", "unchanged", "rejected")]


def rejected(found: dict[str, Any]) -> dict[int, tuple[str, str]]:
    """The column and the reason of each rejected row, by line."""
    text = requests.get(found["rejected_rows"], timeout=60).content.decode()
    return {int(row["line"]): (row["column"], row["reason"]) for row in csv.DictReader(io.StringIO(text))}


@pytest.fixture
def meter(api: Api) -> dict[str, Any]:
    """A trace of electricity in Wh, of a project in Chicago."""
    project = api.post("projects/", {"project_id": unique(), "timezone": ZONE})
    body = {"trace_id": unique(), "interpretation": "E_C_S", "unit": "Wh", "projects": [project["id"]]}
    found: dict[str, Any] = api.post("traces/", body)
    return found


def records(api: Api, trace: dict[str, Any]) -> list[tuple[str, float | None, bool]]:
    """The stored records of a trace."""
    found = api.get(f"trace_records/?trace={trace['id']}&limit=1000")
    return [(one["start"][:16], one["value"], one["estimated"]) for one in found]


def test_projects_traces_and_bills_come_from_three_files(api: Api, upload: Upload) -> None:
    building, account = unique(), unique()
    projects = (
        "Project ID;Baseline period end;Reporting period start;ZIP;Timezone;Floor area\n"
        f"{building};26.12.2016;04.01.2017;02134;America/New_York;1800\n"
    )
    assert counts(upload("projects", projects)) == [1, 1, 0, 0, 0]
    (project,) = api.get(f"projects/?project_id={building}")
    assert project["baseline_period_end"] == "2016-12-26T05:00:00.000000Z"
    assert project["zipcode"] == "02134"
    assert project["metadata"] == {"Floor area": 1800}
    traces = f"trace_id,interpretation,unit,heat_content,project_id\n{account},NG_C_S,CCF,1.036,{building}\n"
    assert counts(upload("traces", traces)) == [1, 1, 0, 0, 0]
    (trace,) = api.get(f"traces/?trace_id={account}")
    assert trace["projects"] == [project["id"]]
    bills = (
        "Account,Start Date,End Date,Days,Usage (CCF),Read Type\n"
        f'{account},11/22/2015,12/24/2015,32,"1,123.1",Actual\n'
        f"{account},12/24/2015,01/25/2016,32,104.8,Estimated\n"
        f"{account},02/25/2016,03/25/2016,29,50,Actual\n"
    )
    for expected in ([3, 3, 0, 0, 0], [3, 0, 0, 3, 0]):  # the same file again changes nothing
        found = upload("trace_records", bills)
        assert counts(found) == expected
        assert "2016-01-25" in str(found["warnings"])  # the gap
    stored = records(api, trace)
    assert [start for start, _, _ in stored] == [
        f"{day}T05:00" for day in ("2015-11-22", "2015-12-24", "2016-01-25")
    ] + [
        "2016-02-25T05:00",
        "2016-03-25T04:00",
    ]
    assert [value for _, value, _ in stored] == [1123.1 * 1.036, 104.8 * 1.036, None, 50 * 1.036, None]
    assert [estimated for _, _, estimated in stored] == [False, True, False, False, False]


def test_a_bad_row_rejects_that_row_only(api: Api, upload: Upload, meter: dict[str, Any]) -> None:
    name = meter["trace_id"]
    content = (
        f"trace_id,start,value\n{name},2016-01-01T00:00:00Z,1000\n{name},2016-01-01T01:00:00Z,many\n"
        f"nobody,2016-01-01T00:00:00Z,1\n{name},2016-03-13 02:30:00,3000\n{name},2016-01-01T02:00:00Z,\n"
    )
    found = upload("trace_records", content)
    assert counts(found) == [5, 2, 0, 0, 3]
    assert records(api, meter) == [("2016-01-01T00:00", 1.0, False), ("2016-01-01T02:00", None, False)]
    reasons = rejected(found)
    assert {line: column for line, (column, _) in reasons.items()} == {3: "value", 4: "trace_id", 5: "start"}
    assert "There is no trace with the trace_id nobody" in reasons[4][1]
    corrected = content.replace("many", "2000").replace(",1000", ",1500")
    assert counts(upload("trace_records", corrected)) == [5, 1, 1, 1, 2]


def test_a_strict_upload_stores_all_or_nothing(api: Api, upload: Upload, meter: dict[str, Any]) -> None:
    good = f"trace_id,start,value\n{meter['trace_id']},2016-01-01T00:00:00Z,1000\n"
    found = upload("trace_records", good + "nobody,2016-01-01T00:00:00Z,1\n", strict=True)
    assert (found["status"], found["rejected"], found["created"]) == ("FAILED", 1, 0)
    assert "1 of 2 rows" in found["failure_message"]
    assert list(rejected(found)) == [3]
    assert records(api, meter) == []
    assert counts(upload("trace_records", good, strict=True)) == [1, 1, 0, 0, 0]


def test_the_repeated_hour_is_resolved_by_order_in_any_format(api: Api, upload: Upload, meter: dict[str, Any]) -> None:
    starts = ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"]
    rows = [(meter["trace_id"], f"2016-11-06 {start}", 1000.0 * index) for index, start in enumerate(starts)]
    content = "trace_id,start,value\n" + "".join(f"{key},{start},{value}\n" for key, start, value in rows)
    assert counts(upload("trace_records", content)) == [6, 6, 0, 0, 0]
    expected = ["05:30", "06:00", "06:30", "07:00", "07:30", "08:00"]
    assert [start[11:] for start, _, _ in records(api, meter)] == expected
    packed = gzip.compress(content.encode("utf-16"))
    assert counts(upload("trace_records", packed, name="readings.CSV.gz")) == [6, 0, 0, 6, 0]
    file = io.BytesIO()
    table = pl.DataFrame(rows, schema=["trace_id", "start", "value"], orient="row")
    table.with_columns(pl.col("start").str.to_datetime("%Y-%m-%d %H:%M")).write_parquet(file)
    assert counts(upload("trace_records", file.getvalue(), name="readings.parquet")) == [6, 0, 0, 6, 0]


def test_a_wide_table_is_the_same_as_a_long_one(api: Api, upload: Upload, meter: dict[str, Any]) -> None:
    header = ",".join(["Meter ID", "Date", *(f"HR{hour:02d}" for hour in range(1, 25))])
    values = ",".join(str(1000 * hour) for hour in range(24))
    found = upload("trace_records", f"{header}\n{meter['trace_id']},2016-07-01,{values}\n")
    assert counts(found) == [24, 24, 0, 0, 0]
    stored = records(api, meter)
    assert stored[0] == ("2016-07-01T05:00", 0.0, False)
    assert stored[-1] == ("2016-07-02T04:00", 23.0, False)


def test_a_large_file_is_imported_in_parts(api: Api, upload: Upload, meter: dict[str, Any]) -> None:
    other = api.post("traces/", {"trace_id": unique(), "interpretation": "E_C_S", "unit": "kWh"}, status=201)
    begin, count = 1_451_606_400, 400_000  # seconds since 1970; a reading a minute, by turns of each meter
    name = {0: meter["trace_id"], 1: other["trace_id"]}
    content = "trace_id,note,start,value\n" + "".join(
        f"{name[index % 2]},{'x' * 60},{begin + 60 * (index // 2)},{index % 7}\n" for index in range(count)
    )
    options = {"date_format": "%s"}
    assert len(content) > 32_000_000  # of a part
    assert counts(upload("trace_records", content, options=options)) == [count, count, 0, 0, 0]
    assert counts(upload("trace_records", content, options=options)) == [count, 0, 0, count, 0]
    assert records(api, other)[:2] == [("2016-01-01T00:00", 1.0, False), ("2016-01-01T00:01", 3.0, False)]


def test_temperatures_and_normal_years_are_imported(api: Api, upload: Upload) -> None:
    station = f"Z{time.time_ns() % 10**5:05d}"
    content = f"station,start,temperature,unit\n{station},2016-01-01 00:00,0,C\n{station},2016-01-01 01:00,999.9,C\n"
    assert counts(upload("weather_records", content)) == [2, 1, 0, 0, 1]
    found = api.get(f"weather_records/?station={station}")
    assert [(one["start"][:16], one["temperature"]) for one in found] == [("2016-01-01T00:00", 32.0)]


def test_what_cannot_be_read_says_why(upload: Upload) -> None:
    cases = {
        "no column": upload("trace_records", "foo,bar\n1,2\n"),
        "no rows": upload("projects", "project_id,timezone\n"),
        "gzip": upload("projects", b"project_id\nP1\n", format="csv.gz"),
        "Parquet": upload("projects", b"project_id\nP1\n", format="parquet"),
        "Green Button": upload("trace_records", "<feed>", format="espi"),
        "TMY3": upload("tmy3", "a,b\nc\n"),
        "date_format": upload("trace_records", "trace_id,start,value\nM,01/02/2016,1\n"),
    }
    for found in cases.values():
        assert found["status"] == "FAILED"
        assert found["rows"] == 0
    messages = {case: found["failure_message"] for case, found in cases.items()}
    assert '"foo", "bar"' in messages["no column"]
    assert "no rows" in messages["no rows"]
    assert "not a complete gzip file" in messages["gzip"]
    assert "not a valid Parquet file" in messages["Parquet"]
    assert "date_format" in messages["date_format"]
    assert all(messages.values())


def test_a_file_in_parts_waits_until_all_have_arrived(api: Api, meter: dict[str, Any]) -> None:
    count, note = 25, b"x" * 4_000_000
    content = b"trace_id,start,value,note\n" + b"".join(
        f"{meter['trace_id']},2016-01-{day:02d}T00:00:00Z,1000,".encode() + note + b"\n" for day in range(1, count + 1)
    )
    size = len(content)
    assert size > uploads.IN_PARTS_ABOVE
    found = api.post("uploads/", {"kind": "trace_records", "size": size})
    assert found["url"] is None
    assert [(part["start"], part["end"], part["uploaded"]) for part in found["parts"]] == [
        (0, 67_108_864, False),
        (67_108_864, size, False),
    ]
    path = f"uploads/{found['id']}/"
    assert "1, 2" in api.refused("POST", f"{path}complete/", 409)["detail"]
    for number, part in enumerate(found["parts"]):
        requests.put(part["url"], content[part["start"] : part["end"]], timeout=60).raise_for_status()
        assert [one["uploaded"] for one in api.get(path)["parts"]] == [True, number == 1]
    assert api.post(f"{path}complete/", None, status=202)["status"] == "WAITING"
    assert counts(ended(api, found["id"])) == [count, count, 0, 0, 0]
    assert "SUCCESS" in api.refused("POST", f"{path}complete/", 409)["detail"]


def test_an_upload_that_waits_is_deleted(api: Api) -> None:
    found = api.post("uploads/", {"kind": "projects", "size": uploads.IN_PARTS_ABOVE + 1})
    requests.put(found["parts"][0]["url"], b"project_id\n", timeout=60).raise_for_status()
    assert [part["uploaded"] for part in api.get(f"uploads/{found['id']}/")["parts"]] == [False, False]  # too short
    assert api.call("DELETE", f"uploads/{found['id']}/").status_code == 204
    api.refused("GET", f"uploads/{found['id']}/", 404)


def test_uploads_are_listed_and_deleted(api: Api, upload: Upload) -> None:
    name = unique()
    found = upload("projects", f"project_id\n{name}\n", name="buildings.csv")
    listed = api.get("uploads/?kind=projects&status=SUCCESS&limit=1000")
    assert found["id"] in [one["id"] for one in listed]
    assert all(one["kind"] == "projects" for one in listed)
    assert api.call("DELETE", f"uploads/{found['id']}/").status_code == 204
    assert len(api.get(f"projects/?project_id={name}")) == 1


def test_an_announcement_that_cannot_be_is_refused(api: Api) -> None:
    for body, pointer in (
        ({"kind": "projects", "format": "espi"}, "/kind"),
        ({"kind": "tmy3", "format": "parquet"}, "/format"),
        ({"kind": "bills"}, "/kind"),
        ({"kind": "projects", "options": {"timezone": "Chicago"}}, "/options/timezone"),
        ({"kind": "projects", "size": 10**12}, "/size"),
    ):
        problem = api.refused("POST", "uploads/", 400, json=body)
        assert [one["pointer"] for one in problem["errors"]] == [pointer]


def test_a_sample_meter_is_the_same_as_posted(api: Api, upload: Upload) -> None:
    sample = portfolio.sample_meter("il-gas-hdd-only-daily")
    project = api.post("projects/", {**sample.project, "project_id": unique()})
    traces = [
        api.post("traces/", {**sample.trace, "trace_id": unique(), "projects": [project["id"]]}) for _ in range(2)
    ]
    api.post("trace_records/", [{"trace": traces[0]["id"], **record} for record in sample.records])
    lines = "".join(
        f"{traces[1]['trace_id']},{one['start']},{'' if one['value'] is None else repr(one['value'])}\n"
        for one in sample.records
    )
    upload("trace_records", "trace_id,start,value\n" + lines)
    assert records(api, traces[0]) == records(api, traces[1])
