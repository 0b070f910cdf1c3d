"""Pages of lists: their links, their size, and the URLs in them."""

import json
import re

import pytest
from chalice.app import Request

from chalicelib.api.http import paging, urls
from tests.unit.api.conftest import Api


def test_links_lead_through_all_pages_and_keep_the_filters(call: Api) -> None:
    for name in range(5):
        call("POST", "projects/", {"project_id": str(name), "zipcode": "60601"})
    path, seen = "projects/?zipcode=60601&limit=2", []
    for _ in range(3):
        response = call("GET", path)
        seen += [project["id"] for project in response.json]
        if "Link" not in response.headers:
            break
        (url,) = re.findall(r'^<(.*)>; rel="next"$', response.headers["Link"])
        assert url.startswith("http://api.example.com/api/v1/projects/?")
        assert "zipcode=60601" in url
        assert "limit=2" in url
        path = url.removeprefix("http://api.example.com/api/v1/")
    assert seen == [1, 2, 3, 4, 5]


def test_links_lead_through_all_records(call: Api) -> None:
    call("POST", "traces/", {"trace_id": "t", "interpretation": "E_C_S", "unit": "kWh"})
    records = [{"trace": 1, "start": f"2015-01-01T00:00:00.{n:06d}Z", "value": n} for n in range(5)]
    call("POST", "trace_records/", records)
    path, seen = "trace_records/?trace=1&limit=2", []
    while path:
        response = call("GET", path)
        seen += [record["value"] for record in response.json]
        link = re.findall(r"<http://api.example.com/api/v1/(.*)>", response.headers.get("Link", ""))
        path = link[0] if link else ""
    assert seen == [0, 1, 2, 3, 4]


def test_a_page_ends_before_it_is_too_large_for_lambda(call: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in range(3):
        call("POST", "projects/", {"project_id": str(name)})
    size = len(json.dumps(call("GET", "projects/1/").json, separators=(",", ":")))
    monkeypatch.setattr(paging, "MAX_RESPONSE_BYTES", int(size * 2.5))
    first = call("GET", "projects/")
    assert [project["id"] for project in first.json] == [1, 2]
    assert "after=2" in first.headers["Link"]
    monkeypatch.setattr(paging, "MAX_RESPONSE_BYTES", 1)
    assert [project["id"] for project in call("GET", "projects/").json] == [1]


@pytest.mark.parametrize(
    ("context", "headers", "url"),
    [
        (
            {"path": "/dev/api/v1/projects/", "apiId": "abc", "domainName": "abc.execute-api.us-east-1.amazonaws.com"},
            {"host": "abc.execute-api.us-east-1.amazonaws.com", "x-forwarded-proto": "https"},
            "https://abc.execute-api.us-east-1.amazonaws.com/dev/api/v1/projects/",
        ),
        (
            {"path": "/api/v1/projects", "apiId": "abc", "domainName": "example.openeemeter.org"},
            {"host": "example.openeemeter.org", "x-forwarded-proto": "https"},
            "https://example.openeemeter.org/api/v1/projects",
        ),
        (
            {"path": "/dev/api/v1/projects/", "apiId": "abc"},
            {"host": "127.0.0.1:4599"},
            "http://127.0.0.1:4599/_aws/execute-api/abc/dev/api/v1/projects/",
        ),
        (
            {"path": "/dev/api/v1/projects/", "apiId": "abc"},
            {"host": "abc.execute-api.localhost:4599"},
            "http://abc.execute-api.localhost:4599/dev/api/v1/projects/",
        ),
    ],
)
def test_urls_are_those_that_the_client_sees(context: dict[str, str], headers: dict[str, str], url: str) -> None:
    request = Request(
        {
            "multiValueQueryStringParameters": {"limit": ["2"], "after": ["3"]},
            "headers": headers,
            "pathParameters": None,
            "requestContext": {"httpMethod": "GET", "resourcePath": "/api/v1/projects", **context},
            "body": None,
            "stageVariables": None,
        }
    )
    assert urls.client_url(request) == url
    assert urls.base_path(request) == "/" + url.split("/", 3)[3].partition("/projects")[0]
    assert urls.next_link(request, 9) == f'<{url}?limit=2&after=9>; rel="next"'
