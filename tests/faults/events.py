"""The events that AWS calls the functions with: a request through API Gateway, and a message of SQS."""

import json
import uuid
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

from tests.faults.injection import Killed


@dataclass(frozen=True)
class Answer:
    """A response of the API."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def is_in_progress(self) -> bool:
        """Whether the first request with the same Idempotency-Key has not ended."""
        return self.status == 409 and "in-progress" in self.body["type"]


def respond(method: str, path: str, body: Any, key: str, token: str, prefer: str = "") -> Answer:
    """The response of the authorizer and the API to a request with a token.

    key, prefer: the headers Idempotency-Key and Prefer, unless empty.
    """
    from app import app
    from chalicelib.jobs.authorize import authorize

    path, _, query = path.partition("?")
    secret = f"Bearer {token}"
    try:
        admitted = authorize(SimpleNamespace(token=secret))  # type: ignore[arg-type]
    except Killed:
        raise
    except Exception as error:
        return Answer(401 if str(error) == "Unauthorized" else 503, None, {})
    route, parameters = _route(app, method, "/api/v1/" + path.rstrip("/"))
    optional = {"idempotency-key": key, "prefer": prefer}
    headers = {"content-type": "application/json", "host": "127.0.0.1"}
    event = {
        "resource": route,
        "path": f"/api/v1/{path}",
        "httpMethod": method,
        "headers": headers | {name: value for name, value in optional.items() if value},
        "multiValueQueryStringParameters": parse_qs(query) or None,
        "pathParameters": parameters,
        "stageVariables": None,
        "isBase64Encoded": False,
        "body": None if body is None else json.dumps(body),
        "requestContext": {
            "resourcePath": route,
            "httpMethod": method,
            "path": f"/dev/api/v1/{path}",
            "stage": "dev",
            "domainName": "127.0.0.1",
            "requestId": uuid.uuid4().hex,
            "identity": {"sourceIp": "127.0.0.1"},
            "authorizer": {"principalId": admitted.principal_id, **admitted.context},
        },
    }
    answer = app(event, context_of(30))
    text = answer["body"]
    return Answer(answer["statusCode"], json.loads(text) if text else None, answer["headers"])


def context_of(seconds: int) -> Any:
    """The context of an invocation with this many seconds left."""
    return SimpleNamespace(
        function_name="function",
        aws_request_id=uuid.uuid4().hex,
        get_remaining_time_in_millis=lambda: seconds * 1000,
    )


def record_of(message: dict[str, Any], url: str) -> dict[str, Any]:
    """A message of a queue as a record of an event."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {"ApproximateReceiveCount": "1"}),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{url.rpartition('/')[2]}",
    }


def _route(app: Any, method: str, path: str) -> tuple[str, dict[str, str]]:
    for route, methods in sorted(app.routes.items(), key=lambda found: "{" in found[0]):
        wanted, given = route.split("/"), path.split("/")
        if method in methods and len(wanted) == len(given):
            pairs = list(zip(wanted, given, strict=True))
            if all(name == value or name.startswith("{") for name, value in pairs):
                return route, {name[1:-1]: value for name, value in pairs if name.startswith("{")}
    raise LookupError(f"{method} {path}")
