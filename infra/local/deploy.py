"""Deploy the template to a running local stack, in the same way as to AWS."""

import os
import re
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import yaml

from infra.checks.transform import Template, decided, with_values
from infra.deployment import cloudformation, upgrade
from infra.deployment.cloudformation import Account, DesiredStack, StackError
from infra.local.server import LocalStackError, credentials

ARTIFACTS = "artifacts"


def deploy(endpoint_url: str, name: str, package: Path, parameters: dict[str, str], work: Path) -> str:
    """Deploy the package as the stack `name`. Return the API's URL. work: directory for the packaged template.

    Raises LocalStackError with the causes.
    """
    local = account(endpoint_url)
    local.client("s3").create_bucket(Bucket=ARTIFACTS)
    try:
        packaged = cloudformation.upload(local, package / "sam.yaml", ARTIFACTS, name, work / "packaged.yaml")
        template = _with_batches(packaged)
        upgrade.deploy(local, DesiredStack(name, template, parameters, {}), ARTIFACTS)
    except StackError as error:
        raise LocalStackError(str(error)) from None
    outputs = cloudformation.outputs(cloudformation.describe(local, name) or {})
    decided_template = decided(with_values(yaml.safe_load(template), parameters))
    _apply_gateway_responses(endpoint_url, outputs["RestAPIId"], decided_template)
    _apply_concurrency(endpoint_url)
    api = urlsplit(outputs["ApiUrl"])
    return f"{endpoint_url}/_aws/execute-api/{outputs['RestAPIId']}{api.path}"


def account(endpoint_url: str) -> Account:
    """Return a local stack in place of an AWS account."""
    return Account(environment(endpoint_url), partial(_client, endpoint_url))


def environment(endpoint_url: str) -> dict[str, str]:
    """Return this process's environment, with the local stack in place of the user's AWS account."""
    others = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return others | credentials(endpoint_url)


def _client(endpoint_url: str, service: str) -> Any:
    local = credentials(endpoint_url)
    return boto3.session.Session(
        aws_access_key_id=local["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=local["AWS_SECRET_ACCESS_KEY"],
        region_name=local["AWS_REGION"],
    ).client(service, endpoint_url=endpoint_url)


def _with_batches(template: str) -> str:
    """Allow sqs:SendMessageBatch wherever SendMessage is allowed: only MiniStack has this action, and requires it."""
    return re.sub(r"^( *- )sqs:SendMessage$", r"\g<0>\n\1sqs:SendMessageBatch", template, flags=re.MULTILINE)


def _apply_gateway_responses(endpoint_url: str, api: str, template: Template) -> None:
    """Set API Gateway's error responses: MiniStack ignores those in the template."""
    gateway = _client(endpoint_url, "apigateway")
    rest_api = template["Resources"]["RestAPI"]["Properties"]
    for kind, response in rest_api["GatewayResponses"].items():
        headers = response["ResponseParameters"]["Headers"]
        gateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            responseParameters={f"gatewayresponse.header.{name}": value for name, value in headers.items()},
            responseTemplates=response["ResponseTemplates"],
            **({"statusCode": str(response["StatusCode"])} if "StatusCode" in response else {}),
        )
    gateway.create_deployment(restApiId=api, stageName=rest_api["StageName"])


def _apply_concurrency(endpoint_url: str) -> None:
    """Set the number of workers as an integer: MiniStack passes template parameters as text and stops polling."""
    functions = _client(endpoint_url, "lambda")
    for source in functions.list_event_source_mappings()["EventSourceMappings"]:
        if scaling := source.get("ScalingConfig"):
            number = {"MaximumConcurrency": int(scaling["MaximumConcurrency"])}
            functions.update_event_source_mapping(UUID=source["UUID"], ScalingConfig=number)
