"""What the function returns to API Gateway, for events as API Gateway sends them to a Lambda proxy integration."""

import base64
import json
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.app import Chalice

from tests.unit.api.conftest import Memory

REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
CONTEXT = SimpleNamespace(
    function_name="api", aws_request_id="1", get_remaining_time_in_millis=lambda: 29_000, memory_limit_in_mb=1769
)


def event(method: str, path: str, body: str | None = None, **headers: str) -> dict[str, Any]:
    """An event of a REST API (payload format 1.0), as in AWS's developer guide."""
    sent = {"Host": "abc.execute-api.us-east-1.amazonaws.com", "X-Forwarded-Proto": "https"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "resource": f"/api/v1/{path}",
        "path": f"/api/v1/{path}/",
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "123456",
            "authorizer": {"principalId": "someone", "scopes": "read write", "integrationLatency": 0},
            "resourcePath": f"/api/v1/{path}",
            "httpMethod": method,
            "extendedRequestId": "JKJaXmPLvHcESHA=",
            "requestTime": "10/Mar/2020:05:16:23 +0000",
            "path": f"/live/api/v1/{path}/",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "live",
            "domainPrefix": "abc",
            "requestTimeEpoch": 1583798639428,
            "requestId": REQUEST_ID,
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "curl/8.5.0"},
            "domainName": "abc.execute-api.us-east-1.amazonaws.com",
            "apiId": "abc",
        },
        "body": body,
        "isBase64Encoded": False,
    }


@pytest.fixture
def returned(app: Chalice, memory: Memory) -> Any:
    """Calls the function with an event."""
    return lambda sent: app(sent, CONTEXT)


@pytest.mark.parametrize("accepts", ["gzip", "identity", ""])
def test_the_body_is_text_which_api_gateway_compresses(returned: Any, accepts: str) -> None:
    answer = returned(event("GET", "openapi.json", Accept_Encoding=accepts))
    assert answer["statusCode"] == 200
    assert not answer.get("isBase64Encoded")
    assert json.loads(answer["body"])["openapi"] == "3.1.0"
    assert "Content-Encoding" not in answer["headers"]  # with one, API Gateway would compress nothing
    assert answer["headers"]["Vary"] == "Accept-Encoding"
    assert answer["headers"]["X-Request-Id"] == REQUEST_ID


def test_head_and_options_return_no_body(returned: Any) -> None:
    head, options = returned(event("HEAD", "openapi.json")), returned(event("OPTIONS", "projects"))
    assert (head["statusCode"], head["body"]) == (200, "")
    assert (options["statusCode"], options["body"]) == (204, "")
    assert options["headers"]["Allow"] == "GET, HEAD, POST, OPTIONS"


def test_a_wrong_method_returns_a_problem(returned: Any) -> None:
    answer = returned(event("PUT", "projects"))
    assert answer["statusCode"] == 405
    assert answer["headers"]["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert json.loads(answer["body"])["type"].endswith(":method-not-allowed")


def test_a_body_may_come_as_text_or_in_base64(returned: Any) -> None:
    for name in ("ä", "b"):
        body = json.dumps({"project_id": name}, ensure_ascii=False)
        sent = event("POST", "projects", body, Content_Type="application/json")
        if name == "b":
            sent |= {"body": base64.b64encode(body.encode()).decode(), "isBase64Encoded": True}
        answer = returned(sent)
        assert (answer["statusCode"], json.loads(answer["body"])["project_id"]) == (201, name)
