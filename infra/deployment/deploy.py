"""Deploy a stage of infra/deployment/stages.yaml to AWS: `make deploy STAGE=prod`.

It creates what does not exist, updates what has changed, and leaves the rest alone.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import boto3
from botocore import exceptions as errors

from infra.deployment import account, links, registry, retention, series, stages, upgrade
from infra.deployment.cloudformation import (
    AWS,
    Account,
    DesiredStack,
    StackError,
    check_ready,
    describe,
    outputs,
    upload,
)
from infra.deployment.environment import SCOPES, function_environment
from infra.deployment.stages import Stage, StageError
from infra.packaging import artifacts, package
from infra.packaging.cache import BUILDERS, fingerprint, once
from infra.packaging.lean import LeanError, find_python
from infra.packaging.package import MERGED, STATE_MACHINES, PackagingError
from infra.packaging.zips import PYTHON, ZipError
from infra.sources import REPOSITORY, SOURCES

BUILDS = REPOSITORY / ".local" / "cache" / "deployments"
LOCKS = ("requirements.txt", "requirements-meter.txt", "requirements-files.txt")


class AccessError(Exception):
    """The AWS credentials or region are missing or not valid; the message says what to do."""


def run(name: str) -> None:
    """Deploy a stage and print its URL. Raises the errors that the end of this file catches."""
    stage = stages.read(name)
    if stage.hourly_models:
        registry.check()
    account_id, region = check_credentials()
    print(f"Deploying {stage.stack} to account {account_id}, {region}.", flush=True)
    aws = Account(os.environ, boto3.client)
    check_ready(aws, stage.stack)

    print("Building (half a minute, if anything has changed) ...", flush=True)
    built = build(stage.architecture)
    template = package.read(built)
    stages.check(stage.parameters, template)

    shared, changed = account.prepare(aws, stage)
    print(f"{account.STACK}: {'deployed' if changed else 'no changes'}.", flush=True)
    parameters = dict(stage.parameters)
    if stage.hourly_models:
        parameters["HourlyImage"] = registry.push(aws, shared["HourlyRepositoryUri"], stage.name, stage.architecture)

    print("Uploading ...", flush=True)
    pseudo = {"AWS::StackName": stage.stack, "AWS::AccountId": account_id, "AWS::Region": region}
    sam = built / f"{stage.name}.json"  # next to the zips that it references
    sam.write_text(json.dumps(retention.retain(template, pseudo) if stage.retained else template))
    packaged = upload(aws, sam, shared["ArtifactsBucket"], stage.stack, built / f"{stage.name}.packaged.yaml")

    print("Deploying (the first time takes a few minutes) ...", flush=True)
    desired = DesiredStack(stage.stack, packaged, parameters, stage.tags, import_existing=stage.retained)
    changed = upgrade.deploy(aws, desired, shared["ArtifactsBucket"])
    protect(aws, stage)
    links.rebuild(stage.stack, once=True)  # earlier versions stored them in another table
    series.forget(stage.stack, once=True)  # during the update, requests of an earlier version named no chunks
    account.delete_superseded(aws, shared["ArtifactsBucket"], stage.stack, packaged)
    if stage.hourly_models:
        registry.delete_superseded(aws, parameters["HourlyImage"], stage.name)
    print(f"{stage.stack}: {'deployed' if changed else 'no changes'}.", flush=True)
    print(usage(aws, stage, first_token(stage.stack)))


def check_credentials() -> tuple[str, str]:
    """Return the account ID of the credentials, and the region. Raises AccessError."""
    try:
        region = os.environ.get("AWS_REGION") or boto3.Session().region_name
        if not region:
            raise AccessError(f"No region is set: export AWS_DEFAULT_REGION=eu-central-1, say, or run {AWS} configure.")
        os.environ["AWS_DEFAULT_REGION"] = region  # the only variable that boto3 and the AWS CLI read
        return boto3.client("sts").get_caller_identity()["Account"], region
    except (errors.NoCredentialsError, errors.PartialCredentialsError, errors.ProfileNotFound) as error:
        how = f"run {AWS} configure, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise AccessError(f"There are no AWS credentials ({error}): {how}.") from None
    except (errors.SSOError, errors.TokenRetrievalError, errors.CredentialRetrievalError) as error:
        raise AccessError(f"You are no longer signed in to AWS ({error}): run `aws sso login` again.") from None
    except errors.ClientError as error:
        refusal = error.response["Error"]
        if "Expired" in refusal["Code"]:
            raise AccessError("The AWS credentials have expired: sign in again or get new ones.") from None
        raise AccessError(f"AWS rejects the credentials ({refusal['Message']}): check them.") from None


def build(architecture: str) -> Path:
    """Return the directory with the template and the zips, built once for each content."""
    content = (*SOURCES, *MERGED, *STATE_MACHINES.values(), *LOCKS, *BUILDERS)
    key = fingerprint(content, architecture, sys.version_info[:2], bool(find_python(PYTHON)))
    return once(BUILDS, key, lambda directory: artifacts.make(directory, architecture))


def protect(aws: Account, stage: Stage) -> None:
    """Turn on termination protection for a stack whose data are retained, and turn it off for any other."""
    stack = describe(aws, stage.stack) or {}
    if stack.get("EnableTerminationProtection", False) != stage.retained:
        aws.client("cloudformation").update_termination_protection(
            StackName=stage.stack, EnableTerminationProtection=stage.retained
        )


def first_token(stack: str) -> str | None:
    """Create a token with all scopes and return its secret; None if the stack has a token. Raises StackError."""
    os.environ |= function_environment(stack)
    from chalicelib.store import tokens  # reads the environment

    return None if tokens.list_all() else tokens.create("first", set(SCOPES), None)


def usage(aws: Account, stage: Stage, token: str | None) -> str:
    """Return how to use what has been deployed."""
    url = outputs(describe(aws, stage.stack) or {})["ApiUrl"]
    token_command = f".venv/bin/python -m infra.tokens list --stack {stage.stack}   (or create, revoke)"
    return (
        f"\nThe API is at      {url}"
        + (f"\nIts first token    {token}   (shown only this once; it has all scopes)" if token else "")
        + f"\nTry it             curl -H 'Authorization: Bearer {token or '...'}' {url}projects/"
        f"\nTokens             {token_command}"
    )


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        run(" ".join(sys.argv[1:]))
    except (
        *(AccessError, StageError, StackError, registry.ImageError),
        *(PackagingError, LeanError, ZipError),
    ) as error:
        sys.exit(str(error))
    except errors.ClientError as error:
        sys.exit(f"AWS rejected {error.operation_name}: {error.response['Error']['Message']}")
    except errors.BotoCoreError as error:
        sys.exit(f"AWS does not respond: {error}. Check the network and AWS_DEFAULT_REGION.")
    except KeyboardInterrupt:
        print(
            "Interrupted. CloudFormation finishes an update that it has started; deploy again to finish the rest.",
            file=sys.stderr,
        )
        sys.exit(130)
