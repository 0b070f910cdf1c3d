"""Errors as problem details (RFC 9457)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

CONTENT_TYPE = "application/problem+json"
MAX_ERRORS = 100  # listed per problem document


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
KEY_REUSED = ProblemType("idempotency-key-reused", 409, "The Idempotency-Key was used with a different request")
KEY_IN_PROGRESS = ProblemType(
    "idempotency-key-in-progress", 409, "The first request with this Idempotency-Key is still running"
)
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "The path does not accept this method")
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
        Annotated[list[ErrorItem], Field(description=f"For invalid input: the errors, at most {MAX_ERRORS} of them.")]
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
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = self.errors[:MAX_ERRORS]
        return document


def pointer(*path: str | int) -> str:
    """The RFC 6901 pointer for a path of keys and list positions.

    >>> pointer("targets", 0, "a/b")
    '/targets/0/a~1b'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def error(detail: str, *path: str | int) -> ErrorItem:
    """An error at a path in the body."""
    return {"pointer": pointer(*path), "detail": detail}


def invalid(*errors: ErrorItem, count: int | None = None) -> Problem:
    """The 400 Problem for these errors; `count`: how many there are in total, if only the first are passed."""
    count = count or len(errors)
    detail = errors[0]["detail"] if count == 1 else f"The request has {count} errors; see `errors`."
    return Problem(INVALID, detail, errors)


def raise_if_any(errors: list[ErrorItem]) -> None:
    """Raise the 400 Problem if there is any error."""
    if errors:
        raise invalid(*errors)
