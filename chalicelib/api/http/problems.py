"""Errors as problem details (RFC 9457)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

CONTENT_TYPE = "application/problem+json"
MOST_ERRORS = 100  # listed in one problem


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its stable code (the last part of `type`; none: the status says all), status and title."""

    code: str
    status: int
    title: str

    @property
    def type(self) -> str:
        """The URI that identifies the kind."""
        return f"urn:eemeter-datastore:problem:{self.code}" if self.code else "about:blank"


INVALID = Kind("invalid-request", 400, "The request does not fit")
UNAUTHORIZED = Kind("", 401, "Unauthorized")
FORBIDDEN = Kind("missing-scope", 403, "The token lacks a scope")
NOT_FOUND = Kind("not-found", 404, "Not found")
DUPLICATE = Kind("duplicate", 409, "Already exists")
KEY_REUSED = Kind("idempotency-key-reused", 409, "The Idempotency-Key was used with another body")
KEY_IN_PROGRESS = Kind("idempotency-key-in-progress", 409, "The first request with this Idempotency-Key still runs")
TOO_LARGE = Kind("too-large", 413, "The body is too large")
OTHER_TYPE = Kind("unsupported-media-type", 415, "The body is declared as another content type")
INTERNAL = Kind("internal-error", 500, "The datastore failed")
UNAVAILABLE = Kind("unavailable", 503, "The datastore cannot answer now")


@with_config(ConfigDict(extra="forbid"))
class ErrorItem(TypedDict):
    """One thing that is wrong, and where."""

    pointer: Annotated[
        str,
        Field(
            description="An RFC 6901 JSON pointer to the place: into the body, or, when `parameter` is there, "
            "into the object of the query's parameters. The empty pointer is the whole body.",
            examples=["/targets/0/project"],
        ),
    ]
    parameter: NotRequired[Annotated[str, Field(description="The query parameter that is wrong.", examples=["limit"])]]
    detail: Annotated[str, Field(description="What is wrong, and what would be right.")]


@with_config(ConfigDict(extra="forbid"))
class ProblemOut(TypedDict):
    """Why a request was refused (RFC 9457)."""

    type: Annotated[
        str, Field(description="A stable URI for this kind of problem.", json_schema_extra={"format": "uri"})
    ]
    title: Annotated[str, Field(description="The kind of problem in words.")]
    status: Annotated[int, Field(description="The HTTP status.")]
    detail: Annotated[str, Field(description="What was wrong this time.")]
    errors: NotRequired[
        Annotated[list[ErrorItem], Field(description=f"For bad input: each error, at most {MOST_ERRORS} of them.")]
    ]


class Problem(Exception):
    """A refused request."""

    def __init__(
        self, kind: Kind, detail: str, errors: Iterable[ErrorItem] = (), headers: dict[str, str] | None = None
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
            document["errors"] = self.errors[:MOST_ERRORS]
        return document


def pointer(*path: str | int) -> str:
    """The RFC 6901 pointer to a path of keys and positions.

    >>> pointer("targets", 0, "a/b")
    '/targets/0/a~1b'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def error(detail: str, *path: str | int) -> ErrorItem:
    """What is wrong at a path of the body."""
    return {"pointer": pointer(*path), "detail": detail}


def invalid(*errors: ErrorItem, count: int | None = None) -> Problem:
    """The 400 for these errors; `count`: how many there are, when only the first are here."""
    count = count or len(errors)
    detail = errors[0]["detail"] if count == 1 else f"{count} things in the request are wrong; see errors."
    return Problem(INVALID, detail, errors)


def refuse_any(errors: list[ErrorItem]) -> None:
    """Raises the 400 when there is any error."""
    if errors:
        raise invalid(*errors)
