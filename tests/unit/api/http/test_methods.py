"""What holds on every path: HEAD, OPTIONS, methods that it does not accept, other origins, ids and time of requests."""

import json
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from chalice.app import Chalice

from chalicelib import deadline
from chalicelib.api.http import cors, serving
from chalicelib.api.http.endpoints import METHODS
from chalicelib.api.http.urls import BASE
from chalicelib.deadline import DeadlineExceededError
from chalicelib.store.collections import projects
from tests.unit.api.conftest import Api, Memory

ORIGIN, OTHER = "https://app.example", "https://other.example"


@pytest.fixture
def paths(app: Chalice) -> dict[str, set[str]]:
    """Each path with the methods that it accepts."""
    return {
        path.removeprefix(f"{BASE}/").replace("{id}", "1").replace("{file}", "swagger-ui.min.css"): {
            method for method, route in methods.items() if route.view_function.__name__ != "view_without_endpoint"
        }
        for path, methods in app.routes.items()
    }


class TestHead:
    @pytest.mark.parametrize(
        "path",
        ["projects/", "projects/1/", "projects/7/", "projects/?limit=0", "projects/?limit=1", "openapi.json", "docs/"],
    )
    def test_it_is_a_get_without_a_body(self, call: Api, path: str) -> None:
        for name in ("a", "b"):
            call("POST", "projects/", {"project_id": name})
        get, head = call("GET", path), call("HEAD", path)
        assert head.status == get.status
        assert head.text == ""
        for answer in (get, head):
            answer.headers.pop("X-Request-Id")
        assert head.headers == get.headers

    def test_it_needs_what_the_get_needs(self, call: Api) -> None:
        call.scopes = "write"
        assert call("HEAD", "projects/").status == 403
        assert call("HEAD", "healthz/").status == 200


class TestOtherMethods:
    def test_every_path_names_the_methods_that_it_accepts(self, call: Api, paths: dict[str, set[str]]) -> None:
        call.scopes = ""
        for path, served in paths.items():
            for method in set(METHODS) - served - {"OPTIONS"}:
                answer = call(method, path)
                assert (answer.status, answer.headers["Content-Type"]) == (405, "application/problem+json")
                assert set(answer.headers["Allow"].split(", ")) == served | {"OPTIONS"}
                if method != "HEAD":
                    assert answer.json["type"].endswith(":method-not-allowed")
                    assert f"does not accept {method}" in answer.json["detail"]

    def test_options_needs_no_token_and_lists_the_methods(self, call: Api, paths: dict[str, set[str]]) -> None:
        call.scopes = ""
        for path, served in paths.items():
            answer = call("OPTIONS", path)
            assert (answer.status, answer.text) == (204, "")
            assert set(answer.headers["Allow"].split(", ")) == served | {"OPTIONS"}

    def test_the_methods_come_in_one_order(self, call: Api) -> None:
        assert call("OPTIONS", "projects/1/").headers["Allow"] == "GET, HEAD, PATCH, DELETE, OPTIONS"


class TestCors:
    @pytest.mark.parametrize(("method", "path"), [("GET", "projects/"), ("OPTIONS", "projects/"), ("PUT", "docs/")])
    def test_by_default_no_header_allows_anything(self, call: Api, method: str, path: str) -> None:
        answer = call(method, path, Origin=ORIGIN, Access_Control_Request_Method="POST")
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
        assert answer.headers["Vary"] == ("Accept-Encoding, Accept" if method == "GET" else "Accept-Encoding")

    @pytest.mark.parametrize("origins", [("*",), (ORIGIN,), (OTHER, ORIGIN)])
    def test_a_page_of_an_allowed_origin_may_ask_and_read(
        self, call: Api, memory: Memory, origins: tuple[str, ...]
    ) -> None:
        memory.cors_origins = origins
        allowed = "*" if "*" in origins else ORIGIN
        preflight = call("OPTIONS", "projects/", Origin=ORIGIN, Access_Control_Request_Method="POST")
        assert preflight.status == 204
        assert preflight.headers["Access-Control-Allow-Origin"] == allowed
        assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, OPTIONS"
        headers = set(preflight.headers["Access-Control-Allow-Headers"].split(", "))
        assert headers >= {"Authorization", "Content-Type", "Idempotency-Key", "X-Request-Id"}
        assert int(preflight.headers["Access-Control-Max-Age"]) == cors.MAX_AGE
        for method, path, status in (
            ("POST", "projects/", 400),
            ("GET", "projects/9/", 404),
            ("PUT", "projects/", 405),
        ):
            answer = call(method, path, {}, Origin=ORIGIN)
            assert answer.status == status
            assert answer.headers["Access-Control-Allow-Origin"] == allowed
            exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
            assert exposed >= {"Link", "Location", "Retry-After", "X-Request-Id"}
            assert "Access-Control-Allow-Credentials" not in answer.headers

    def test_a_page_of_another_origin_may_not(self, call: Api, memory: Memory) -> None:
        memory.cors_origins = (ORIGIN,)
        for origin in (OTHER, ORIGIN + ".evil.example", "null", ORIGIN.replace("https", "http"), ""):
            for method in ("GET", "OPTIONS"):
                answer = call(method, "projects/", Origin=origin)
                assert not [name for name in answer.headers if name.startswith("Access-Control")]
                negotiated = ["Accept"] if method == "GET" else []
                assert answer.headers["Vary"] == ", ".join(["Accept-Encoding", *negotiated, "Origin"])

    def test_what_is_no_page_is_answered_as_ever(self, call: Api, memory: Memory) -> None:
        memory.cors_origins = (ORIGIN,)
        assert "Access-Control-Allow-Origin" not in call("GET", "projects/").headers


class TestRequestId:
    def test_it_is_the_gateways_and_not_the_clients(
        self, call: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lines: list[dict[str, Any]] = []
        handler = Logger().registered_handler
        monkeypatch.setattr(handler, "emit", lambda record: lines.append(json.loads(handler.format(record))))
        for method, path in (("GET", "projects/"), ("GET", "projects/7/"), ("PUT", "projects/"), ("OPTIONS", "docs/")):
            answer = call(method, path, X_Request_Id="mine")
            assert answer.headers["X-Request-Id"] not in ("", "mine")
            assert lines[-1]["message"] == "request"
            assert lines[-1]["request_id"] == answer.headers["X-Request-Id"]
            assert (lines[-1]["method"], lines[-1]["status"]) == (method, answer.status)

    def test_a_replayed_response_has_that_of_its_own_request(self, call: Api) -> None:
        first, again = (call("POST", "projects/", {"project_id": "a"}, Idempotency_Key="k") for _ in range(2))
        assert first.text == again.text
        assert first.headers["X-Request-Id"] != again.headers["X-Request-Id"]


class TestTime:
    def test_a_request_that_would_exceed_its_deadline_is_refused(
        self, call: Api, memory: Memory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def find_many(keys: list[str]) -> dict[str, Any]:
            raise DeadlineExceededError

        sync, periods = memory.projects.sync, {"baseline_period_end": "2016-01-01"}
        monkeypatch.setattr(projects, "find_many", find_many)
        refused = call("POST", "projects/sync/", [{"project_id": "a", **periods}], Idempotency_Key="k")
        assert (refused.status, refused.json["type"].rpartition(":")[2]) == (503, "deadline-exceeded")
        assert int(refused.headers["Retry-After"]) > 0
        assert "29 seconds" in refused.json["detail"]
        assert not memory.projects.rows
        monkeypatch.setattr(projects, "find_many", memory.projects.find_many)
        monkeypatch.setattr(projects, "sync", sync)
        assert call("POST", "projects/sync/", [{"project_id": "a", **periods}], Idempotency_Key="k").status == 200

    def test_it_has_what_lambda_has_left_but_for_a_reserve(self, call: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        left: list[float] = []
        page = projects.page

        def noting(**filters: Any) -> Any:
            left.append(deadline.left())
            return page(**filters)

        monkeypatch.setattr(projects, "page", noting)
        monkeypatch.setattr(serving, "_seconds", lambda request: 29.0)
        assert call("GET", "projects/").status == 200
        assert 29 - serving.RESERVE - 1 < left[0] <= 29 - serving.RESERVE
        assert deadline.left() > 1e9  # nothing is left of it for whoever comes next
