"""projects/"""

from typing import Any

import pytest

from chalicelib.api.schemas.projects import EXAMPLE_IN, EXAMPLE_OUT
from tests.unit.api.conftest import Api, Memory


def test_a_project_comes_back_as_it_was_posted(call: Api) -> None:
    created = call("POST", "projects/", EXAMPLE_IN)
    assert created.status == 201
    assert created.headers["Location"] == "/api/v1/projects/1/"
    assert list(created.json) == list(EXAMPLE_OUT)
    same = set(EXAMPLE_OUT) - {"added", "updated"}
    assert {name: created.json[name] for name in same} == {name: EXAMPLE_OUT[name] for name in same}
    assert call("GET", "projects/1/").json == created.json
    assert call("GET", "projects/?zipcode=60601").json == [created.json]
    assert call("GET", "projects/?zipcode=60602").json == []


def test_a_duplicate_project_id_is_a_conflict(call: Api) -> None:
    call("POST", "projects/", {"project_id": "one"})
    call("POST", "projects/", {"project_id": "two"})
    for response in (
        call("POST", "projects/", {"project_id": "one"}),
        call("PATCH", "projects/2/", {"project_id": "one"}),
    ):
        assert response.status == 409
        assert response.pointers == ["/project_id"]
        assert "Project 1" in response.json["detail"]


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({}, "/project_id", "The field 'project_id' is required."),
        ({"project_id": None}, "/project_id", "string"),
        ({"project_id": ""}, "/project_id", "at least 1"),
        ({"project_id": "x" * 256}, "/project_id", "at most 255"),
        ({"project_id": "x", "zipcode": "6060"}, "/zipcode", "five digits such as 60601"),
        ({"project_id": "x", "zipcode": 60601}, "/zipcode", "string"),
        ({"project_id": "x", "timezone": "Mars/Olympus"}, "/timezone", "IANA"),
        ({"project_id": "x", "timezone": "../etc/passwd"}, "/timezone", "IANA"),
        ({"project_id": "x", "weather_station": "7243"}, "/weather_station", "six characters such as 724390"),
        ({"project_id": "x", "metadata": {"a": []}}, "/metadata/a", "flat"),
        ({"project_id": "x", "metadata": {"a": "x" * 30_000}}, "/metadata", "at most 20,000"),
        ({"project_id": "x", "baseline_period_end": "2016-01-01T00:00:00"}, "/baseline_period_end", "offset"),
        ({"project_id": "x", "baseline_period_end": "2016-02-30"}, "/baseline_period_end", "ISO 8601"),
        ({"project_id": "x", "baseline_period_end": "1899-12-31"}, "/baseline_period_end", "years 1900"),
        ({"project_id": "x", "baseline_period_end": "20160101"}, "/baseline_period_end", "offset"),
        ({"project_id": "x", "baseline_period_end": "2016"}, "/baseline_period_end", "ISO 8601"),
        ({"project_id": "x", "baseline_period_end": 2016}, "/baseline_period_end", "ISO 8601"),
        (
            {
                "project_id": "x",
                "baseline_period_end": "2016-01-01T00:00:00Z",
                "reporting_period_start": "2015-12-31T00:00:00Z",
            },
            "/reporting_period_start",
            "reporting_period_start (2015-12-31T00:00:00.000000Z) must not be before baseline_period_end "
            "(2016-01-01T00:00:00.000000Z); correct one of them.",
        ),
    ],
)
def test_an_invalid_project_is_refused(call: Api, memory: Memory, body: Any, pointer: str, message: str) -> None:
    response = call("POST", "projects/", body)
    assert response.status == 400
    assert pointer in response.pointers
    assert message in " ".join(error["detail"] for error in response.json["errors"])
    assert not memory.projects.rows


def test_periods_may_touch(call: Api) -> None:
    both = {"baseline_period_end": "2016-01-01T00:00:00Z", "reporting_period_start": "2016-01-01T00:00:00Z"}
    assert call("POST", "projects/", {"project_id": "x", **both}).status == 201


def test_a_patch_changes_only_the_given_fields_and_null_resets(call: Api) -> None:
    call("POST", "projects/", EXAMPLE_IN)
    changed = call("PATCH", "projects/1/", {"zipcode": None, "timezone": None, "metadata": None}).json
    assert (changed["zipcode"], changed["timezone"], changed["metadata"]) == (None, "UTC", {})
    assert changed["baseline_period_end"] == EXAMPLE_OUT["baseline_period_end"]
    late = call("PATCH", "projects/1/", {"baseline_period_end": "2017-01-01T00:00:00Z"})
    assert late.pointers == ["/reporting_period_start"]


def test_a_deleted_project_is_gone(call: Api) -> None:
    call("POST", "projects/", EXAMPLE_IN)
    deleted = call("DELETE", "projects/1/")
    assert (deleted.status, deleted.text) == (204, "")
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        response = call(method, "projects/1/", body)
        assert response.status == 404
        assert response.json["detail"] == "There is no project 1."


def test_a_sync_reports_what_it_did(call: Api) -> None:
    call("POST", "projects/", EXAMPLE_IN)
    response = call(
        "POST", "projects/sync/", [{"project_id": "BUILDING-17", "zipcode": "60602"}, {"project_id": "new"}]
    )
    assert response.status == 200
    assert response.json == [
        {"id": 1, "project_id": "BUILDING-17", "status": "updated"},
        {"id": 2, "project_id": "new", "status": "created"},
    ]
    assert call("GET", "projects/1/").json["timezone"] == "America/Chicago"


def test_a_sync_with_an_error_writes_nothing(call: Api, memory: Memory) -> None:
    items = [
        {"project_id": "a"},
        {"project_id": "a"},
        {
            "project_id": "b",
            "reporting_period_start": "2016-01-01T00:00:00Z",
            "reporting_period_end": "2015-01-01T00:00:00Z",
        },
    ]
    assert call("POST", "projects/sync/", items).pointers == ["/1/project_id", "/2/reporting_period_end"]
    assert call("POST", "projects/sync/", [{"project_id": str(n)} for n in range(10_001)]).pointers == [""]
    assert not memory.projects.rows


@pytest.mark.parametrize(
    ("timezone", "day", "instant"),
    [
        ("America/Chicago", "2016-01-01", "2016-01-01T06:00:00.000000Z"),
        ("America/Chicago", "2016-07-01", "2016-07-01T05:00:00.000000Z"),
        ("America/Sao_Paulo", "2016-10-16", "2016-10-16T03:00:00.000000Z"),  # this day begins at 1:00
        ("America/Havana", "2016-11-06", "2016-11-06T04:00:00.000000Z"),  # this day has two midnights
        ("Asia/Kathmandu", "2016-01-01", "2015-12-31T18:15:00.000000Z"),
        (None, "2016-01-01", "2016-01-01T00:00:00.000000Z"),
    ],
)
def test_a_date_is_midnight_in_the_projects_time_zone(call: Api, timezone: str | None, day: str, instant: str) -> None:
    created = call("POST", "projects/", {"project_id": "a", "baseline_period_end": day, "timezone": timezone}).json
    assert created["baseline_period_end"] == instant
    call("POST", "projects/sync/", [{"project_id": "b", "baseline_period_end": day, "timezone": timezone}])
    call("POST", "projects/", {"project_id": "c", "timezone": timezone})
    call("POST", "projects/sync/", [{"project_id": "c", "baseline_period_end": day}])
    call("PATCH", "projects/3/", {"reporting_period_start": day})
    second, third = call("GET", "projects/2/").json, call("GET", "projects/3/").json
    assert {second["baseline_period_end"], third["baseline_period_end"], third["reporting_period_start"]} == {instant}


def test_a_date_uses_the_time_zone_of_the_same_request(call: Api) -> None:
    call("POST", "projects/", {"project_id": "a", "baseline_period_end": "2016-01-01", "timezone": "America/Chicago"})
    changes = {"reporting_period_start": "2016-02-01", "timezone": "America/New_York"}
    changed = call("PATCH", "projects/1/", changes).json
    assert changed["baseline_period_end"] == "2016-01-01T06:00:00.000000Z"
    assert changed["reporting_period_start"] == "2016-02-01T05:00:00.000000Z"
    refused = call("PATCH", "projects/1/", {"baseline_period_end": "2016-02-02"})
    assert refused.pointers == ["/reporting_period_start"]
