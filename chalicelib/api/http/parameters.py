"""The parameters of endpoints in the OpenAPI document: in the path, the query and the headers."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from chalicelib.api.http.endpoints import Endpoint
from chalicelib.api.http.preferences import RESPOND_ASYNC

HEADERS = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A repeated request with the same key returns the first response and does nothing "
        "else; the same key with another path, query or body is a 409. If the first request died before "
        "it had a response, the repeat is answered a minute later from what was accepted. Keys belong to "
        "a token and are stored for a day.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*$"},
    },
    "Prefer": {
        "name": "Prefer",
        "in": "header",
        "description": "`respond-async` (RFC 7240): the request is only checked and accepted, and served "
        "after the response, which is then a 202. Other preferences are ignored.",
        "schema": {"type": "string"},
        "example": RESPOND_ASYNC,
    },
}


def of(endpoint: Endpoint, generator: type[GenerateJsonSchema]) -> list[dict[str, Any]]:
    """The parameters that an endpoint accepts; `generator` makes the JSON schemas of its query."""
    accepted = [*_path(endpoint), *_query(endpoint, generator)]
    if endpoint.method == "POST":
        accepted.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if endpoint.asynchronous:
        accepted.append({"$ref": "#/components/parameters/Prefer"})
    return accepted


def _path(endpoint: Endpoint) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
    schemas = {"id": {"type": "integer", "minimum": 1}}
    return [
        {"name": name, "in": "path", "required": True, "schema": schemas.get(name, {"type": "string"})}
        for name in names
    ]


def _query(endpoint: Endpoint, generator: type[GenerateJsonSchema]) -> list[dict[str, Any]]:
    schema = TypeAdapter(endpoint.query).json_schema(schema_generator=generator)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": field["description"],
            "schema": _without_null(field),
            **({"style": "form", "explode": False} if field.get("type") == "array" else {}),  # comma-separated
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _without_null(field: Mapping[str, Any]) -> dict[str, Any]:
    """A query parameter's schema without null: a parameter may be absent, but is never null."""
    schema = {name: value for name, value in field.items() if name != "description"}
    if schema.get("type") == "array":
        schema.pop("default")  # an empty list, which cannot be given
    if "anyOf" in schema:
        (given,) = [option for option in schema.pop("anyOf") if option != {"type": "null"}]
        schema.pop("default", None)
        schema.update(given)
    return schema
