"""Build the OpenAPI 3.1 document from the declared endpoints."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from chalicelib import __version__, csv_text
from chalicelib.api.http import links, parameters, problems
from chalicelib.api.http.endpoints import CSV, JSON, Asynchronous, Endpoint, Resource
from chalicelib.api.http.problems import Problem, ProblemOut
from chalicelib.api.http.urls import BASE

REFERENCE = "#/components/schemas/{model}"
REQUEST_ID = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}

DESCRIPTION = """\
Projects are buildings; traces are the readings of their gas and electricity meters. A *meter run* fits one model to the
data before an energy efficiency measure and one to the data after it, and reports the savings and their uncertainty. An
*aggregation run* adds up the derivatives of meter runs over a portfolio.

Every path works with and without its trailing slash. Timestamps in requests need a UTC offset; timestamps in responses
are UTC with microseconds and `Z`. Where a date alone is accepted, it means midnight in the project's time zone. Lists
are plain arrays, oldest id first; the `Link` header has the URL of the next page. With `Accept: text/csv`, a list is
CSV (RFC 4180, UTF-8, header first) with the same columns: a list of values is joined by semicolons, other nested values
are JSON, and a text that a spreadsheet program would take for a formula begins with an apostrophe. exports/ makes one
file of a whole table.

Errors are problem details (RFC 9457): branch on `type`, show `detail`. A refused request has written nothing, except
where the description of its error says otherwise. A POST may have an `Idempotency-Key`: a repeated request with the
same key and body returns the first response and does nothing else.

Every path with a GET also accepts HEAD, which returns the same status and headers without the body. OPTIONS needs no
token and returns 204 with the methods of the path in `Allow`; any other method is a 405, also with `Allow`. Responses
of 1 kB or more are compressed if the client sends `Accept-Encoding: gzip`. Each response has the id that the datastore
gave its request in `X-Request-Id`: include it when you report a problem.
"""

# The meaning of each error status, the same for all endpoints, and an example.
ERRORS: Mapping[int, tuple[str, Problem]] = {
    400: (
        "The body or the query is not valid, or refers to an unknown id.",
        problems.invalid(problems.error("There is no trace 7.", "trace")),
    ),
    401: (
        "There is no valid token. API Gateway sends this response itself, so `type` is only `about:blank`.",
        Problem(problems.UNAUTHORIZED, "Send a valid token in the header Authorization: Bearer <token>."),
    ),
    403: (
        "The token lacks the scope.",
        Problem(
            problems.FORBIDDEN,
            "This request needs the scope write, and the token has read. Use a token with that scope.",
        ),
    ),
    404: ("There is nothing at this path.", Problem(problems.NOT_FOUND, "There is no project 7.")),
    409: (
        "The Idempotency-Key was used with a different request, or its first request is still running.",
        Problem(
            problems.KEY_REUSED,
            "This Idempotency-Key was already used with a different request. Use a new key for a new request.",
        ),
    ),
    405: (
        "The path does not accept this method. `Allow` lists those that it accepts. This holds for every path.",
        Problem(
            problems.METHOD_NOT_ALLOWED,
            "/projects/ does not accept PUT; it accepts GET, HEAD, POST, OPTIONS.",
            headers={"Allow": "GET, HEAD, POST, OPTIONS"},
        ),
    ),
    406: (
        "The Accept header accepts neither JSON nor CSV.",
        Problem(
            problems.NOT_ACCEPTABLE,
            "The Accept header is 'application/xml', and a list is application/json or text/csv. Accept one of them.",
        ),
    ),
    413: (
        "The body is larger than 6 MB.",
        Problem(problems.TOO_LARGE, "The body is 7.3 MB; the limit is 6 MB. Split a list into several requests."),
    ),
    415: (
        "The Content-Type is not the one that this request body must have.",
        Problem(problems.UNSUPPORTED_MEDIA_TYPE, "The Content-Type is 'text/csv'; send application/json."),
    ),
    429: (
        "There are too many requests. API Gateway sends this response itself, so `type` is only `about:blank`.",
        Problem(
            problems.TOO_MANY_REQUESTS,
            "Too many requests at once. Retry after one second.",
            headers={"Retry-After": "1"},
        ),
    ),
    500: (
        "The datastore had an internal error.",
        Problem(
            problems.INTERNAL, "The datastore had an unexpected error. If it persists, report the request id 7a1c."
        ),
    ),
    503: (
        "The request took longer than the limit of 29 seconds, or the datastore is busy or partly unavailable. Retry "
        "after the seconds in `Retry-After`, with the same Idempotency-Key if it had one; if it still takes too long, "
        "split it into smaller requests.",
        Problem(
            problems.DEADLINE_EXCEEDED,
            "The request took longer than the limit of 29 seconds. Retry later, or split it into smaller requests.",
            headers={"Retry-After": "10"},
        ),
    ),
    504: (
        "API Gateway got no response within 29 seconds. The request may have had its effect: repeat it with the same "
        "Idempotency-Key, if it had one.",
        Problem(
            problems.GATEWAY_TIMEOUT,
            "The request took longer than 29 seconds. Send less in one request, or retry.",
            headers={"Retry-After": "2"},
        ),
    ),
}


class _Schemas(GenerateJsonSchema):
    """pydantic's JSON schemas, without the titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def document(resources: Iterable[Resource]) -> dict[str, Any]:
    """The OpenAPI document of these resources."""
    resources = list(resources)
    endpoints = [endpoint for resource in resources for endpoint in resource.endpoints]
    schemas, definitions = _schemas(endpoints)
    targets = links.targets(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, schemas)
        schema = schemas.get((endpoint.name, "returns"), {})
        if found := links.links(endpoint, schema, definitions, targets):
            operation["responses"][str(endpoint.status)]["links"] = found
        if endpoint.asynchronous and (target := targets.get(endpoint.asynchronous.resource)):
            operation["responses"]["202"]["links"] = links.to_item(target)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "EEmeter datastore", "version": __version__, "description": DESCRIPTION},
        "servers": [{"url": BASE}],  # a response has the path that its client sees
        "tags": [{"name": resource.name, "description": resource.description} for resource in resources],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "responses": {f"Problem{status}": _error(*ERRORS[status]) for status in ERRORS},
            "headers": {"RequestId": {"description": "The id of the request.", "schema": {"type": "string"}}},
            "parameters": parameters.HEADERS,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token with scopes: `read` for every GET and for meter_runs/check/, which changes "
                    "nothing; `write` for everything else. Neither implies the other.",
                }
            },
        },
    }


def _schemas(endpoints: list[Endpoint]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """The schema of each (endpoint, "body", "returns" or "asynchronous"), and the definitions that they refer to."""
    wanted: list[tuple[tuple[str, str], Any, TypeAdapter[Any]]] = [
        ((endpoint.name, part), "validation", TypeAdapter(type))
        for endpoint in endpoints
        for part, type in (
            ("body", endpoint.body),
            ("returns", endpoint.returns),
            ("asynchronous", endpoint.asynchronous and endpoint.asynchronous.returns),
        )
        if type is not None
    ]
    wanted.append((("", "problem"), "validation", TypeAdapter(ProblemOut)))
    schemas, found = TypeAdapter.json_schemas(wanted, ref_template=REFERENCE, schema_generator=_Schemas)
    definitions = dict(sorted(found["$defs"].items()))
    for name, definition in definitions.items():
        if name.endswith("Changes"):  # a PATCH does not change fields that it omits, so they have no default
            for schema in definition["properties"].values():
                schema.pop("default", None)
    return {name: schema for (name, _), schema in schemas.items()}, definitions


def _operation(endpoint: Endpoint, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    summary, description = endpoint.documentation
    operation: dict[str, Any] = {"operationId": endpoint.name, "tags": [endpoint.resource], "summary": summary}
    if description:
        operation["description"] = description
    operation["security"] = [{"token": [endpoint.scope]}] if endpoint.scope else []
    if accepted := parameters.of(endpoint, _Schemas):
        operation["parameters"] = accepted
    if endpoint.body is not None:
        requests = {name: example.request for name, example in endpoint.examples.items()}
        operation["requestBody"] = {
            "required": True,
            "content": {endpoint.accepts: _content(schemas[endpoint.name, "body"], requests)},
        }
    operation["responses"] = {str(endpoint.status): _success(endpoint, schemas), **_errors(endpoint)}
    if endpoint.asynchronous:
        operation["responses"]["202"] = _accepted(endpoint.asynchronous, schemas[endpoint.name, "asynchronous"])
    return operation


def _success(endpoint: Endpoint, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    response: dict[str, Any] = {"description": "Done." if endpoint.status == 204 else endpoint.documentation[0]}
    response["headers"] = _headers(endpoint.headers)
    if endpoint.returns is not None:
        responses = {name: example.response for name, example in endpoint.examples.items()}
        response["content"] = {endpoint.content_type: _content(schemas[endpoint.name, "returns"], responses)}
        if endpoint.is_list:
            response["content"][CSV] = {"schema": {"type": "string"}, "example": _csv(endpoint)}
    return response


def _csv(endpoint: Endpoint) -> str:
    """The examples of a list as CSV."""
    items = [item for example in endpoint.examples.values() for item in example.response or ()]
    return csv_text.lines([endpoint.columns, *([item[name] for name in endpoint.columns] for item in items)])


def _accepted(asynchronous: Asynchronous, schema: Any) -> dict[str, Any]:
    return {
        "description": asynchronous.description,
        "headers": _headers(asynchronous.headers),
        "content": {JSON: _content(schema, {"accepted": asynchronous.example})},
    }


def _headers(described: Mapping[str, str]) -> dict[str, Any]:
    return REQUEST_ID | {
        name: {"description": description, "schema": {"type": "string"}} for name, description in described.items()
    }


def _content(schema: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: {"value": value} for name, value in values.items() if value is not None}
    return {"schema": schema, "examples": given} if given else {"schema": schema}


def _errors(endpoint: Endpoint) -> dict[str, Any]:
    """The errors that follow from an endpoint's method, path and body, and its own."""
    statuses = {400, 429, 500, 503, 504, *endpoint.errors}
    if endpoint.scope:
        statuses |= {401, 403}
    if "{" in endpoint.path:
        statuses.add(404)
    if endpoint.method == "POST":
        statuses.add(409)
    if endpoint.body is not None:
        statuses |= {413, 415}
    if endpoint.is_list:
        statuses.add(406)
    return {str(status): _own_error(endpoint, status) for status in sorted(statuses)}


def _own_error(endpoint: Endpoint, status: int) -> dict[str, Any]:
    if status not in endpoint.errors:
        return {"$ref": f"#/components/responses/Problem{status}"}
    general, example = ERRORS[status]
    shared = status != 409 or endpoint.method == "POST"
    return _error(f"{endpoint.errors[status]} {general}" if shared else endpoint.errors[status], example)


def _error(description: str, example: Problem) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(model="ProblemOut")}
    return {
        "description": description,
        "headers": REQUEST_ID
        | {name: {"schema": {"type": "string"}, "example": value} for name, value in example.headers.items()},
        "content": {problems.CONTENT_TYPE: {"schema": schema, "example": example.document()}},
    }
