"""`make deploy`: the command itself, against a separate local server that stands in for an AWS account."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from infra.local.deploy import environment
from infra.local.server import REGION, Server
from infra.local.stack import CACHE
from infra.sources import REPOSITORY
from tests.stack.client import Api

pytestmark = pytest.mark.slow

HOLDS_DATA = ("AWS::DynamoDB::Table", "AWS::S3::Bucket")
TOKEN = re.compile(r"eem_[\w-]+")


class AwsAccount:
    """An account that is empty at first."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def deploy(self, stage: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "infra.deployment.deploy", stage]
        local = environment(self.server.endpoint_url)
        return subprocess.run(command, cwd=REPOSITORY, env=local, capture_output=True, text=True)

    def client(self, service: str) -> Any:
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        return session.client(service, endpoint_url=self.server.endpoint_url)

    def stack(self, name: str) -> dict[str, Any]:
        stack: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return stack

    def api(self, name: str, token: str) -> Api:
        """A client of a stack's API, at its URL in this account."""
        outputs = {output["OutputKey"]: output["OutputValue"] for output in self.stack(name)["Outputs"]}
        return Api(f"{self.server.endpoint_url}/_aws/execute-api/{outputs['RestAPIId']}/live/api/v1/", token)

    def files(self) -> set[str]:
        """The keys in the bucket of artifacts."""
        listed = self.client("s3").list_objects_v2(Bucket=f"eemeter-datastore-artifacts-000000000000-{REGION}")
        return {file["Key"] for file in listed["Contents"]}


@pytest.fixture
def account(tmp_path: Path) -> Iterator[AwsAccount]:
    server = Server(tmp_path, CACHE)
    server.start()
    yield AwsAccount(server)
    server.stop()


@pytest.fixture
def succeeding(account: AwsAccount) -> Callable[[str], str]:
    """Deploys a stage and returns the output of the command."""

    def deploy(stage: str) -> str:
        done = account.deploy(stage)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    return deploy


def test_one_command_creates_an_api_with_a_token_and_a_second_changes_nothing(
    account: AwsAccount, succeeding: Callable[[str], str]
) -> None:
    output = succeeding("dev")
    token = TOKEN.findall(output)[0]
    assert "execute-api" in output
    assert account.api("eemeter-datastore-dev", token).get("projects/") == []
    stack, files = account.stack("eemeter-datastore-dev"), account.files()
    assert {"Key": "stage", "Value": "dev"} in stack["Tags"]
    assert account.client("apigateway").get_account()["cloudwatchRoleArn"]

    again = succeeding("dev")
    assert "eemeter-datastore-account: no changes." in again
    assert "eemeter-datastore-dev: no changes." in again
    assert not TOKEN.findall(again)
    assert (account.stack("eemeter-datastore-dev"), account.files()) == (stack, files)


def test_retained_data_survive_their_stack_and_are_available_in_the_next(
    account: AwsAccount, succeeding: Callable[[str], str]
) -> None:
    token = TOKEN.findall(succeeding("prod"))[0]
    project = {"project_id": "kept", "timezone": "America/Chicago"}
    posted = account.api("eemeter-datastore-prod", token).post("projects/", project)
    cloudformation = account.client("cloudformation")
    template = cloudformation.get_template(StackName="eemeter-datastore-prod", TemplateStage="Original")["TemplateBody"]
    resources = yaml.safe_load(template)["Resources"].values()
    holders = [resource for resource in resources if resource["Type"] in HOLDS_DATA]
    assert len(holders) > 10
    assert {(holder["DeletionPolicy"], holder["UpdateReplacePolicy"]) for holder in holders} == {("Retain", "Retain")}

    with pytest.raises(cloudformation.exceptions.ClientError, match="TerminationProtection"):
        cloudformation.delete_stack(StackName="eemeter-datastore-prod")
    cloudformation.update_termination_protection(StackName="eemeter-datastore-prod", EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName="eemeter-datastore-prod")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="eemeter-datastore-prod")
    # AWS adopts a retained bucket as it does tables; MiniStack reports that the name already exists.
    account.client("s3").delete_bucket(Bucket=f"eemeter-datastore-prod-000000000000-{REGION}")

    assert not TOKEN.findall(succeeding("prod"))
    assert account.api("eemeter-datastore-prod", token).get("projects/") == [posted]
    assert account.stack("eemeter-datastore-prod")["EnableTerminationProtection"]


def test_a_failed_deployment_says_why_and_what_to_do(account: AwsAccount) -> None:
    account.client("s3").create_bucket(Bucket=f"eemeter-datastore-dev-000000000000-{REGION}")
    failed = account.deploy("dev")
    assert failed.returncode == 1
    assert "Bucket: " in failed.stderr
    assert "already exist" in failed.stderr
    remove = "aws cloudformation delete-stack --stack-name eemeter-datastore-dev"
    assert remove in failed.stderr

    again = account.deploy("dev")
    assert remove in again.stderr
    assert "Building" not in again.stdout
