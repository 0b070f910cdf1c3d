"""What HTTP itself asks of every path, through the gateway: methods, origins, compression, ids and time of requests."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin

import boto3
import pytest
import requests

from benchmarks.shared import synthetic
from chalicelib.api import RESOURCES
from chalicelib.api.http.endpoints import METHODS
from infra.local.stack import LocalStack, Running
from tests.stack.client import Api

ABSENT = 999_999_999
ORIGINS = ("https://app.example", "https://other.example:8443")
SERVED: dict[str, set[str]] = {}  # the methods of each path
for resource in RESOURCES:
    for endpoint in resource.endpoints:
        SERVED.setdefault(endpoint.path.lstrip("/"), set()).update(endpoint.methods)


def with_id(path: str) -> str:
    return path.replace("{id}", str(ABSENT)).replace("{file}", "nothing.js")


def anonymous(api: Api, method: str, path: str, **headers: str) -> requests.Response:
    """The response to a request without a token."""
    return api.call(method, path, headers={"Authorization": None, **headers})


def test_the_server_of_the_document_is_this_one(api: Api) -> None:
    (server,) = api.document["servers"]
    assert urljoin(api.url + "openapi.json", server["url"]) + "/" == api.url


class TestMethods:
    @pytest.mark.parametrize("path", SERVED)
    def test_a_method_that_a_path_does_not_accept_is_a_405_with_those_that_it_accepts(
        self, api: Api, path: str
    ) -> None:
        for method in set(METHODS) - SERVED[path] - {"OPTIONS"}:
            response = anonymous(api, method, with_id(path))
            assert response.status_code == 405, method
            assert set(response.headers["Allow"].split(", ")) == SERVED[path] | {"OPTIONS"}
            assert response.headers["Content-Type"] == "application/problem+json"
            if method != "HEAD":
                assert response.json()["type"] == "urn:eemeter-datastore:problem:method-not-allowed"

    @pytest.mark.parametrize("path", SERVED)
    def test_options_needs_no_token(self, api: Api, path: str) -> None:
        response = anonymous(api, "OPTIONS", with_id(path), Origin=ORIGINS[0])
        assert (response.status_code, response.content) == (204, b"")
        assert set(response.headers["Allow"].split(", ")) == SERVED[path] | {"OPTIONS"}
        assert not [name for name in response.headers if name.startswith("Access-Control")]

    @pytest.mark.parametrize("path", [path for path, served in SERVED.items() if "HEAD" in served])
    def test_head_is_a_get_without_a_body(self, api: Api, path: str) -> None:
        query = {"trace_records/": "?trace=1", "weather_records/": "?station=724390"}.get(path, "")
        get, head = (api.call(method, with_id(path) + query) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (get.status_code, b"")
        of_one = {"date", "x-request-id", "x-amzn-requestid", "x-amz-request-id"}
        of_the_connection = {"connection", "content-length", "content-encoding"}  # the server closes some connections
        for response in (get, head):
            for name in of_one | of_the_connection:
                response.headers.pop(name, None)
        assert head.headers == get.headers

    def test_head_needs_the_token_of_a_get(self, api: Api) -> None:
        assert anonymous(api, "HEAD", "projects/").status_code == 401
        assert anonymous(api, "HEAD", "healthz/").status_code == 200


@pytest.fixture(scope="module")
def large(api: Api) -> str:
    """A list of more than a kilobyte."""
    zipcode = "94110"
    api.post("projects/sync/", [{"project_id": uuid.uuid4().hex, "zipcode": zipcode} for _ in range(20)], 200)
    return f"projects/?zipcode={zipcode}"


class TestCompression:
    @pytest.mark.parametrize("accepts", ["gzip", "gzip, deflate, br", "br;q=0.1, gzip;q=1.0, identity;q=0"])
    def test_a_large_body_is_compressed_for_whoever_accepts_it(self, api: Api, large: str, accepts: str) -> None:
        plain = api.call("GET", large, headers={"Accept-Encoding": "identity"})
        compressed = api.call("GET", large, headers={"Accept-Encoding": accepts})
        assert compressed.headers["Content-Encoding"] == "gzip"
        assert int(compressed.headers["Content-Length"]) < len(plain.content) / 2
        assert compressed.content == plain.content
        assert [response.headers["Vary"] for response in (plain, compressed)] == ["Accept-Encoding, Accept"] * 2

    @pytest.mark.parametrize("accepts", ["identity", "gzip;q=0", "br", ""])
    def test_for_others_it_is_not(self, api: Api, large: str, accepts: str) -> None:
        response = api.call("GET", large, headers={"Accept-Encoding": accepts})
        assert "Content-Encoding" not in response.headers
        assert len(response.json()) >= 20

    def test_a_small_body_is_not(self, api: Api) -> None:
        assert "Content-Encoding" not in api.call("GET", "healthz/", headers={"Accept-Encoding": "gzip"}).headers

    def test_a_large_refusal_is_compressed_too(self, api: Api) -> None:
        response = api.call("POST", "projects/sync/", json=[{}] * 200, headers={"Accept-Encoding": "gzip"})
        assert (response.status_code, response.headers["Content-Encoding"]) == (400, "gzip")
        assert len(response.json()["errors"]) == 100


class TestRequestIds:
    def test_every_line_of_the_log_has_the_id_of_the_response(self, api: Api, aws: Callable[[str], Any]) -> None:
        start = int((time.time() - 60) * 1000)
        response = api.call("GET", f"projects/{ABSENT}/", headers={"X-Request-Id": "mine"})
        request_id = response.headers["X-Request-Id"]
        assert request_id != "mine"
        logs = aws("logs")
        (group,) = [
            group["logGroupName"]
            for page in logs.get_paginator("describe_log_groups").paginate()
            for group in page["logGroups"]
            if "APIHandler" in group["logGroupName"]
        ]
        deadline = time.monotonic() + 30
        lines: list[Any] = []
        while not lines and time.monotonic() < deadline:
            events = [
                event["message"]
                for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start)
                for event in page["events"]
                if request_id in event["message"]
            ]
            lines = [json.loads(line) for line in events if line.startswith("{")]
        assert [line["request_id"] for line in lines] == [request_id]
        assert (lines[0]["message"], lines[0]["status"]) == ("request", 404)

    def test_the_gateways_own_errors_have_one(self, api: Api) -> None:
        ids = {
            anonymous(api, method, path).headers["X-Request-Id"]
            for method, path in (("GET", "projects/"), ("GET", "nothing/"), ("POST", "meter_runs/"))
        }
        assert len(ids) == 3


@pytest.fixture(scope="module")
def open_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, Running]]:
    """A client of a stack that pages of two origins may call."""
    parameters = {"CorsOrigins": ",".join(ORIGINS)}
    with LocalStack(tmp_path_factory.mktemp("cors"), parameters=parameters) as running:
        yield Api(running.url, running.token), running


class TestCors:
    @pytest.mark.parametrize("origin", ORIGINS)
    def test_a_page_may_make_each_request_and_read_its_response(
        self, open_api: tuple[Api, Running], origin: str
    ) -> None:
        api, _ = open_api
        asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
        preflight = anonymous(api, "OPTIONS", "meter_runs/", Origin=origin, **asks)
        assert preflight.status_code == 204
        assert preflight.headers["Access-Control-Allow-Origin"] == origin
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"].split(", ")
        assert {"Authorization", "Content-Type", "Idempotency-Key"} <= set(
            preflight.headers["Access-Control-Allow-Headers"].split(", ")
        )
        assert int(preflight.headers["Access-Control-Max-Age"]) > 0
        created = api.call("POST", "projects/", json={"project_id": uuid.uuid4().hex}, headers={"Origin": origin})
        for response in (created, api.call("GET", "projects/?limit=0", headers={"Origin": origin})):
            assert response.headers["Access-Control-Allow-Origin"] == origin
            assert {"Link", "Location", "Retry-After", "X-Request-Id"} <= set(
                response.headers["Access-Control-Expose-Headers"].split(", ")
            )
            negotiated = [] if response is created else ["Accept"]
            assert response.headers["Vary"] == ", ".join(["Accept-Encoding", *negotiated, "Origin"])

    def test_a_page_of_another_origin_may_not(self, open_api: tuple[Api, Running]) -> None:
        api, _ = open_api
        for method in ("OPTIONS", "GET"):
            response = api.call(method, "projects/", headers={"Origin": "https://evil.example"})
            assert "Access-Control-Allow-Origin" not in response.headers

    def test_it_can_read_the_errors_of_the_gateway_itself(self, open_api: tuple[Api, Running]) -> None:
        api, running = open_api
        for path, status in (("projects/", 401), ("nothing/", 404)):
            response = anonymous(api, "GET", path, Origin=ORIGINS[0])
            assert response.status_code == status
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert "X-Request-Id" in response.headers["Access-Control-Expose-Headers"]
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=running.region)
        gateway = session.client("apigateway", endpoint_url=running.endpoint_url)
        responses = gateway.get_gateway_responses(restApiId=running.url.split("/")[5])["items"]
        kinds = {response["responseType"] for response in responses}
        assert kinds >= {"ACCESS_DENIED", "REQUEST_TOO_LARGE", "THROTTLED", "INTEGRATION_TIMEOUT", "DEFAULT_5XX"}
        for response in responses:
            allowed = response["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"]
            assert allowed == "'*'", response["responseType"]


@pytest.fixture
def seconds(aws: Callable[[str], Any]) -> Callable[[int], Any]:
    """Gives the function of the API so many seconds for each request, for a while."""
    functions = aws("lambda")
    (name,) = [
        one["FunctionName"] for one in functions.list_functions()["Functions"] if "APIHandler" in one["FunctionName"]
    ]

    @contextmanager
    def limited(seconds: int) -> Iterator[None]:
        before = functions.get_function_configuration(FunctionName=name)["Timeout"]
        functions.update_function_configuration(FunctionName=name, Timeout=seconds)
        try:
            yield
        finally:
            functions.update_function_configuration(FunctionName=name, Timeout=before)

    return limited


class TestTime:
    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("GET", "projects/", None),
            ("GET", "meter_runs/?status=FAILED", None),
            ("POST", "projects/sync/", [{"project_id": "out of time"}]),
            ("POST", "meter_runs/bulk/", {"targets": [{"trace": 1}]}),
            ("POST", "aggregation_runs/bulk/", {"targets": [{"projects": [1]}]}),
            ("POST", "meter_runs/check/", {"trace": 1}),
        ],
    )
    def test_a_request_without_time_is_a_503_that_wrote_nothing(
        self, api: Api, seconds: Callable[[int], Any], method: str, path: str, body: Any
    ) -> None:
        with seconds(4):
            problem = api.refused(method, path, 503, **({"json": body} if body else {}))
            assert problem["type"] == "urn:eemeter-datastore:problem:deadline-exceeded"
            assert int(api.call("GET", "projects/").headers["Retry-After"]) > 0
        assert api.get("projects/", project_id="out of time") == []

    def test_its_idempotency_key_can_be_used_again(self, api: Api, seconds: Callable[[int], Any]) -> None:
        items, headers = [{"project_id": uuid.uuid4().hex}], {"Idempotency-Key": uuid.uuid4().hex}
        with seconds(4):
            api.refused("POST", "projects/sync/", 503, json=items, headers=headers)
        assert api.post("projects/sync/", items, 200, **headers)[0]["status"] == "created"

    def test_derivatives_that_take_too_long_to_choose_are_chosen_by_the_run(
        self, api: Api, store: None, seconds: Callable[[int], Any]
    ) -> None:
        portfolio = synthetic.write(10, 2)
        body = {"projects": portfolio.projects, "derivative_interpretation": "annualized_weather_normal"}
        at_once = api.post("aggregation_runs/", body)
        with seconds(9):
            later = api.post("aggregation_runs/", body)
        assert at_once["trace_interpretation"] is not None
        assert later["trace_interpretation"] is None
        assert requests.get(later["aggregation_input"]).json()["derivatives"] is None
        results = [api.aggregated(run["id"]) for run in (at_once, later)]
        for result in results:
            for name in ("id", "aggregation_run", "aggregation_output", "added", "updated"):
                result.pop(name)
        assert results[0] == results[1]
        assert len(results[0]["derivatives"]) == 20

    def test_what_would_be_refused_then_fails_the_run(
        self, api: Api, store: None, seconds: Callable[[int], Any]
    ) -> None:
        derivative = synthetic.write(1, 1).derivatives[0].id
        with seconds(9):
            unknown = api.post("aggregation_runs/", {"derivatives": [derivative, ABSENT]})
        ended = api.ended(unknown["id"], "aggregation_runs")
        assert (ended["status"], ended["failure_message"]) == (
            "FAILED",
            f"These derivatives do not exist: {ABSENT}. Schedule the aggregation again without them.",
        )
