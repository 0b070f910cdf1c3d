"""Declarations of endpoints; both the routes and the OpenAPI document are derived from them."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar, get_args, get_origin

from chalice.app import Blueprint, Request, Response
from pydantic import TypeAdapter

from chalicelib.api.http.fields import Query
from chalicelib.api.http.problems import NOT_FOUND, Problem

READ, WRITE = "read", "write"
JSON, CSV = "application/json", "text/csv"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")  # all that API Gateway supports

B = TypeVar("B")
Q = TypeVar("Q", bound=Query)


class NoQuery(Query):
    """The query of an endpoint that accepts no parameters."""


def scopes_of(request: Request) -> list[str]:
    """The scopes of a request's token, as the authorizer found them."""
    return str(request.context.get("authorizer", {}).get("scopes", "")).split()


@dataclass(frozen=True)
class Call(Generic[B, Q]):
    """A validated request: its body and query match their schemas."""

    body: B
    query: Q
    path: Mapping[str, str]
    raw: bytes
    request: Request
    item: str
    asynchronous: bool = False  # whether it prefers to be served asynchronously, and the endpoint can do so
    columns: Sequence[str] | None = None  # of the list, if it prefers CSV

    @property
    def scopes(self) -> list[str]:
        """The scopes of the token."""
        return scopes_of(self.request)

    @property
    def id(self) -> int:
        """The id in the path. Raises the 404 Problem if it cannot be an id."""
        given = self.path["id"]
        if given.isascii() and given.isdigit() and len(given) < 16:
            return int(given)
        raise self.not_found()

    def not_found(self) -> Problem:
        """The 404 Problem for the id in the path."""
        return Problem(NOT_FOUND, f"There is no {self.item} {self.path['id']}.")


@dataclass(frozen=True)
class Reply:
    """A handler's response: a value to send as JSON, or text of another content type."""

    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON
    status: int | None = None  # None: that of the endpoint


@dataclass(frozen=True)
class Example:
    """A request and its response; either may be left out."""

    request: Any = None
    response: Any = None


@dataclass(frozen=True)
class Asynchronous:
    """The 202 of an endpoint that also accepts requests with `Prefer: respond-async`.

    description: of the response. resource: whose item it returns. example: a response.
    """

    description: str
    returns: Any
    resource: str
    headers: Mapping[str, str]
    example: Any


@dataclass(frozen=True)
class Endpoint:
    """One method of one path."""

    handler: Callable[[Call[Any, Any]], Reply]
    method: str
    path: str
    resource: str
    item: str
    scope: str | None
    query: type[Query]
    body: Any
    accepts: str
    returns: Any
    status: int
    content_type: str
    headers: Mapping[str, str]
    errors: Mapping[int, str]
    examples: Mapping[str, Example]
    repeat: Callable[[Call[Any, Any], Mapping[str, Any]], Reply | None] | None = None
    asynchronous: Asynchronous | None = None

    @property
    def name(self) -> str:
        """The OpenAPI operation id."""
        return self.handler.__name__

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it serves: whatever has a GET has a HEAD."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)

    @property
    def is_list(self) -> bool:
        """Whether it returns a list, which can be JSON or CSV."""
        return self.method == "GET" and get_origin(self.returns) is list

    @property
    def columns(self) -> list[str]:
        """The columns of a list as CSV: the fields of its items."""
        (item,) = get_args(self.returns)
        return list(item.__annotations__)

    @property
    def documentation(self) -> tuple[str, str]:
        """The summary and the description, from the handler's docstring."""
        summary, _, description = (inspect.getdoc(self.handler) or "").partition("\n\n")
        return summary, description

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """The validator of the body, built on first use so that a cold start builds no schemas."""
        return TypeAdapter(self.body)


class Resource:
    """The endpoints of one resource; `item` is the singular noun for it."""

    def __init__(self, name: str, item: str, description: str) -> None:
        self.name, self.item, self.description = name, item, description
        self.endpoints: list[Endpoint] = []

    def endpoint(
        self,
        method: str,
        path: str,
        *,
        scope: str | None,
        query: type[Query] = NoQuery,
        body: Any = None,
        accepts: str = JSON,
        returns: Any = None,
        status: int = 200,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
        errors: Mapping[int, str] | None = None,
        examples: Mapping[str, Example] | None = None,
        repeat: Callable[[Call[Any, Any], Mapping[str, Any]], Reply | None] | None = None,
        asynchronous: Asynchronous | None = None,
    ) -> Callable[[Callable[[Call[Any, Any]], Reply]], Callable[[Call[Any, Any]], Reply]]:
        """Declare a function as an endpoint.

        scope: the scope that the token needs; None: no token is needed. body, returns: types with a pydantic schema; a
        body is passed as text if its content type, `accepts`, is not JSON. headers: descriptions of the response's
        headers. errors: descriptions of this endpoint's own errors, by status; those that follow from its method, path
        and body are implied. repeat: answers a repeated Idempotency-Key from what the first request recorded
        (`store.idempotency.record`); None if that has been deleted. asynchronous: the response to a request that
        prefers to be served asynchronously, if the endpoint can do so.
        """

        def declare(handler: Callable[[Call[Any, Any]], Reply]) -> Callable[[Call[Any, Any]], Reply]:
            self.endpoints.append(
                Endpoint(
                    handler=handler,
                    method=method,
                    path=path,
                    resource=self.name,
                    item=self.item,
                    scope=scope,
                    query=query,
                    body=body,
                    accepts=accepts,
                    returns=returns,
                    status=status,
                    content_type=content_type,
                    headers=headers or {},
                    errors=errors or {},
                    examples=examples or {},
                    repeat=repeat,
                    asynchronous=asynchronous,
                )
            )
            return handler

        return declare

    def blueprint(
        self,
        authorizer: Any,
        respond: Callable[[Endpoint, Request, Mapping[str, str]], Response],
        respond_without_endpoint: Callable[[str, Sequence[str], Request], Response],
    ) -> Blueprint:
        """The Chalice routes; `respond` serves a request to an endpoint.

        `respond_without_endpoint` serves OPTIONS, and the methods that a path does not accept; it gets the path and the
        methods that it accepts.
        """
        blueprint = Blueprint(__name__)
        for endpoint in self.endpoints:

            def view(endpoint: Endpoint = endpoint, **path: str) -> Response:
                return respond(endpoint, blueprint.current_request, path)

            view.__doc__ = endpoint.documentation[0]
            # Chalice refuses a trailing slash; API Gateway accepts the path with and without it.
            blueprint.route(
                endpoint.path.rstrip("/"),
                methods=list(endpoint.methods),
                authorizer=authorizer if endpoint.scope else None,
                content_types=["*/*"],  # other types get our own problem document instead of Chalice's error
                name=endpoint.name,
            )(view)
        # All other methods are routes as well: without one, API Gateway sends its error for an unknown path, which can
        # have no Allow header. They need no permission, and together take about 1 ms of a cold start and 125 KB of the
        # template's 1 MB. A `{proxy+}` resource would be a single route, but would invoke the function for any unknown
        # path.
        for path in dict.fromkeys(endpoint.path for endpoint in self.endpoints):
            served = {method for endpoint in self.endpoints if endpoint.path == path for method in endpoint.methods}
            accepted = [method for method in METHODS if method in served or method == "OPTIONS"]

            def view_without_endpoint(path: str = path, accepted: Sequence[str] = accepted, **_: str) -> Response:
                return respond_without_endpoint(path, accepted, blueprint.current_request)

            view_without_endpoint.__doc__ = "Say which methods the path accepts."
            blueprint.route(
                path.rstrip("/"), methods=[method for method in METHODS if method not in served], content_types=["*/*"]
            )(view_without_endpoint)
        return blueprint
