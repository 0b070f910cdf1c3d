"""What can go wrong, as exceptions whose text says what to do."""

import json
from typing import Any

import httpx

MAX_TEXT = 300  # characters of a response that is not a problem document


class DatastoreError(Exception):
    """The base class of all errors of this package."""


class Unreachable(DatastoreError):
    """The datastore has not responded, after all retries."""


class Problem(DatastoreError):
    """A request that the datastore refused: a problem document (RFC 9457).

    status: the HTTP status. type, title, detail: as in the document. errors: for invalid input, a list of
    {"pointer", "detail"} and, for a query parameter, "parameter".
    """

    def __init__(self, status: int, document: dict[str, Any], request: str) -> None:
        self.status, self.document, self.request = status, document, request
        self.type = str(document.get("type", "about:blank"))
        self.title = str(document.get("title", ""))
        self.detail = str(document.get("detail", ""))
        self.errors: list[dict[str, str]] = document.get("errors", [])
        super().__init__(f"{request}: {status} {self.title}: {self.detail}")


class NotAuthorized(Problem):
    """The token is missing, unknown, expired, or lacks a scope (401 or 403)."""


class Failed(DatastoreError):
    """An upload, an export or an aggregation that the datastore accepted has FAILED.

    resource: what has failed, as the API returns it.
    """

    def __init__(self, what: str, resource: dict[str, Any]) -> None:
        self.resource = resource
        super().__init__(f"{what} FAILED: {resource['failure_message']}")


def problem_of(response: httpx.Response) -> Problem:
    """Return the error of a response with a 4xx or 5xx status, whatever its body is."""
    request = f"{response.request.method} {response.request.url.copy_with(query=None)}"
    try:
        document = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        document = None
    if not isinstance(document, dict) or "detail" not in document:
        message = document.get("message") if isinstance(document, dict) else None
        document = {"title": response.reason_phrase, "detail": message or response.text[:MAX_TEXT]}
    kind = NotAuthorized if response.status_code in (401, 403) else Problem
    return kind(response.status_code, document, request)
