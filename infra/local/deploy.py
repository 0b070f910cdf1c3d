"""Deploy the template to a running local stack, by the same commands as to AWS."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import yaml

from infra.local.server import LocalStackError, credentials

ARTIFACTS = "artifacts"


def deploy(endpoint_url: str, name: str, package: Path, parameters: dict[str, str], work: Path) -> str:
    """Deploy the package as the stack `name`; the API's URL. `work` takes the packaged template.

    Raises LocalStackError with the events of what failed.
    """
    packaged = work / "packaged.yaml"
    _client(endpoint_url, "s3").create_bucket(Bucket=ARTIFACTS)
    _aws(
        *(endpoint_url, "package", "--template-file", str(package / "sam.yaml")),
        *("--s3-bucket", ARTIFACTS, "--output-template-file", str(packaged)),
    )
    _allow_batches(packaged)
    overrides = [f"{key}={value}" for key, value in parameters.items()]
    try:
        _aws(
            *(endpoint_url, "deploy", "--template-file", str(packaged), "--stack-name", name, "--s3-bucket", ARTIFACTS),
            *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-fail-on-empty-changeset"),
            *(["--parameter-overrides", *overrides] if overrides else []),
        )
    except LocalStackError as error:
        raise LocalStackError(_failures(endpoint_url, name) or str(error)) from None
    stack = _client(endpoint_url, "cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    _apply_gateway_responses(endpoint_url, outputs["RestAPIId"], packaged)
    _apply_concurrency(endpoint_url)
    api = urlsplit(outputs["ApiUrl"])
    return f"{endpoint_url}/_aws/execute-api/{outputs['RestAPIId']}{api.path}"


def _aws(endpoint_url: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "awscli", "cloudformation", *arguments, "--endpoint-url", endpoint_url]
    done = subprocess.run(command, env=environment(endpoint_url), capture_output=True, text=True)
    if done.returncode:
        raise LocalStackError(f"aws cloudformation {arguments[0]} failed: {(done.stderr or done.stdout).strip()}")


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


def _failures(endpoint_url: str, name: str) -> str:
    """What CloudFormation says of each resource that failed."""
    cloudformation = _client(endpoint_url, "cloudformation")
    try:
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    except cloudformation.exceptions.ClientError:
        return ""
    failed = {
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'failed')}": None
        for event in events
        if event["ResourceStatus"].endswith("FAILED")
    }
    return "\n".join(failed)


def _allow_batches(template: Path) -> None:
    """Let roles that may send messages send ten at a time: MiniStack has an action for it, which AWS does not know."""
    text = template.read_text()
    template.write_text(re.sub(r"^( *- )sqs:SendMessage$", r"\g<0>\n\1sqs:SendMessageBatch", text, flags=re.MULTILINE))


def _apply_gateway_responses(endpoint_url: str, api: str, template: Path) -> None:
    """Give API Gateway its own error documents: MiniStack does not take them from the template's definition."""
    gateway = _client(endpoint_url, "apigateway")
    rest_api = yaml.safe_load(template.read_text())["Resources"]["RestAPI"]["Properties"]
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
