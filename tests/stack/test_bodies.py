"""The bodies of all endpoints: JSON, content types, sizes and timestamps."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stack.client import Api
from tests.stack.names import unique
from tests.stack.operations import BODIED, INTERNALS, with_id

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


class TestBodies:
    @pytest.mark.parametrize(("method", "path"), BODIED)
    @pytest.mark.parametrize("body", [b"", b"{", b"not JSON", b'{"a": 1,}', b"[" * 10_000, b'"\xed\xa0\x80"', b"1 2"])
    def test_what_is_not_json_is_refused(self, api: Api, method: str, path: str, body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        problem = api.refused(method, with_id(path), 400, data=body, headers=headers)
        assert [error["pointer"] for error in problem["errors"]] == [""]
        assert not INTERNALS.search(str(problem))

    @pytest.mark.parametrize(("method", "path"), BODIED)
    @pytest.mark.parametrize("body", [None, 7, "text", True], ids=str)
    def test_another_json_type_is_refused(self, api: Api, method: str, path: str, body: Any) -> None:
        data = {None: b"null"}.get(body)
        arguments: dict[str, Any] = (
            {"data": data, "headers": {"Content-Type": "application/json"}} if data else {"json": body}
        )
        problem = api.refused(method, with_id(path), 400, **arguments)
        assert [error["pointer"] for error in problem["errors"]] == [""]

    @pytest.mark.parametrize(("method", "path"), BODIED)
    def test_an_unknown_field_is_reported(self, api: Api, existing: dict[str, int], method: str, path: str) -> None:
        path = with_id(path, existing.get(path.partition("/")[0], 1))
        is_list = path.endswith(("sync/", "records/"))
        field = {"a/b~c": 1}
        problem = api.refused(method, path, 400, json=[field] if is_list else field)
        assert f"{'/0' if is_list else ''}/a~1b~0c" in [error["pointer"] for error in problem["errors"]]

    @pytest.mark.parametrize(("method", "path"), BODIED)
    def test_another_content_type_is_refused(self, api: Api, method: str, path: str) -> None:
        api.refused(method, with_id(path), 415, data=b"{}", headers={"Content-Type": "text/csv"})

    @pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
    def test_a_json_content_type_may_have_parameters(self, api: Api, content_type: str) -> None:
        data = f'{{"project_id": "{unique()} ü"}}'.encode()
        response = api.call("POST", "projects/", data=data, headers={"Content-Type": content_type})
        assert response.status_code == 201
        assert response.json()["project_id"].endswith(" ü")
        assert response.headers["Content-Type"].partition(";")[0] == "application/json"

    @pytest.mark.parametrize("path", ["weather_records/", "projects/sync/", "meter_runs/"])
    def test_over_6_mb_is_too_large(self, api: Api, path: str) -> None:
        body = b"[]" + b" " * 6_300_000
        problem = api.refused("POST", path, 413, data=body, headers={"Content-Type": "application/json"})
        assert "6 MB" in problem["detail"]
        assert "weather_records/" in problem["detail"]

    def test_just_under_6_mb_is_not(self, api: Api) -> None:
        body = b"[]" + b" " * 5_900_000
        response = api.call("POST", "weather_records/", data=body, headers={"Content-Type": "application/json"})
        assert response.json() == {"records": 0}

    @pytest.mark.parametrize(
        "given",
        [
            "2016-13-01T00:00:00Z",
            "2016-02-30T00:00:00Z",
            "2016-01-01T25:00:00Z",
            "2016-01-01T00:00:00",  # naive
            "2016-02-30",
            "20160101",
            "2016-01-01T00:00:00+25:00",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-12:00",
            "1451606400",
            "",
            1451606400,
            True,
        ],
        ids=str,
    )
    def test_an_invalid_date_is_refused_without_internals(self, api: Api, given: Any) -> None:
        body = {"project_id": unique(), "baseline_period_end": given}
        problem = api.refused("POST", "projects/", 400, json=body)
        assert [error["pointer"] for error in problem["errors"]] == ["/baseline_period_end"]
        assert not INTERNALS.search(str(problem))

    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("2016-09-28T23:57:21.454235Z", "2016-09-28T23:57:21.454235Z"),
            ("2016-09-28T23:57:21Z", "2016-09-28T23:57:21.000000Z"),
            ("2016-09-28T23:57:21.5+05:30", "2016-09-28T18:27:21.500000Z"),
            ("2016-12-31T20:00:00-08:00", "2017-01-01T04:00:00.000000Z"),
            ("2016-09-28T23:57Z", "2016-09-28T23:57:00.000000Z"),
            ("2016-09-28", "2016-09-28T00:00:00.000000Z"),  # a project in UTC
        ],
    )
    def test_a_timestamp_is_returned_in_utc(self, api: Api, given: str, shown: str) -> None:
        project = api.post("projects/", {"project_id": unique(), "baseline_period_end": given})
        assert project["baseline_period_end"] == shown
        assert api.get(f"projects/{project['id']}/") == project
        assert TIMESTAMP.fullmatch(project["added"])
        assert abs(datetime.fromisoformat(project["updated"]) - datetime.now(UTC)) < timedelta(minutes=1)

    def test_all_errors_are_reported_at_once(self, api: Api) -> None:
        items = [{"project_id": 7}, {"project_id": unique()}, {"zipcode": "x", "timezone": "y"}]
        problem = api.refused("POST", "projects/sync/", 400, json=items)
        assert {error["pointer"] for error in problem["errors"]} == {
            "/0/project_id",
            "/2/project_id",
            "/2/zipcode",
            "/2/timezone",
        }
        assert not INTERNALS.search(str(problem))
