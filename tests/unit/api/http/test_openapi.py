"""The OpenAPI document: it is valid and complete, and its examples match its schemas."""

from typing import Any

import jsonschema
import pytest
from chalice.app import Chalice
from chalice.deploy.validate import validate_route_content_types, validate_routes
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib.api import BASE, RESOURCES, contract
from chalicelib.api.http import problems

ENDPOINTS = [endpoint for resource in RESOURCES for endpoint in resource.endpoints]


def operations() -> list[Any]:
    return [
        pytest.param(operation, id=operation["operationId"])
        for path in contract()["paths"].values()
        for operation in path.values()
    ]


def validate(value: Any, schema: Any) -> None:
    jsonschema.Draft202012Validator({**schema, "components": contract()["components"]}).validate(value)


def test_it_is_valid() -> None:
    OpenAPIV31SpecValidator(contract()).validate()


def test_chalice_deploys_the_routes(app: Chalice) -> None:
    validate_routes(app.routes)
    validate_route_content_types(app.routes, app.api.binary_types)


def test_every_route_is_in_it(app: Chalice) -> None:
    routed = {(path, method) for path, methods in app.routes.items() for method in methods}
    described = {
        (BASE + path.rstrip("/"), method.upper()) for path, methods in contract()["paths"].items() for method in methods
    }
    assert routed == described


def test_every_route_except_the_open_ones_needs_a_token(app: Chalice) -> None:
    open_routes = {path for path, methods in app.routes.items() for route in methods.values() if not route.authorizer}
    assert open_routes == {f"{BASE}/{name}" for name in ("healthz", "openapi.json", "docs", "docs/{file}")}
    for endpoint in ENDPOINTS:
        if endpoint.scope:
            changes_nothing = endpoint.method == "GET" or endpoint.name == "check_meter_runs"
            assert endpoint.scope == ("read" if changes_nothing else "write")


@pytest.mark.parametrize("operation", operations())
def test_every_example_matches_its_schema(operation: Any) -> None:
    contents = [operation.get("requestBody", {}), *operation["responses"].values()]
    for content in (media for holder in contents for media in holder.get("content", {}).values()):
        for example in content.get("examples", {}).values():
            validate(example["value"], content["schema"])


@pytest.mark.parametrize("operation", operations())
def test_every_operation_describes_itself_and_its_responses(operation: Any) -> None:
    assert operation["summary"]
    assert "`" not in operation["summary"]  # a summary is not Markdown
    assert {"400", "500"} <= set(operation["responses"])
    if operation["security"]:
        assert {"401", "403"} <= set(operation["responses"])
    for parameter in operation.get("parameters", []):
        assert "$ref" in parameter or parameter["in"] == "path" or parameter["description"]


def test_every_input_field_is_described() -> None:
    for name, schema in contract()["components"]["schemas"].items():
        assert schema["description"], name
        if name.endswith(("In", "Changes", "Target")):
            for field, described in schema["properties"].items():
                assert described.get("description") or "$ref" in str(described), (name, field)


def test_no_keyword_is_specific_to_pydantic() -> None:
    def keys(value: Any) -> set[str]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return set(value if isinstance(value, dict) else ()).union(*map(keys, inner))

    assert not keys(contract()) & {"ge", "gt", "le", "lt", "min_length", "max_length"}


def test_the_problems_match_their_schema() -> None:
    for response in contract()["components"]["responses"].values():
        content = response["content"][problems.CONTENT_TYPE]
        validate(content["example"], content["schema"])
    refused = problems.invalid(problems.error("a", "x"), problems.error("b", "y"))
    validate(refused.document(), {"$ref": "#/components/schemas/ProblemOut"})
