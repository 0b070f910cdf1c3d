"""Common to all endpoints: scopes, bodies, queries, failures."""

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pynamodb.exceptions import GetError

from chalicelib.store import health
from chalicelib.store.collections import projects
from chalicelib.store.shared.errors import Busy
from tests.unit.api.conftest import Api

INTEGERS = ("1.0", "%2B1", "1%0a", "%201", "1_0", "01", "1e1", "0x1", "%D9%A1", "")  # which are none in JSON
TRACE = {"trace_id": "a", "interpretation": "E_C_S", "unit": "kWh"}
TARGET = {"target": "project_metadata|a\0b", "comparison": "==", "value": "x"}


def test_reads_need_the_scope_read_and_everything_else_write(call: Api) -> None:
    call.scopes = "read"
    assert call("GET", "projects/").status == 200
    refused = call("POST", "projects/", {"project_id": "one"})
    assert refused.status == 403
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json["type"].endswith(":missing-scope")
    call.scopes = "write"
    assert call("POST", "projects/", {"project_id": "one"}).status == 201
    assert call("GET", "projects/").status == 403


def test_paths_work_with_and_without_trailing_slash(call: Api) -> None:
    assert call("GET", "projects").json == call("GET", "projects/").json == []


@pytest.mark.parametrize("id", ["0", "7", "abc", "1e3", "-1", "9" * 40, "²"])
def test_an_unknown_id_is_a_404(call: Api, id: str) -> None:
    for resource in ("projects", "traces", "meter_runs", "batches", "meter_results", "derivatives", "trace_groups"):
        response = call("GET", f"{resource}/{id}/")
        assert response.status == 404
        assert response.json["type"].endswith(":not-found")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("after=-1", "after"),
        *((f"{name}={value}", name) for name in ("limit", "after") for value in INTEGERS),
        ("limit=1&limit=2", "limit"),
        ("colour=red", "colour"),
        ("project_id=", "project_id"),
    ],
)
def test_an_invalid_query_is_refused(call: Api, query: str, parameter: str) -> None:
    response = call("GET", f"projects/?{query}")
    assert response.status == 400
    assert response.json["errors"][0]["parameter"] == parameter
    assert response.pointers == [f"/{parameter}"]


@pytest.mark.parametrize("raw", [b"{", b"[1", b"\xff", b'{"project_id": "\\ud800"}', b"{'project_id': 1}"])
def test_what_is_not_json_is_refused(call: Api, raw: bytes) -> None:
    response = call("POST", "projects/", raw)
    assert (response.status, response.pointers) == (400, [""])
    assert "not JSON" in response.json["detail"]


def test_an_empty_body_has_its_own_message(call: Api) -> None:
    for raw in (b"", b" \n"):
        response = call("POST", "projects/", raw)
        assert (response.status, response.pointers) == (400, [""])
        assert response.json["detail"] == "The body is empty; send JSON."


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        ("projects/sync/", {}, "This should be a list: [{...}]."),
        ("traces/sync/", [{**TRACE, "projects": 1}], "This should be a list: [...]."),
        ("projects/sync/", [{"project_id": "a", "zip": 1}], "There is no field 'zip' here; did you mean 'zipcode'?"),
        ("meter_runs/bulk/", {"targets": [{"trase": 1}]}, "There is no field 'trase' here; did you mean 'trace'?"),
        ("meter_runs/bulk/", {}, "The field 'targets' is required."),
        ("projects/", {"project_id": "a", "x" * 99: 1}, f"There is no field '{'x' * 60}...' here."),
        (
            "traces/",
            {**TRACE, "projects": ["B-1"]},
            "This should be the numeric id, an integer; GET projects/?project_id=B-1 returns it.",
        ),
    ],
)
def test_the_detail_says_what_is_wrong_in_a_body(call: Api, path: str, body: Any, detail: str) -> None:
    assert call("POST", path, body).json["detail"] == detail


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("POST", "projects/", {"project_id": "a\0"}, "/project_id"),
        ("POST", "projects/", {"project_id": "a", "metadata": {"a\0/b": 1}}, "/metadata/a\0~1b"),
        ("POST", "projects/sync/", [{"project_id": "\0"}], "/0/project_id"),
        ("POST", "traces/", {**TRACE, "trace_id": "a\0b"}, "/trace_id"),
        ("POST", "traces/sync/", [{**TRACE, "trace_id": "\0b"}], "/0/trace_id"),
        ("POST", "trace_groups/", {"name": "\0", "filter_specification": {**TARGET, "target": "trace_id"}}, "/name"),
        ("POST", "trace_groups/", {"name": "a", "filter_specification": TARGET}, "/filter_specification/target"),
        ("POST", "meter_runs/", {"trace": 1, "model_class": "Daily\0Model"}, "/model_class"),
        ("POST", "meter_runs/bulk/", {"targets": [{"trace": 1}], "formatter_class": "\0"}, "/formatter_class"),
        ("GET", "projects/?project_id=a%00b", None, "/project_id"),
        ("GET", "traces/?trace_id=%00", None, "/trace_id"),
        ("GET", "trace_groups/?name=a%00", None, "/name"),
    ],
)
def test_a_name_contains_no_nul(call: Api, method: str, path: str, body: Any, pointer: str) -> None:
    answer = call(method, path, body)
    assert (answer.status, answer.pointers) == (400, [pointer])
    if "target" not in pointer:
        assert answer.json["detail"] == "This contains the character NUL (U+0000); remove it."


@pytest.mark.parametrize(
    ("method", "path", "raw", "pointer"),
    [
        ("GET", "projects/?project_id=a%ff", b"", "/project_id"),
        ("GET", "traces/?trace_id=%c3%28", b"", "/trace_id"),
        ("GET", "trace_groups/?name=%ed%a0%80", b"", "/name"),
        ("POST", "projects/", '{"project_id": "a\ufffd"}'.encode(), "/project_id"),
        ("POST", "projects/", b'{"project_id": "a", "metadata": {"\\ufffd": 1}}', "/metadata/\ufffd"),
        ("POST", "projects/sync/", b'[{"project_id": "\\ufffd"}]', "/0/project_id"),
    ],
)
def test_a_name_has_no_bytes_that_are_not_utf_8(call: Api, method: str, path: str, raw: bytes, pointer: str) -> None:
    answer = call(method, path, raw)
    assert (answer.status, answer.pointers) == (400, [pointer])
    assert "UTF-8" in answer.json["detail"]


def test_a_body_that_is_not_utf_8_is_refused(call: Api) -> None:
    for raw in (b'{"project_id": "a\xff"}', b'{"project_id": "\xed\xa0\x80"}', b'{"project_id": "a", "\xff": 1}'):
        assert call("POST", "projects/", raw).status == 400


@pytest.mark.parametrize("value", INTEGERS)
@pytest.mark.parametrize("filter", ["meter_runs/?batch", "traces/?projects", "trace_records/?trace"])
def test_an_id_in_a_query_is_an_integer(call: Api, filter: str, value: str) -> None:
    assert call("GET", f"{filter}={value}").status == 400


def test_the_value_of_a_metadata_field_may_contain_anything(call: Api) -> None:
    assert call("POST", "projects/", {"project_id": "a", "metadata": {"b": "\0"}}).json["metadata"] == {"b": "\0"}


def test_the_first_100_errors_are_listed(call: Api) -> None:
    problem = call("POST", "projects/sync/", [{}] * 150).json
    assert problem["detail"] == "The request has at least 100 errors; see `errors` for the first. There may be more."
    assert len(problem["errors"]) == 100


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("trce=1", "There is no parameter 'trce' here; did you mean 'trace'?"),
        ("limit=1", "The parameter 'trace' is required."),
        ("trace=1&trace=2", "The parameter 'trace' is repeated; give it only once."),
        ("trace=1&limit=many", "This should be a valid integer."),
        (
            "trace=M-1",
            "This should be the numeric id, an integer; GET traces/?trace_id=M-1 returns it.",
        ),
    ],
)
def test_the_detail_says_what_is_wrong_in_a_query(call: Api, query: str, detail: str) -> None:
    errors = call("GET", f"trace_records/?{query}").json["errors"]
    assert detail in [error["detail"] for error in errors]


def test_another_content_type_is_refused(call: Api) -> None:
    assert call("POST", "projects/", b"a,b", Content_Type="text/csv").status == 415
    for accepted in ("application/json; charset=utf-8", "Application/JSON"):
        assert call("POST", "projects/", b"{}", Content_Type=accepted).status == 400


def test_a_body_over_6_mb_is_refused_with_an_alternative(call: Api) -> None:
    response = call("POST", "trace_records/", b"[" + b" " * 6_000_000 + b"]")
    assert response.status == 413
    assert "6 MB" in response.json["detail"]
    assert "several requests" in response.json["detail"]
    assert call("POST", "trace_records/", b"[" + b" " * 5_999_998 + b"]").status == 201


def test_an_unexpected_error_is_logged_and_hidden_from_the_client(
    call: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("table eemeter-datastore-dev-projects is on fire")

    monkeypatch.setattr(projects, "page", fail)
    response = call("GET", "projects/")
    assert response.status == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "fire" not in response.text
    assert "Traceback" not in response.text


@pytest.mark.parametrize(
    "error",
    [
        Busy("other requests changed the same items"),
        ClientError({"Error": {"Code": "SlowDown"}}, "PutObject"),
        GetError(cause=ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "GetItem")),
    ],
)
def test_a_throttled_or_contended_request_may_be_repeated(
    call: Api, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(projects, "page", fail)
    response = call("GET", "projects/")
    assert response.status == 503
    assert response.json["type"].endswith(":unavailable")
    assert int(response.headers["Retry-After"]) >= 1


def test_health_reports_whether_the_tables_can_be_reached(call: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    call.scopes = ""
    assert call("GET", "healthz/").json == {"status": "ok"}

    def fail() -> None:
        raise ConnectionError

    monkeypatch.setattr(health, "check", fail)
    assert call("GET", "healthz/").status == 503


def test_docs_need_no_token_and_no_other_host(call: Api) -> None:
    call.scopes = ""
    page = call("GET", "docs/")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "//" not in re.sub(r"^\s*//.*$", "", page.text, flags=re.MULTILINE)
    for file in re.findall(r"\{docs\}/([\w.-]+)", page.text):
        served = call("GET", f"docs/{file}")
        assert served.status == 200
        assert len(served.text) > 100_000
    assert call("GET", "docs/passwd").status == 404
