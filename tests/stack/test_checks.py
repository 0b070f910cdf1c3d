"""Checks of meter runs: they find the failures that the runs would have, in seconds, and write nothing."""

import json
import time
import uuid
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.settings import settings
from chalicelib.store import tokens
from chalicelib.store.series import chunks, series
from chalicelib.store.series.npz import pack
from chalicelib.store.tables.collections import Trace
from infra.local import portfolio
from infra.local.stack import Running
from tests.stack.client import Api
from tests.stack.conftest import SAMPLE
from tests.stack.test_permissions import role_of, without

READS = {
    "dynamodb:GetItem",
    "s3:GetObject",
    "s3:ListBucket",
    *("logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords"),
}
Unchanged = Callable[[], Any]


@pytest.fixture(scope="module")
def register(api: Api, weather: None) -> int:
    """A trace of register reads that were posted as consumption."""
    project, trace, records = portfolio.sample_meter(SAMPLE)
    project_id = api.post("projects/", {**project, "project_id": uuid.uuid4().hex})["id"]
    trace_id = int(api.post("traces/", {**trace, "trace_id": uuid.uuid4().hex, "projects": [project_id]})["id"])
    total, reads = 0.0, []
    for record in records:
        total += record["value"] or 0.0
        reads.append({"trace": trace_id, **record, "value": total})
    api.post("trace_records/", reads)
    return trace_id


@pytest.fixture
def unchanged(api: Api, aws: Callable[[str], Any], store: None) -> Unchanged:
    """A context that waits for all runs to end, then allows no change to the bucket's objects or the tables' items."""

    def everything() -> tuple[Any, Any]:
        dynamodb, s3 = aws("dynamodb"), aws("s3")
        rows = {
            name: sorted(
                json.dumps(row, sort_keys=True, default=str)
                for page in dynamodb.get_paginator("scan").paginate(TableName=name)
                for row in page["Items"]
            )
            for name in dynamodb.list_tables()["TableNames"]
        }
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=settings().bucket)
        objects = {
            entry["Key"]: (entry["ETag"], entry["LastModified"]) for page in pages for entry in page.get("Contents", [])
        }
        return rows, objects

    @contextmanager
    def watch() -> Iterator[None]:
        for status in ("PENDING", "RUNNING"):
            for run in api.get("meter_runs/", status=status):
                api.ended(run["id"])
        before = everything()
        assert before[1]
        yield
        assert everything() == before

    return watch


def check(api: Api, body: Any) -> Any:
    return api.post("meter_runs/check/", body, 200)


def test_a_good_trace_has_no_failure(api: Api, trace: int, unchanged: Unchanged) -> None:
    with unchanged():
        found = check(api, {"trace": trace})
    (project,) = api.get(f"traces/{trace}/")["projects"]
    assert {key: found[key] for key in ("runs", "checked", "failing")} == {"runs": 1, "checked": 1, "failing": 0}
    (one,) = found["checks"]
    assert (one["project"], one["trace"], one["failure"]) == (project, trace, None)
    for quality in one["data_quality"].values():
        assert quality["frequency"] == "billing_monthly"
        assert quality["weather_station"] == portfolio.STATION
        assert quality["temperatures_missing"] == 0


def test_a_check_finds_the_failure_of_the_run(api: Api, register: int, unchanged: Unchanged) -> None:
    with unchanged():
        (one,) = check(api, {"trace": register})["checks"]
    run = api.ended(api.post("meter_runs/", {"trace": register})["id"])
    assert run["status"] == "FAILED"
    assert one["failure"] == {"reason": run["failure_reason"], "message": run["failure_message"]}
    assert one["failure"]["reason"] == "data"
    assert one["data_quality"] == run["data_quality"]


def test_a_bulk_check_counts_failures_and_lists_them_first(
    api: Api, trace: int, register: int, make_trace: Callable[..., int], unchanged: Unchanged
) -> None:
    elsewhere = make_trace(weather_station="722880")
    short = make_trace(baseline_period_end="2016-07-01T05:00:00Z")
    targets = [{"trace": one} for one in (trace, register, elsewhere, short)]
    with unchanged():
        found = check(api, {"targets": targets})
    assert (found["runs"], found["checked"], found["failing"]) == (4, 4, 3)
    assert found["failing_by_reason"] == {"data": 1, "sufficiency": 1, "weather": 1, "model": 0}
    assert [one["trace"] for one in found["checks"]] == [register, elsewhere, short, trace]
    forced = check(api, {"targets": targets, "formatter_kwargs": {"ignore_sufficiency": True}})
    assert forced["failing_by_reason"]["sufficiency"] == 0


@pytest.mark.usefixtures("trace")
@pytest.mark.parametrize("form", ["object", "string"])
def test_a_posted_meter_input_is_checked_and_not_stored(api: Api, unchanged: Unchanged, form: str) -> None:
    document = portfolio.meter_input(SAMPLE)
    with unchanged():
        found = check(api, {"meter_input": document if form == "object" else json.dumps(document)})
    (one,) = found["checks"]
    assert (one["project"], one["trace"], one["failure"]) == (None, None, None)
    assert one["data_quality"]["baseline"]["readings"] == 12


def test_a_stored_meter_input_is_checked_by_its_url(api: Api) -> None:
    url = api.post("meter_runs/", {"meter_input": portfolio.meter_input(SAMPLE)})["meter_input"]
    (one,) = check(api, {"meter_input": url})["checks"]
    assert one["failure"] is None


def test_a_series_of_many_chunks_is_not_compacted(
    api: Api, aws: Callable[[str], Any], make_trace: Callable[..., int], unchanged: Unchanged
) -> None:
    trace = make_trace()
    for number in range(series.COMPACT_ABOVE + 1):  # as if written long ago
        column = {"starts": array("q", [number]), "values": array("d", [1.0]), "estimated": array("B", [0])}
        key = f"{series.trace_prefix(trace)}{number:0{chunks.NAME_DIGITS}d}-a.npz"
        aws("s3").put_object(Bucket=settings().bucket, Key=key, Body=pack(column))  # type: ignore[arg-type]
    Trace(trace).update(actions=[Trace.changes.remove()])  # an older trace, whose chunks are not named
    with unchanged():
        assert check(api, {"trace": trace})["checked"] == 1


def test_the_check_function_has_no_permission_to_write(aws: Callable[[str], Any], stack: Running) -> None:
    role, iam = role_of(aws, stack, "CheckRuns"), aws("iam")
    allowed: set[str] = set()
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        for statement in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            allowed |= {actions} if isinstance(actions, str) else set(actions)
    assert allowed == READS
    assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]


def test_if_the_check_function_fails_the_response_says_when_to_try_again(
    api: Api, aws: Callable[[str], Any], stack: Running, trace: int
) -> None:
    def refused() -> None:
        response = api.call("POST", "meter_runs/check/", json={"trace": trace})
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")

    with without(aws("iam"), role_of(aws, stack, "CheckRuns"), "dynamodb:GetItem"):
        refused()
    with without(aws("iam"), role_of(aws, stack, "APIHandler"), "lambda:InvokeFunction"):
        refused()
    assert check(api, {"trace": trace})["checked"] == 1


def test_the_scope_read_is_enough(api: Api, store: None, trace: int) -> None:
    reader = Api(api.url, tokens.create(uuid.uuid4().hex, {"read"}, None), api.document)
    assert check(reader, {"trace": trace})["failing"] == 0
    reader.refused("POST", "meter_runs/", 403, json={"trace": trace})


def test_no_run_is_called_check(api: Api) -> None:
    assert api.call("GET", "meter_runs/check/").status_code in (404, 405)


@pytest.mark.parametrize("name", [SAMPLE, "il-electricity-cdd-hdd-hourly"])
def test_a_check_responds_within_two_seconds(api: Api, make_trace: Callable[..., int], name: str) -> None:
    body, seconds = {"trace": make_trace(name)}, []
    for _ in range(5):
        began = time.monotonic()
        check(api, body)
        seconds.append(time.monotonic() - began)
    assert min(seconds) < 2  # the fastest: the machine may be busy, and the function may start cold
