"""The parts of `make deploy`; tests/stack/test_deploy.py tests the whole."""

import base64
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ProfileNotFound, SSOTokenLoadError

from infra.deployment import account, cloudformation, deploy, registry, retention
from infra.deployment.cloudformation import Account, StackError
from infra.deployment.deploy import AccessError
from infra.packaging import cache

NOW = datetime(2026, 11, 25, tzinfo=UTC)
REPOSITORY_URI = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/eemeter-datastore-hourly"


def refused(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetCallerIdentity")


class Aws:
    """AWS clients that return the given responses and record their calls."""

    def __init__(self, **responses: Any) -> None:
        self.responses = responses
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, *_: str, **__: str) -> "Aws":
        return self

    def get_paginator(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(paginate=lambda **arguments: [getattr(self, name)(**arguments)])

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.calls.append((name, arguments))
            response = self.responses.get(name, {})
            if isinstance(response, Exception):
                raise response
            return response

        return call


# Signing in


@pytest.fixture
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.mark.usefixtures("_region")
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "There are no AWS credentials"),
        (ProfileNotFound(profile="other"), "set AWS_PROFILE"),
        (SSOTokenLoadError(error_msg="expired"), "aws sso login"),
        (refused("ExpiredToken"), "have expired"),
        (refused("ExpiredTokenException"), "have expired"),
        (refused("InvalidClientTokenId", "The security token is invalid."), "The security token is invalid."),
    ],
)
def test_a_failed_sign_in_says_what_to_do(error: Exception, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "client", Aws(get_caller_identity=error))
    with pytest.raises(AccessError, match=said):
        deploy.check_credentials()


@pytest.mark.usefixtures("_region")
def test_a_region_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(AccessError, match="No region is set: export AWS_DEFAULT_REGION"):
        deploy.check_credentials()


@pytest.mark.usefixtures("_region")
def test_both_region_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "client", Aws(get_caller_identity={"Account": "111122223333"}))
    assert deploy.check_credentials() == ("111122223333", "us-east-1")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert deploy.check_credentials() == ("111122223333", "eu-central-1")
    assert os.environ["AWS_DEFAULT_REGION"] == "eu-central-1"


# Messages


@pytest.mark.parametrize("arguments", [[], ["nowhere"]])
def test_without_a_valid_stage_the_stages_are_listed_and_nothing_is_deployed(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "infra.deployment.deploy", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.defpath})
    assert done.returncode == 1
    assert "it has dev, prod" in done.stderr
    assert done.stdout == ""


# Stacks


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("UPDATE_IN_PROGRESS", "Wait until that has ended"),
        ("ROLLBACK_COMPLETE", "aws cloudformation delete-stack --stack-name one"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name one"),
    ],
)
def test_a_stack_that_cannot_be_updated_is_refused_at_the_start(status: str, said: str) -> None:
    aws = Aws(describe_stacks={"Stacks": [{"StackStatus": status}]})
    with pytest.raises(StackError, match=said):
        cloudformation.check_ready(Account({}, aws), "one")


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_stack_that_can_be_updated_is_accepted(status: str) -> None:
    cloudformation.check_ready(Account({}, Aws(describe_stacks={"Stacks": [{"StackStatus": status}]})), "one")


def test_a_missing_stack_is_none_and_an_inaccessible_one_is_an_error() -> None:
    absent = refused("ValidationError", "Stack with id one does not exist")
    assert cloudformation.describe(Account({}, Aws(describe_stacks=absent)), "one") is None
    with pytest.raises(ClientError):
        cloudformation.describe(Account({}, Aws(describe_stacks=refused("AccessDenied"))), "one")


def test_failures_exclude_cancelled_resources_and_are_in_order() -> None:
    events = [
        {"LogicalResourceId": "one", "ResourceStatus": "ROLLBACK_IN_PROGRESS"},
        {"LogicalResourceId": "C", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "creation cancelled"},
        {"LogicalResourceId": "B", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "no quota"},
        {"LogicalResourceId": "A", "ResourceStatus": "CREATE_FAILED"},
        {"LogicalResourceId": "A", "ResourceStatus": "CREATE_IN_PROGRESS"},
    ]
    assert cloudformation.failures(events) == "  A: failed\n  B: no quota"


# The account's shared stack


@pytest.mark.slow
def test_cfn_lint_finds_nothing() -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(account.TEMPLATE)]
    linted = subprocess.run(command, capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(
    ("before", "has_role", "hourly", "after"),
    [
        ({}, False, False, ("yes", "no")),
        ({}, True, False, ("no", "no")),  # somebody else's role
        ({"ApiLogs": "yes", "HourlyImages": "no"}, True, True, ("yes", "yes")),  # our own
        ({"ApiLogs": "no", "HourlyImages": "yes"}, True, False, ("no", "yes")),  # another stage's images
    ],
)
def test_another_role_is_not_replaced_and_our_own_is_kept(
    before: dict[str, str], has_role: bool, hourly: bool, after: tuple[str, str]
) -> None:
    shared = account.shared(before, has_role=has_role, hourly=hourly)
    assert (shared["ApiLogs"], shared["HourlyImages"]) == after


def test_files_that_are_deployed_or_just_uploaded_are_kept() -> None:
    old, new = NOW - timedelta(days=2), NOW - timedelta(hours=2)
    files = [
        {"Key": "one/deployed", "LastModified": old},
        {"Key": "one/superseded", "LastModified": old},
        {"Key": "one/just-uploaded", "LastModified": new},
    ]
    assert account.superseded(files, "CodeUri: s3://artifacts/one/deployed", NOW) == ["one/superseded"]


# Data


def test_only_tables_and_buckets_are_retained_under_literal_names() -> None:
    resources = {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "${AWS::StackName}-runs"}}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-runs"}}},
    }
    retained = retention.retain({"Resources": resources}, {"AWS::StackName": "one"})["Resources"]
    table = retained["Table"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"] == {"TableName": "one-runs"}
    assert retained["Queue"] == resources["Queue"]


# The image


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A docker that records its arguments and its input."""
    calls = tmp_path / "calls"
    program = tmp_path / "docker"
    program.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n[ "$1" != login ] || cat >> {calls}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return calls


def test_an_image_is_built_and_pushed_and_docker_is_logged_out(docker: Path) -> None:
    login = {"authorizationData": [{"authorizationToken": base64.b64encode(b"AWS:secret").decode()}]}
    ecr = Aws(describe_images={"imageDetails": [{"imageTags": ["dev-other"]}, {}]}, get_authorization_token=login)
    uri = registry.push(Account({}, ecr), REPOSITORY_URI, "dev", "arm64")
    assert uri.startswith(f"{REPOSITORY_URI}:dev-")
    host = REPOSITORY_URI.partition("/")[0]
    built, logged_in, *rest = docker.read_text().splitlines()
    assert built.startswith("build --platform linux/arm64 ")
    assert f"--tag {uri}" in built
    assert logged_in == f"login --username AWS --password-stdin {host}"
    assert rest == [f"secretpush {uri}", f"logout {host}"]
    assert ecr.calls[0][1]["repositoryName"] == "eemeter-datastore-hourly"


def test_an_existing_image_is_not_built_again(docker: Path) -> None:
    tag = f"dev-{cache.fingerprint(registry.CONTENT, 'x86_64')}"
    ecr = Aws(describe_images={"imageDetails": [{"imageTags": [tag]}]})
    assert registry.push(Account({}, ecr), REPOSITORY_URI, "dev", "x86_64") == f"{REPOSITORY_URI}:{tag}"
    assert not docker.exists()


def test_old_images_of_the_stage_are_superseded_but_not_the_deployed_one_or_other_stages() -> None:
    images = [
        {"imageTags": [f"dev-{day}", f"prod-{day}", f"dev-two-{day}"], "imagePushedAt": NOW + timedelta(days=day)}
        for day in range(8)
    ]
    assert registry.superseded(images, "dev", "dev-0") == ["dev-2", "dev-1"]
    assert registry.superseded(images, "dev-two", "dev-two-7") == ["dev-two-1", "dev-two-0"]


def test_docker_that_does_not_respond_is_an_error(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.check()
    docker.with_name("docker").write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2; exit 1\n")
    with pytest.raises(registry.ImageError, match=r"start it(.|\n)*Cannot connect"):
        registry.check()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(registry.ImageError, match="install it"):
        registry.check()


# The cache of builds


def test_a_build_is_made_once_and_an_interrupted_one_leaves_nothing(tmp_path: Path) -> None:
    builds = tmp_path / "new" / "builds"

    def interrupted(directory: Path) -> None:
        (directory / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.once(builds, "key", interrupted)
    assert list(builds.iterdir()) == []
    made = cache.once(builds, "key", lambda directory: (directory / "whole").touch())
    assert cache.once(builds, "key", interrupted) == made
    assert [path.name for path in made.iterdir()] == ["whole"]


def test_the_fingerprint_changes_with_its_inputs() -> None:
    assert cache.fingerprint(["app.py"], "arm64") == cache.fingerprint(["app.py"], "arm64")
    of = {cache.fingerprint(*given) for given in ((["app.py"], "arm64"), (["app.py"], "x86_64"), (["infra"], "arm64"))}
    assert len(of) == 3
