"""OpenAPI links: from each id in a response to the endpoint that returns the item with that id."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.api.http.endpoints import Endpoint


def targets(endpoints: Iterable[Endpoint]) -> dict[str, Endpoint]:
    """The GET of one item, `/x/{id}/`, by the name of the resource."""
    return {
        endpoint.resource: endpoint
        for endpoint in endpoints
        if endpoint.method == "GET" and endpoint.path == f"/{endpoint.resource}/{{id}}/"
    }


def links(
    endpoint: Endpoint, schema: Mapping[str, Any], definitions: Mapping[str, Any], targets: Mapping[str, Endpoint]
) -> dict[str, Any]:
    """The links of an endpoint's response: for its `id`, and for each field named after the resource whose id it holds.

    targets: what `targets` returns. In a list, the links are those of its first item.
    """
    pointer, item = _item(schema, definitions)
    by_field = {target.item.replace(" ", "_"): target for target in targets.values()}
    if "{id}" not in endpoint.path and endpoint.resource in targets:  # otherwise the client has the item already
        by_field["id"] = targets[endpoint.resource]
    return {
        target.name: _link(target, f"{pointer}/{field}", "; it may be null")
        for field, target in by_field.items()
        if field in item.get("properties", {})
    }


def to_item(target: Endpoint) -> dict[str, Any]:
    """The link of a response that is an item of another resource, of which this is the GET."""
    return {target.name: _link(target, "/id")}


def _link(target: Endpoint, pointer: str, remark: str = "") -> dict[str, Any]:
    return {
        "operationId": target.name,
        "parameters": {"id": f"$response.body#{pointer}"},
        "description": f"The id of the {target.item} is at `{pointer}`{remark}.",
    }


def _item(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The schema of an item of a response, with the JSON pointer to the first one."""
    pointer = ""
    while "$ref" in schema or "items" in schema:
        if "items" in schema:
            schema, pointer = schema["items"], pointer + "/0"
        else:
            schema = definitions[schema["$ref"].rpartition("/")[2]]
    return pointer, schema
