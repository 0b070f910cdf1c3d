"""Exports of sample meters, on a stack of their own: each value in each file is that of the API."""

import csv
import io
import json
import math
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import boto3
import polars as pl
import pytest
import requests

from chalicelib.files.writing import BOM
from chalicelib.store.exports.columns import COLUMNS
from infra.local import portfolio
from infra.local.stack import LocalStack, Running
from tests.stack.client import TIMEOUT, Api
from tests.stack.conftest import ITEMS_PER_POST, SAMPLE

METERS = 3
PROJECT_ID = "=HYPERLINK(1)"
GAS = "NATURAL_GAS_CONSUMPTION_SUPPLIED"
Row = dict[str, Any]


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A stack whose functions can only do what their roles allow."""
    with LocalStack(tmp_path_factory.mktemp("stack"), settings={"AUTH": "true", "SFN_WAIT_SCALE": "0.2"}) as running:
        yield running


@pytest.fixture(scope="module")
def api(own_stack: Running) -> Api:
    """A client of it, of METERS meters that were run twice, and one without records whose run failed."""
    api = Api(own_stack.url, own_stack.token)
    weather = portfolio.weather_records()
    for first in range(0, len(weather), ITEMS_PER_POST):
        api.post("weather_records/", weather[first : first + ITEMS_PER_POST])
    project, trace, records = portfolio.sample_meter(SAMPLE)
    names = [PROJECT_ID, *(f"project {number}" for number in range(METERS))]
    projects = [
        item["id"] for item in api.post("projects/sync/", [{**project, "project_id": name} for name in names], 200)
    ]
    bodies = [{**trace, "trace_id": f"meter {id}", "projects": [id]} for id in projects]
    traces = [item["id"] for item in api.post("traces/sync/", bodies, 200)]
    for id in traces[:-1]:
        api.post("trace_records/", [{"trace": id, **record} for record in records])
    for targets in (traces[:-1], traces):
        groups = api.post("meter_runs/bulk/", {"targets": [{"trace": id} for id in targets]})
        for (run,) in groups:
            api.ended(run["id"])
    group = {"target": "project_id", "comparison": "==", "value": PROJECT_ID}
    api.post("trace_groups/", {"name": "one", "filter_specification": group})
    asked = {"projects": projects, "derivative_interpretation": "gross_predicted"}
    api.aggregated(api.post("aggregation_runs/", asked)["id"])
    return api


def ended(api: Api, body: Row) -> Row:
    """The export of a request, once it has ended."""
    response = api.call("POST", "exports/", json=body)
    assert response.status_code == 202, response.text
    path = response.headers["Location"].partition("/api/v1/")[2]
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        export: Row = api.get(path)
        if export["status"] in ("SUCCESS", "FAILED"):
            return export
        time.sleep(0.1)
    raise AssertionError(f"the export has not ended: {export}")


def exported(api: Api, kind: str, format: str = "parquet", **filters: Any) -> list[Row]:
    """The rows of an export; those of CSV as texts."""
    export = ended(api, {"kind": kind, "format": format, "filters": filters})
    assert (export["status"], export["filters"]) == ("SUCCESS", filters), export
    rows: list[Row] = []
    for file in export["files"]:
        content = requests.get(file["url"], timeout=60).content
        assert len(content) == file["size"]
        if format == "csv":
            assert content.startswith(BOM)
            found = list(csv.DictReader(io.StringIO(content.removeprefix(BOM).decode(), newline="")))
        else:
            found = pl.read_parquet(io.BytesIO(content)).to_dicts()
        assert len(found) == file["rows"]
        rows += found
    assert len(rows) == export["rows"]
    return rows


def listed(api: Api, resource: str, **query: Any) -> list[Row]:
    return [item for page in api.pages(f"{resource}/", limit=1000, **query) for item in page]


def plain(value: Any) -> Any:
    """A value of Parquet as the API shows it."""
    return f"{value.isoformat(timespec='microseconds')[:-6]}Z" if isinstance(value, datetime) else value


def text(value: Any) -> str:
    """A value of Parquet as CSV shows it."""
    if isinstance(value, str) and value.startswith("="):
        return f"'{value}"
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(plain(value))


@pytest.mark.parametrize("kind", COLUMNS)
def test_both_formats_have_the_same_rows(api: Api, kind: str) -> None:
    parquet, csv_rows = exported(api, kind), exported(api, kind, "csv")
    assert parquet
    assert list(parquet[0]) == list(csv_rows[0]) == [column.name for column in COLUMNS[kind]]  # type: ignore[index]
    for one, other in zip(parquet, csv_rows, strict=True):
        for name, value in one.items():
            if isinstance(value, float):
                assert float(other[name]) == value, name
            else:
                assert other[name] == text(value), name


def test_derivatives_are_those_of_the_api(api: Api) -> None:
    for filters in ({}, {"newest": True}, {"batch": [1], "interpretation": ["gross_observed"]}, {"meter_result": [2]}):
        query = {name: json.dumps(value).strip('[]"') for name, value in filters.items()}
        rows = exported(api, "derivatives", **filters)
        assert [{name: plain(value) for name, value in row.items()} for row in rows] == listed(
            api, "derivatives", **query
        )


def test_records_are_those_of_the_api(api: Api) -> None:
    period = {"start": "2016-01-01T00:00:00.000000Z", "end": "2017-01-01T00:00:00.000000Z"}
    rows = exported(api, "trace_records", trace=[1, 2], **period)
    shown = [{name: plain(row[name]) for name in ("trace", "start", "value", "estimated")} for row in rows]
    assert shown == [record for trace in (1, 2) for record in listed(api, "trace_records", trace=trace, **period)]
    assert {row["trace_id"] for row in rows} == {record["trace_id"] for record in listed(api, "traces")[:2]}


def test_aggregation_results_are_those_of_the_api(api: Api) -> None:
    (row,), (shown,) = exported(api, "aggregation_results"), listed(api, "aggregation_results")
    for name in row.keys() & shown.keys() - {"aggregation_output", "uncertainty"}:
        assert plain(row[name]) == shown[name], name


def test_meter_results_are_those_of_the_api(api: Api) -> None:
    rows, results = exported(api, "meter_results", newest=True), listed(api, "meter_results", newest="true")
    assert len(rows) == METERS
    for row, result in zip(rows, results, strict=True):
        for side in ("baseline", "reporting"):
            fit = result["models"][side]
            for name in ("status", "n", "r2", "cvrmse", "rmse", "nmbe"):
                assert row[f"{side}_model_{name}"] == fit[name]
            assert plain(row[f"{side}_model_start"]) == fit["start"]
            assert (row[f"{side}_warnings"] or "") == ";".join(one["name"] for one in fit["warnings"])
        assert json.loads(row["model_kwargs"]) == result["model_kwargs"]
        assert row["meter_output"] in result["meter_output"]


def test_savings_are_the_newest_of_each_trace_and_what_failed(api: Api) -> None:
    rows = exported(api, "savings")
    runs = {run["id"]: run for run in listed(api, "meter_runs")}
    projects = {project["id"]: project for project in listed(api, "projects")}
    derivatives = {one["id"]: one for one in listed(api, "derivatives", newest="true")}
    succeeded, failed = rows[:-1], rows[-1]
    assert [row["derivative"] for row in succeeded] == list(derivatives)
    for row in succeeded:
        derivative, run, project = derivatives[row["derivative"]], runs[row["meter_run"]], projects[row["project"]]
        for name in row.keys() & derivative.keys() - {"added", "updated"}:
            assert row[name] == derivative[name], name
        for name in ("batch", "status", "added", "updated", "project", "trace"):
            assert plain(row[name]) == run[name], name
        for name in ("project_id", "zipcode", "timezone", "baseline_period_end", "reporting_period_start"):
            assert plain(row[name]) == project[name], name
        assert json.loads(row["metadata"]) == project["metadata"]
        assert row["savings_value"] == derivative["baseline_value"] - derivative["reporting_value"]
        assert row["savings_upper"] == math.sqrt(derivative["baseline_upper"] ** 2 + derivative["reporting_upper"] ** 2)
        assert row["meter_input"] in run["meter_input"]
    assert (failed["status"], failed["failure_reason"], failed["savings_value"]) == ("FAILED", "data", None)
    assert failed["failure_message"] == runs[failed["meter_run"]]["failure_message"]


def test_savings_of_batches_and_of_all_runs(api: Api) -> None:
    assert {row["meter_run"] for row in exported(api, "savings", batch=[1])} == set(range(1, METERS + 1))
    assert exported(api, "savings", batch=[1], newest=True) == []
    assert len({row["meter_run"] for row in exported(api, "savings", newest=False)}) == 2 * METERS + 1


def test_filters_leave_only_what_matches(api: Api) -> None:
    (row,) = exported(api, "savings", group=1, interpretation=["gross_predicted"])
    assert (row["project_id"], row["interpretation"]) == (PROJECT_ID, "gross_predicted")
    assert {row["project"] for row in exported(api, "savings", project=[1, 2])} == {1, 2}
    assert {row["trace"] for row in exported(api, "derivatives", trace=[3], newest=True)} == {3}
    assert {row["trace"] for row in exported(api, "trace_records", group=1)} == {1}
    assert {row["trace"] for row in exported(api, "trace_records", project=[2], trace_interpretation=[GAS])} == {2}
    assert exported(api, "meter_results", "csv", project=[999]) == []


def test_a_wrong_request_is_refused(api: Api) -> None:
    problem = api.refused("POST", "exports/", 400, json={"kind": "trace_records", "filters": {"newest": True}})
    assert problem["errors"][0]["pointer"] == "/filters/newest"
    problem = api.refused("POST", "exports/", 400, json={"kind": "savings", "filters": {"group": 99}})
    assert problem["detail"] == "There is no trace group 99."
    api.refused("POST", "exports/", 400, json={"kind": "everything"})


def test_a_request_is_repeated_with_its_key(api: Api) -> None:
    body, key = {"kind": "savings"}, {"Idempotency-Key": "once"}
    assert api.post("exports/", body, 202, **key)["id"] == api.post("exports/", body, 202, **key)["id"]


def test_a_deleted_export_is_gone_with_its_files(api: Api) -> None:
    export = ended(api, {"kind": "savings", "format": "csv"})
    assert [one["id"] for one in api.get("exports/", kind="savings", status="SUCCESS", limit=1000)][-1] == export["id"]
    (file,) = export["files"]
    assert requests.get(file["url"], timeout=60).status_code == 200
    assert api.call("DELETE", f"exports/{export['id']}/").status_code == 204
    assert requests.get(file["url"], timeout=60).status_code == 404
    api.refused("GET", f"exports/{export['id']}/", 404)
    api.refused("DELETE", f"exports/{export['id']}/", 404)


def test_the_glue_table_describes_the_files(api: Api, own_stack: Running) -> None:
    glue = boto3.Session("test", "test", region_name=own_stack.region).client(
        "glue", endpoint_url=own_stack.endpoint_url
    )
    name = own_stack.stack.replace("-", "_")
    table = glue.get_table(DatabaseName=name, Name="savings")["Table"]
    export = ended(api, {"kind": "savings", "format": "parquet"})
    place = table["Parameters"]["storage.location.template"].replace("${export}", str(export["id"]))
    key = unquote(export["files"][0]["url"]).partition("?")[0]
    assert key.endswith(f"{place.partition('://')[2].partition('/')[2]}part-00001.parquet")
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == [c.name for c in COLUMNS["savings"]]
