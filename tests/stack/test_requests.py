"""Common to all requests: tokens and scopes, refusals without effects, and Idempotency-Keys."""

import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from chalicelib.api import RESOURCES
from chalicelib.store import tokens
from tests import normal_file
from tests.stack.client import Api

ABSENT = 999_999_999
OPERATIONS = [(endpoint.method, endpoint.path.lstrip("/")) for resource in RESOURCES for endpoint in resource.endpoints]
OPEN = ("healthz", "openapi.json", "docs")  # need no token
GUARDED = [operation for operation in OPERATIONS if not operation[1].startswith(OPEN)]
ONE = [operation for operation in GUARDED if "{id}" in operation[1]]
CSV = "weather_files/"  # does not accept JSON
CHECK = "meter_runs/check/"  # is a POST, but writes nothing
BODIED = [operation for operation in GUARDED if operation[0] in ("POST", "PATCH") and operation[1] != CSV]
LISTS = [
    ("projects/", {}),
    ("traces/", {}),
    ("trace_records/", {"trace": 1}),
    ("weather_records/", {"station": "724390"}),
    ("meter_runs/", {}),
    ("meter_results/", {}),
    ("derivatives/", {}),
    ("aggregation_runs/", {}),
    ("aggregation_results/", {}),
    ("trace_groups/", {}),
]
INTERNALS = re.compile(
    r"traceback|chalice|pydantic|pynamo|dynamodb|boto|arn:|python|datetime\.|tzinfo|\.py\b|/tmp|/work|/var|lambda",
    re.IGNORECASE,
)
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def unique() -> str:
    return uuid.uuid4().hex


def sent(body: Any, **headers: str) -> dict[str, Any]:
    """The arguments that send a body: bytes as CSV, everything else as JSON."""
    if isinstance(body, bytes):
        return {"data": body, "headers": {"Content-Type": "text/csv", **headers}}
    return {"json": body, "headers": headers}


def with_id(path: str, id: int | str = ABSENT) -> str:
    return path.replace("{id}", str(id))


@pytest.fixture
def client(api: Api, store: None) -> Callable[..., Api]:
    """Creates clients whose tokens have the given scopes."""

    def make(*scopes: str, expires: datetime | None = None) -> Api:
        return Api(api.url, tokens.create(f"test {unique()}", set(scopes), expires), api.document)

    return make


@pytest.fixture
def existing(api: Api, derivative: int) -> dict[str, int]:
    """The ids of a project, a trace of it, and a derivative of electricity, by the name of the resource."""
    project = api.post("projects/", {"project_id": unique()})["id"]
    body = {"trace_id": unique(), "interpretation": "E_C_S", "unit": "kWh", "projects": [project]}
    return {"projects": project, "traces": api.post("traces/", body)["id"], "derivatives": derivative}


class TestTokens:
    @pytest.mark.parametrize(("method", "path"), GUARDED)
    def test_all_endpoints_except_the_open_ones_need_a_token(self, api: Api, method: str, path: str) -> None:
        api.refused(method, with_id(path, 1), 401, headers={"Authorization": None}, json={})

    @pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Bearer ", "wrong", "Basic {}", "{}", "Bearer {}x"])
    def test_an_unknown_token_is_refused(self, api: Api, header: str) -> None:
        api.refused("GET", "projects/", 401, headers={"Authorization": header.format(api.token)})

    def test_an_expired_token_is_refused(self, client: Callable[..., Api]) -> None:
        now = datetime.now(UTC)
        client("read", expires=now - timedelta(seconds=1)).refused("GET", "projects/", 401)
        client("read", expires=now + timedelta(minutes=5)).get("projects/", limit=1)

    def test_only_the_hash_of_a_token_is_stored(self, client: Callable[..., Api], aws: Callable[[str], Any]) -> None:
        secret = client("read").token
        dynamodb = aws("dynamodb")
        (table,) = [name for name in dynamodb.list_tables()["TableNames"] if "token" in name.lower()]
        rows = [row for page in dynamodb.get_paginator("scan").paginate(TableName=table) for row in page["Items"]]
        assert len(rows) >= 2
        assert secret not in str(rows)
        assert secret.removeprefix("eem_") not in str(rows)

    @pytest.mark.parametrize(("method", "path"), GUARDED)
    def test_reads_need_the_scope_read_and_everything_else_write(
        self, client: Callable[..., Api], existing: dict[str, int], method: str, path: str
    ) -> None:
        changes_nothing = method == "GET" or path == CHECK
        needed, other = ("read", "write") if changes_nothing else ("write", "read")
        path = with_id(path, existing.get(path.partition("/")[0], 1))
        problem = client(other, "admin").refused(method, path, 403, json={"unknown": 1})
        assert needed in problem["detail"]
        assert client(needed).call(method, path, json={}).status_code not in (401, 403)

    def test_the_scope_admin_gives_no_access_to_resources(self, client: Callable[..., Api]) -> None:
        admin = client("admin")
        admin.refused("GET", "projects/", 403)
        admin.refused("POST", "projects/", 403, json={"project_id": unique()})

    @pytest.mark.parametrize(
        "path", ["healthz/", "healthz", "openapi.json", "docs/", "docs", "docs/swagger-ui.min.css"]
    )
    def test_open_endpoints_need_no_token(self, api: Api, path: str) -> None:
        assert api.call("GET", path, headers={"Authorization": None}).status_code == 200


def test_the_docs_page_refers_to_no_third_party(api: Api) -> None:
    response = requests.get(api.url + "docs/")
    assert response.headers["Content-Type"].startswith("text/html")
    assert not re.findall(r"(?:https?:)?//[\w-]+\.\w+|@import|integrity=", response.text)
    files = set(re.findall(r"[\w.-]+\.(?:js|css)\b", response.text))
    assert len(files) == 2
    for file in files:
        served = requests.get(f"{api.url}docs/{file}")
        assert served.headers["Content-Type"].startswith("text/javascript" if file.endswith("js") else "text/css")
        assert len(served.text) > 100_000
        assert not re.findall(r"url\(['\"]?(?:https?:)?//", served.text)
    api.refused("GET", "docs/nothing.js", 404)


class TestPaths:
    @pytest.mark.parametrize(("method", "path"), ONE)
    @pytest.mark.parametrize("id", [ABSENT, 0, "-1", "x", "1.5", "9" * 30])
    def test_an_unknown_id_is_a_404(self, api: Api, method: str, path: str, id: int | str) -> None:
        problem = api.refused(method, with_id(path, id), 404, **({"json": {}} if method == "PATCH" else {}))
        assert str(id) in problem["detail"]

    @pytest.mark.parametrize("path", ["nothing/", "projects/1/nothing/"])
    def test_an_unknown_path_is_a_problem_too(self, api: Api, path: str) -> None:
        api.refused("GET", path, 404)

    @pytest.mark.parametrize(("path", "query"), LISTS)
    @pytest.mark.parametrize(
        "invalid",
        [{"limit": 0}, {"limit": 1001}, {"limit": -1}, {"limit": "x"}, {"limit": "1.5"}, {"limit": ""}, {"unknown": 1}],
        ids=str,
    )
    def test_an_invalid_parameter_is_reported(
        self, api: Api, path: str, query: dict[str, Any], invalid: dict[str, Any]
    ) -> None:
        problem = api.refused("GET", path, 400, params=query | invalid)
        (name,) = invalid
        assert [error["pointer"] for error in problem["errors"]] == [f"/{name}"]

    @pytest.mark.parametrize(("path", "query"), LISTS)
    def test_the_bounds_of_limit_are_accepted(self, api: Api, path: str, query: dict[str, Any]) -> None:
        if "trace" in query:
            query = {
                "trace": api.post("traces/", {"trace_id": unique(), "interpretation": "E_C_S", "unit": "Wh"})["id"]
            }
        assert len(api.get(path, limit=1, **query)) <= 1
        assert len(api.get(path, limit=1000, **query)) <= 1000

    def test_repeated_and_unknown_parameters_are_refused(self, api: Api) -> None:
        api.refused("GET", "projects/?limit=1&limit=2", 400)
        api.refused("GET", "projects/1/?limit=1", 400)
        api.refused("POST", "projects/?limit=1", 400, json={"project_id": unique()})


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


def test_ids_are_dense_and_in_order(api: Api) -> None:
    def project() -> int:
        return int(api.post("projects/", {"project_id": unique()})["id"])

    def trace() -> int:
        return int(api.post("traces/", {"trace_id": unique(), "interpretation": "E_C_S", "unit": "Wh"})["id"])

    for create, path in ((project, "projects/"), (trace, "traces/")):
        first = create()
        api.refused("POST", path, 400, json={"unknown": 1})
        assert [create(), create()] == [first + 1, first + 2]
        api.call("DELETE", f"{path}{first + 2}/")
        assert create() == first + 3


def posts(existing: dict[str, int]) -> dict[str, tuple[Any, Any]]:
    """For each POST, a valid body and one that the endpoint refuses."""
    trace, derivative = existing["traces"], existing["derivatives"]
    kind = {"interpretation": "NG_C_S", "unit": "thm"}
    record = {"trace": trace, "start": "2016-01-01T00:00:00Z", "value": 1.0}
    temperature = {"station": unique()[:6].upper(), "dataset": "observed", "start": "2016-01-01T00:00:00Z", "unit": "F"}
    group = {"name": unique(), "filter_specification": {"target": "trace_id", "comparison": "==", "value": unique()}}
    periods = {"baseline_period_end": "2016-02-01T00:00:00Z", "reporting_period_start": "2016-01-01T00:00:00Z"}
    year = normal_file.text()
    return {
        "projects/": ({"project_id": unique()}, {"project_id": unique(), **periods}),
        "projects/sync/": ([{"project_id": unique()}], [{"project_id": unique(), **periods}]),
        "traces/": ({"trace_id": unique(), **kind}, {"trace_id": unique(), **kind, "projects": [ABSENT]}),
        "traces/sync/": ([{"trace_id": unique(), **kind}], [{"trace_id": unique(), **kind, "projects": [ABSENT]}]),
        "trace_records/": ([record], [{**record, "trace": ABSENT}]),
        "weather_records/": ([{**temperature, "temperature": 50.0}], [{**temperature, "temperature": None}]),
        CSV: (year.replace(normal_file.STATION.encode(), temperature["station"].encode()), year[:1000]),
        "trace_groups/": (group, {**group, "filter_specification": {}}),
        "meter_runs/": ({"trace": trace}, {"trace": ABSENT}),
        "meter_runs/bulk/": ({"targets": [{"trace": trace}]}, {"targets": [{"trace": ABSENT}]}),
        CHECK: ({"trace": trace}, {"trace": ABSENT}),
        "aggregation_runs/": ({"derivatives": [derivative]}, {"derivatives": [derivative, ABSENT]}),
        "aggregation_runs/bulk/": (
            {"targets": [{"derivatives": [derivative]}]},
            {"targets": [{"derivatives": [derivative], "trace_interpretations": ["NG_C_S"]}]},
        ),
    }


POSTS = [path for method, path in GUARDED if method == "POST"]


class TestIdempotencyKeys:
    @pytest.mark.parametrize("path", POSTS)
    def test_repeating_key_and_body_returns_the_first_response(
        self, api: Api, existing: dict[str, int], path: str
    ) -> None:
        body, _ = posts(existing)[path]
        request = sent(body, **{"Idempotency-Key": unique()})
        first = api.call("POST", path, **request)
        assert first.ok
        again = api.call("POST", path.rstrip("/"), **request)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert [again.headers.get(name) for name in ("Content-Type", "Location")] == [
            first.headers.get(name) for name in ("Content-Type", "Location")
        ]
        if path.startswith("meter_runs"):
            assert len(api.get("meter_runs/", trace=existing["traces"])) == (0 if path == CHECK else 1)

    @pytest.mark.parametrize("path", POSTS)
    def test_the_same_key_with_another_body_is_a_conflict(self, api: Api, existing: dict[str, int], path: str) -> None:
        headers = {"Idempotency-Key": unique()}
        assert api.call("POST", path, **sent(posts(existing)[path][0], **headers)).ok
        other = posts(existing)[path][0]
        if isinstance(other, dict) and path.startswith("meter_runs"):
            other = {**other, "model_class": "Other"}
        elif path == "aggregation_runs/":
            other = {**other, "aggregation_interpretation": "MEAN"}
        elif path == "aggregation_runs/bulk/":
            other = {"targets": other["targets"] * 2}
        elif path == "trace_records/":
            other = [{**other[0], "value": 2.0}]
        api.refused("POST", path, 409, **sent(other, **headers))
        if path == "trace_records/":
            assert [record["value"] for record in api.get(path, trace=existing["traces"])] == [1.0]
        if path.startswith("meter_runs"):
            assert len(api.get("meter_runs/", trace=existing["traces"])) == (0 if path == CHECK else 1)

    @pytest.mark.parametrize("path", POSTS)
    def test_the_key_of_a_refused_request_can_be_used_again(
        self, api: Api, existing: dict[str, int], path: str
    ) -> None:
        good, bad = posts(existing)[path]
        headers = {"Idempotency-Key": unique()}
        for body in (bad, b"unknown" if path == CSV else {"unknown": 1}):
            api.refused("POST", path, 400, **sent(body, **headers))
        assert api.call("POST", path, **sent(good, **headers)).ok

    def test_a_repeated_post_of_records_changes_nothing(self, api: Api, existing: dict[str, int]) -> None:
        record = {"trace": existing["traces"], "start": "2016-01-01T00:00:00Z", "value": 1.0}
        headers = {"Idempotency-Key": unique()}
        api.post("trace_records/", [record], 201, **headers)
        api.post("trace_records/", [{**record, "value": 2.0}])
        api.post("trace_records/", [record], 201, **headers)
        assert [one["value"] for one in api.get("trace_records/", trace=record["trace"])] == [2.0]

    def test_a_repeated_sync_changes_nothing(self, api: Api) -> None:
        project_id, headers = unique(), {"Idempotency-Key": unique()}
        items = [{"project_id": project_id, "zipcode": "60601"}]
        first = api.post("projects/sync/", items, 200, **headers)
        api.post("projects/sync/", [{"project_id": project_id, "zipcode": "94110"}], 200)
        assert api.post("projects/sync/", items, 200, **headers) == first
        assert api.get("projects/", project_id=project_id)[0]["zipcode"] == "94110"

    def test_a_key_belongs_to_one_token_and_one_path(
        self, api: Api, client: Callable[..., Api], existing: dict[str, int]
    ) -> None:
        headers = {"Idempotency-Key": unique()}
        first = api.post("projects/", {"project_id": unique()}, 201, **headers)
        other = client("write").post("projects/", {"project_id": unique()}, 201, **headers)
        assert other["id"] > first["id"]
        assert api.post("projects/sync/", [{"project_id": unique()}], 200, **headers)[0]["status"] == "created"

    @pytest.mark.parametrize("key", ["", "k" * 256])
    def test_a_key_of_invalid_length_is_refused(self, api: Api, key: str) -> None:
        api.refused("POST", "projects/", 400, json={"project_id": unique()}, headers={"Idempotency-Key": key})

    @pytest.mark.parametrize("path", ["meter_runs/", "meter_runs/bulk/"])
    def test_concurrent_requests_with_the_same_key_have_one_effect(
        self, api: Api, existing: dict[str, int], path: str
    ) -> None:
        body, _ = posts(existing)[path]
        headers = {"Idempotency-Key": unique()}

        def ask() -> requests.Response:
            return Api(api.url, api.token, api.document).call("POST", path, json=body, headers=headers)

        with ThreadPoolExecutor(8) as pool:
            responses = [asked.result() for asked in [pool.submit(ask) for _ in range(8)]]
        assert {response.status_code for response in responses} <= {201, 409}
        done = {response.content for response in responses if response.status_code == 201}
        assert len(done) == 1
        assert ask().content in done
        assert len(api.get("meter_runs/", trace=existing["traces"])) == 1
