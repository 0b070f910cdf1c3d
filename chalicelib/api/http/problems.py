"""Errors as problem details (RFC 9457)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.quoting import shortened

CONTENT_TYPE = "application/problem+json"
MAX_ERRORS = 100  # listed per problem document; no more are looked for
MAX_COUNTED = 10_000  # errors; more are too many to look for the first ones
MAX_DETAIL, MAX_POINTER = 2_000, 1_000  # characters
MAX_BYTES = 90_000  # of the listed errors, so that a problem document is below 100 kB


@dataclass(frozen=True)
class ProblemType:
    """A problem type (RFC 9457): its status, its title, and its stable code, the last part of `type`.

    An empty code means that the status says it all.
    """

    code: str
    status: int
    title: str

    @property
    def type(self) -> str:
        """The URI that identifies the problem type."""
        return f"urn:eemeter-datastore:problem:{self.code}" if self.code else "about:blank"


INVALID = ProblemType("invalid-request", 400, "The request is not valid")
UNAUTHORIZED = ProblemType("", 401, "Unauthorized")
FORBIDDEN = ProblemType("missing-scope", 403, "The token lacks a scope")
NOT_FOUND = ProblemType("not-found", 404, "Not found")
DUPLICATE = ProblemType("duplicate", 409, "Already exists")
GONE = ProblemType("deleted", 409, "Deleted at the same time")
AWAITED = ProblemType("awaited", 409, "An aggregation waits for it")
PARTS_MISSING = ProblemType("parts-missing", 409, "Parts of the file have not arrived")
NOT_WAITING = ProblemType("not-waiting", 409, "It does not wait for a file in parts")
UNFINISHED = ProblemType("unfinished", 409, "It has not ended")
KEY_REUSED = ProblemType("idempotency-key-reused", 409, "The Idempotency-Key was used with a different request")
KEY_IN_PROGRESS = ProblemType(
    "idempotency-key-in-progress", 409, "The first request with this Idempotency-Key is still running"
)
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "The path does not accept this method")
NOT_ACCEPTABLE = ProblemType("not-acceptable", 406, "The response cannot have an accepted content type")
TOO_LARGE = ProblemType("too-large", 413, "The body is too large")
UNSUPPORTED_MEDIA_TYPE = ProblemType("unsupported-media-type", 415, "The Content-Type is not accepted here")
TOO_MANY_REQUESTS = ProblemType("", 429, "Too Many Requests")  # API Gateway's own, like the 504
INTERNAL = ProblemType("internal-error", 500, "The datastore had an internal error")
UNAVAILABLE = ProblemType("unavailable", 503, "The datastore is temporarily unavailable")
DEADLINE_EXCEEDED = ProblemType("deadline-exceeded", 503, "The request took too long")
GATEWAY_TIMEOUT = ProblemType("", 504, "Gateway Timeout")


@with_config(ConfigDict(extra="forbid"))
class ErrorItem(TypedDict):
    """One error and its location."""

    pointer: Annotated[
        str,
        Field(
            description="An RFC 6901 JSON pointer to the error: into the body or, if `parameter` is present, into the "
            "object of query parameters. The empty pointer means the whole body.",
            examples=["/targets/0/project"],
        ),
    ]
    parameter: NotRequired[Annotated[str, Field(description="The query parameter that is wrong.", examples=["limit"])]]
    detail: Annotated[str, Field(description="What is wrong and how to fix it.")]


@with_config(ConfigDict(extra="forbid"))
class ProblemOut(TypedDict):
    """Why a request was refused (RFC 9457)."""

    type: Annotated[
        str, Field(description="A stable URI for this kind of problem.", json_schema_extra={"format": "uri"})
    ]
    title: Annotated[str, Field(description="The kind of problem in words.")]
    status: Annotated[int, Field(description="The HTTP status code.")]
    detail: Annotated[str, Field(description="What is wrong with this request.")]
    errors: NotRequired[
        Annotated[
            list[ErrorItem],
            Field(description=f"For invalid input: the first errors, at most {MAX_ERRORS}; long texts are cut short."),
        ]
    ]


class Problem(Exception):
    """Raised to refuse a request."""

    def __init__(
        self, kind: ProblemType, detail: str, errors: Iterable[ErrorItem] = (), headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.errors, self.headers = kind, detail, list(errors), headers or {}

    def document(self) -> dict[str, Any]:
        """The problem details object."""
        document: dict[str, Any] = {
            "type": self.kind.type,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": shortened(self.detail, MAX_DETAIL),
        }
        listed, size = list[ErrorItem](), 0
        for found in map(_shortened, self.errors[:MAX_ERRORS]):
            size += len(json.dumps(found))  # at least as many bytes as the response has
            if size > MAX_BYTES:
                break
            listed.append(found)
        if listed:
            document["errors"] = listed
        return document


def _shortened(found: ErrorItem) -> ErrorItem:
    short: ErrorItem = {
        "pointer": shortened(found["pointer"], MAX_POINTER),
        "detail": shortened(found["detail"], MAX_DETAIL),
    }
    if "parameter" in found:
        short["parameter"] = shortened(found["parameter"], MAX_POINTER)
    return short


def pointer(*path: str | int) -> str:
    """The RFC 6901 pointer for a path of keys and list positions.

    >>> pointer("targets", 0, "a/b")
    '/targets/0/a~1b'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def error(detail: str, *path: str | int) -> ErrorItem:
    """An error at a path in the body."""
    return {"pointer": pointer(*path), "detail": detail}


def invalid(*errors: ErrorItem) -> Problem:
    """The 400 Problem for these errors; if there are MAX_ERRORS, there may be more."""
    if len(errors) == 1:
        detail = errors[0]["detail"]
    elif len(errors) < MAX_ERRORS:
        detail = f"The request has {len(errors)} errors; see `errors`."
    else:
        detail = f"The request has at least {MAX_ERRORS} errors; see `errors` for the first. There may be more."
    return Problem(INVALID, detail, errors)


def raise_if_any(errors: list[ErrorItem]) -> None:
    """Raise the 400 Problem if there is any error."""
    if errors:
        raise invalid(*errors)
