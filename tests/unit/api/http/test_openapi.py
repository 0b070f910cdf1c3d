"""The OpenAPI document: it is valid and complete, and its examples match its schemas."""

import re
from typing import Any

import jsonschema
import pytest
from chalice.app import Chalice
from chalice.deploy.validate import validate_route_content_types, validate_routes
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib.api import RESOURCES, contract
from chalicelib.api.http import problems
from chalicelib.api.http.endpoints import METHODS
from chalicelib.api.http.urls import BASE
from tests.unit.api.conftest import Api

PATHS = contract()["paths"]
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


def test_its_server_is_the_one_that_responds(call: Api) -> None:
    assert contract()["servers"] == [{"url": BASE}]
    served = call("GET", "openapi.json").json
    assert served["servers"] == [{"url": BASE}]  # the local gateway has no stage
    assert served == contract()


def test_chalice_deploys_the_routes(app: Chalice) -> None:
    validate_routes(app.routes)
    validate_route_content_types(app.routes, app.api.binary_types)


def test_every_route_is_in_it(app: Chalice) -> None:
    served = {(endpoint.path, endpoint.method) for endpoint in ENDPOINTS}
    assert served == {(path, method.upper()) for path, methods in contract()["paths"].items() for method in methods}
    assert app.routes.keys() == {BASE + path.rstrip("/") for path in contract()["paths"]}


def test_every_path_has_a_route_for_every_method(app: Chalice) -> None:
    for path, methods in app.routes.items():
        assert set(methods) == set(METHODS), path


def test_every_route_except_the_open_ones_needs_a_token(app: Chalice) -> None:
    guarded = {
        (path, method) for path, methods in app.routes.items() for method in methods if methods[method].authorizer
    }
    assert guarded == {
        (BASE + endpoint.path.rstrip("/"), method)
        for endpoint in ENDPOINTS
        for method in ({"GET", "HEAD"} if endpoint.method == "GET" else {endpoint.method})
        if endpoint.scope
    }
    open_paths = {endpoint.path.strip("/") for endpoint in ENDPOINTS if not endpoint.scope}
    assert open_paths == {"healthz", "openapi.json", "docs", "docs/{file}"}
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
        assert {"401", "403", "503"} <= set(operation["responses"])
    for parameter in operation.get("parameters", []):
        assert "$ref" in parameter or parameter["in"] == "path" or parameter["description"]


def test_what_is_created_is_linked_to_its_get() -> None:
    for endpoint in ENDPOINTS:
        if endpoint.status == 201 and endpoint.returns and (target := f"/{endpoint.resource}/{{id}}/") in PATHS:
            response = PATHS[endpoint.path]["post"]["responses"]["201"]
            link = response["links"][PATHS[target]["get"]["operationId"]]
            assert re.fullmatch(r"\$response\.body#(/0)*/id", link["parameters"]["id"]), endpoint.name
    created = {name for path in PATHS.values() if "post" in path for name in linked(path["post"])}
    assert created >= {
        "get_project",
        "get_trace",
        "get_trace_group",
        "get_meter_run",
        "get_batch",
        "get_aggregation_run",
    }


@pytest.mark.parametrize("operation", operations())
def test_a_link_points_at_an_id_in_the_example(operation: Any) -> None:
    ids = {path["get"]["operationId"] for name, path in PATHS.items() if name.endswith("/{id}/")}
    for response in operation["responses"].values():
        for name, link in response.get("links", {}).items():
            assert link["operationId"] == name
            assert name in ids
            for example in response["content"]["application/json"]["examples"].values():
                value = example["value"]
                for part in link["parameters"]["id"].removeprefix("$response.body#/").split("/"):
                    value = value[int(part)] if isinstance(value, list) else value[part]
                assert value is None or value >= 1


def test_lists_and_references_are_linked() -> None:
    assert linked(PATHS["/projects/"]["get"]) == {"get_project": "/0/id"}
    assert linked(PATHS["/meter_runs/{id}/"]["get"]) == {
        "get_project": "/project",
        "get_trace": "/trace",
        "get_batch": "/batch",
        "get_meter_result": "/meter_result",
    }
    assert linked(PATHS["/meter_runs/bulk/"]["post"])["get_batch"] == "/0/0/batch"
    assert linked(PATHS["/trace_records/"]["post"]) == {}


def linked(operation: Any) -> dict[str, str]:
    """Where in a successful response the id of each linked operation is; not in that of an asynchronous request."""
    responses = {status: one for status, one in operation["responses"].items() if status.startswith("2")}
    success = responses[min(responses)]
    return {
        name: link["parameters"]["id"].removeprefix("$response.body#")
        for name, link in success.get("links", {}).items()
    }


def test_every_response_has_the_id_of_its_request() -> None:
    responses = [response for operation in operations() for response in operation.values[0]["responses"].values()]
    responses += contract()["components"]["responses"].values()
    for response in responses:
        assert "$ref" in response or "X-Request-Id" in response["headers"]


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
