"""Deploy the template to a running local stack, in the same way as to AWS."""

import os
import re
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import yaml

from infra.deployment import cloudformation
from infra.deployment.cloudformation import Account, StackError, Wanted
from infra.local.server import LocalStackError, credentials

ARTIFACTS = "artifacts"


def deploy(endpoint_url: str, name: str, package: Path, parameters: dict[str, str], work: Path) -> str:
    """Deploy the package as the stack `name`; the API's URL. `work` takes the packaged template.

    Raises LocalStackError with the reasons of what failed.
    """
    here = Account(environment(endpoint_url), partial(_client, endpoint_url))
    here.client("s3").create_bucket(Bucket=ARTIFACTS)
    try:
        packaged = cloudformation.package(here, package / "sam.yaml", ARTIFACTS, name, work / "packaged.yaml")
        template = _with_batches(packaged)
        cloudformation.deploy(here, Wanted(name, template, parameters, {}), ARTIFACTS)
    except StackError as error:
        raise LocalStackError(str(error)) from None
    outputs = cloudformation.outputs(cloudformation.describe(here, name) or {})
    _apply_gateway_responses(endpoint_url, outputs["RestAPIId"], template)
    _apply_concurrency(endpoint_url)
    api = urlsplit(outputs["ApiUrl"])
    return f"{endpoint_url}/_aws/execute-api/{outputs['RestAPIId']}{api.path}"


def environment(endpoint_url: str) -> dict[str, str]:
    """This process's environment, with the local stack in the place of the user's AWS account."""
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
    """Roles that may send messages may send ten at a time: MiniStack has an action for it, which AWS does not know."""
    return re.sub(r"^( *- )sqs:SendMessage$", r"\g<0>\n\1sqs:SendMessageBatch", template, flags=re.MULTILINE)


def _apply_gateway_responses(endpoint_url: str, api: str, template: str) -> None:
    """Give API Gateway its own error documents: MiniStack does not take them from the template's definition."""
    gateway = _client(endpoint_url, "apigateway")
    rest_api = yaml.safe_load(template)["Resources"]["RestAPI"]["Properties"]
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
    """Say the number of workers as a number: MiniStack takes a parameter of the template as text, and then stops."""
    functions = _client(endpoint_url, "lambda")
    for source in functions.list_event_source_mappings()["EventSourceMappings"]:
        if scaling := source.get("ScalingConfig"):
            number = {"MaximumConcurrency": int(scaling["MaximumConcurrency"])}
            functions.update_event_source_mapping(UUID=source["UUID"], ScalingConfig=number)
