"""The deployed template, as CloudFormation and Chalice check it, and rules of our own."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from chalice.cli.factory import CLIFactory
from chalice.deploy.validate import validate_configuration

from infra.checks.transform import decided, transformed, uploaded, with_values
from infra.local.build import build
from infra.local.stack import CACHE
from infra.packaging.package import STAGE
from infra.sources import REPOSITORY

STEPS = {
    "AdvanceBatch",
    "AdvanceExport",
    "ImportUpload",
    "WaitForBatch",
    "ChooseDerivatives",
    "SumChunk",
    "FanIn",
    "FailAggregation",
}
FUNCTIONS = {
    "APIHandler",
    "Authorize",
    "MeterWorker",
    "HourlyWorker",
    "HandleDeadLetter",
    "ReceiveUpload",
    "Reconciler",
    "CheckRuns",
} | STEPS


@pytest.fixture(scope="module")
def template_file() -> Path:
    return build(CACHE) / "sam.yaml"


@pytest.fixture(scope="module")
def template(template_file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(template_file.read_text())
    return content


@pytest.mark.slow
def test_cfn_lint_finds_nothing(template_file: Path) -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(template_file)]
    linted = subprocess.run(command, capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout


def test_chalice_accepts_the_routes() -> None:
    config = CLIFactory(str(REPOSITORY)).create_config_obj(chalice_stage_name=STAGE)
    validate_configuration(config)


def test_the_package_is_not_built_twice() -> None:
    assert build(CACHE) == build(CACHE)


def test_every_function_has_its_own_role(template: dict[str, Any]) -> None:
    functions = {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    assert functions.keys() == FUNCTIONS
    assert len({json.dumps(properties["Role"]) for properties in functions.values()}) == len(FUNCTIONS)


def test_a_message_stays_invisible_until_its_worker_has_timed_out(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]
    assert parameters["QueueVisibility"]["Default"] > parameters["WorkerTimeout"]["Default"]


def test_the_queue_delivers_at_least_as_often_as_the_worker_tries(template: dict[str, Any]) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    assert template["Parameters"]["QueueTries"]["MinValue"] >= int(variables["MAX_ATTEMPTS"])


def test_tables_are_on_demand_recoverable_and_encrypted(template: dict[str, Any]) -> None:
    tables = {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }
    assert tables
    for name, table in tables.items():
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], name
        assert table["SSESpecification"]["SSEEnabled"], name


@pytest.mark.parametrize("policy", sorted((REPOSITORY / ".chalice").glob("policy-*.json")), ids=lambda path: path.stem)
def test_a_policy_allows_nothing_on_everything(policy: Path) -> None:
    for statement in json.loads(policy.read_text())["Statement"]:
        assert statement["Effect"] == "Allow"
        assert all("*" not in action for action in statement["Action"]), statement["Sid"]
        if statement["Action"] == ["states:SendTaskSuccess"]:
            continue  # it has no resource type, so IAM requires "*"; the secret token identifies the task
        if statement["Sid"] == "Trace":
            continue  # X-Ray's traces are per account and have no resource type in IAM
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        assert "*" not in resources, statement["Sid"]


def test_gateway_errors_are_problem_documents(template: dict[str, Any]) -> None:
    for kind, response in template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"].items():
        assert response["ResponseParameters"]["Headers"]["Content-Type"] == "'application/problem+json'", kind
        body = response["ResponseTemplates"]["application/json"].replace("$context.error.messageString", '"text"')
        document = json.loads(body)
        assert document["type"] == "about:blank", kind
        assert document.get("status") == response.get("StatusCode"), kind


def gateway_headers(template: dict[str, Any], **parameters: str) -> list[dict[str, str]]:
    """The headers of each of API Gateway's own errors, in a stack with these parameters."""
    plain = decided(transformed(with_values(uploaded(template), parameters)))
    responses = plain["Resources"]["RestAPI"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    return [response["responseParameters"] for response in responses.values()]


def test_gateway_errors_carry_the_id_of_their_request(template: dict[str, Any]) -> None:
    for headers in gateway_headers(template):
        assert headers["gatewayresponse.header.X-Request-Id"] == "context.requestId"


@pytest.mark.parametrize("origins", ["*", "https://a.example", "https://a.example,https://b.example:8443"])
def test_pages_can_read_gateway_errors_where_pages_may_call_the_api(template: dict[str, Any], origins: str) -> None:
    for headers in gateway_headers(template, CorsOrigins=origins):
        assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
        assert "X-Request-Id" in headers["gatewayresponse.header.Access-Control-Expose-Headers"]
    assert re.fullmatch(template["Parameters"]["CorsOrigins"]["AllowedPattern"], origins)


def test_by_default_no_page_of_another_site_can_read_anything(template: dict[str, Any]) -> None:
    for headers in gateway_headers(template):
        assert not [name for name in headers if "Access-Control" in name]


@pytest.mark.parametrize("origins", ["a.example", "https://a.example/", "https://a.example, https://b.example", "*,*"])
def test_what_is_no_origin_is_refused(template: dict[str, Any], origins: str) -> None:
    assert not re.fullmatch(template["Parameters"]["CorsOrigins"]["AllowedPattern"], origins)


def test_responses_are_compressed_and_requests_come_as_text(template: dict[str, Any]) -> None:
    api = template["Resources"]["RestAPI"]["Properties"]
    assert api["MinimumCompressionSize"] == 1000
    binary = api["DefinitionBody"]["x-amazon-apigateway-binary-media-types"]
    assert not {"*/*", "application/*", "application/json", "text/csv"} & set(binary)


def test_app_imports_only_the_api_the_jobs_and_telemetry() -> None:
    imported = {
        f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse((REPOSITORY / "app.py").read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    ours = {".".join(name.split(".")[:2]) for name in imported if name.startswith("chalicelib")}
    assert ours == {"chalicelib.api", "chalicelib.jobs", "chalicelib.telemetry"}
