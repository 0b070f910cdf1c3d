"""Deploy a stage of infra/deployment/stages.yaml to AWS: `make deploy STAGE=prod`.

It makes what is not there, updates what has changed, and leaves the rest alone.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import boto3
from botocore import exceptions as errors

from infra.deployment import account, registry, retention, stages
from infra.deployment.cloudformation import AWS, Account, StackError, Wanted, deploy, describe, outputs, ready
from infra.deployment.cloudformation import package as upload
from infra.deployment.environment import function_environment
from infra.deployment.stages import Stage, StageError
from infra.packaging import artifacts as deployment
from infra.packaging import package
from infra.packaging.cache import BUILDERS, fingerprint, once
from infra.packaging.lean import LeanError, find_python
from infra.packaging.package import MERGED, STATE_MACHINES, PackagingError
from infra.packaging.worker import PYTHON, WorkerError
from infra.sources import REPOSITORY, SOURCES

BUILDS = REPOSITORY / ".local" / "cache" / "deployments"
LOCKS = ("requirements.txt", "requirements-meter.txt")
SCOPES = {"read", "write", "admin"}


class AccessError(Exception):
    """AWS cannot be reached as somebody; the message says what to do."""


def run(name: str) -> None:
    """Deploy a stage, and say where it answers. Raises what the end of this file tells."""
    stage = stages.read(name)
    if stage.hourly_models:
        registry.check()
    number, region = sign_in()
    print(f"Deploying {stage.stack} to account {number}, {region}.", flush=True)
    here = Account(os.environ, boto3.client)
    ready(here, stage.stack)

    print("Building (half a minute, unless it is built) ...", flush=True)
    built = build(stage.architecture)
    template = package.read(built)
    stages.check(stage.parameters, template)

    shared, changed = account.prepare(here, stage)
    print(f"{account.STACK}: {'deployed' if changed else 'nothing to change'}.", flush=True)
    parameters = dict(stage.parameters)
    if stage.hourly_models:
        parameters["HourlyImage"] = registry.push(here, shared["HourlyRepositoryUri"], stage.name, stage.architecture)

    print("Uploading ...", flush=True)
    pseudo = {"AWS::StackName": stage.stack, "AWS::AccountId": number, "AWS::Region": region}
    ours = built / f"{stage.name}.json"  # beside the zips that it names
    ours.write_text(json.dumps(retention.retain(template, pseudo) if stage.retained else template))
    packaged = upload(here, ours, shared["ArtifactsBucket"], stage.stack, built / f"{stage.name}.packaged.yaml")

    print("Deploying (the first time some minutes) ...", flush=True)
    wanted = Wanted(stage.stack, packaged, parameters, stage.tags, stage.retained)
    changed = deploy(here, wanted, shared["ArtifactsBucket"])
    protect(here, stage)
    account.forget_superseded(here, shared["ArtifactsBucket"], stage.stack, packaged)
    if stage.hourly_models:
        registry.forget_superseded(here, parameters["HourlyImage"], stage.name)
    print(f"{stage.stack}: {'deployed' if changed else 'nothing to change'}.", flush=True)
    print(explained(here, stage, first_token(stage.stack)))


def sign_in() -> tuple[str, str]:
    """Whose account the credentials are of, and the region. Raises AccessError."""
    try:
        region = os.environ.get("AWS_REGION") or boto3.Session().region_name
        if not region:
            raise AccessError(f"No region is set: export AWS_DEFAULT_REGION=eu-central-1, say, or run {AWS} configure.")
        os.environ["AWS_DEFAULT_REGION"] = region  # the only variable that boto3 and AWS's command line heed
        return boto3.client("sts").get_caller_identity()["Account"], region
    except (errors.NoCredentialsError, errors.PartialCredentialsError, errors.ProfileNotFound) as error:
        how = f"run {AWS} configure, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise AccessError(f"There are no credentials for AWS ({error}): {how}.") from None
    except (errors.SSOError, errors.TokenRetrievalError, errors.CredentialRetrievalError) as error:
        raise AccessError(f"You are no longer signed in to AWS ({error}): run aws sso login, as before.") from None
    except errors.ClientError as error:
        refusal = error.response["Error"]
        if "Expired" in refusal["Code"]:
            raise AccessError("The credentials for AWS have expired: sign in again, or fetch new ones.") from None
        raise AccessError(f"AWS does not take the credentials ({refusal['Message']}): see to them.") from None


def build(machine: str) -> Path:
    """The directory with the template and the zips, made once for the same content."""
    content = (*SOURCES, *MERGED, *STATE_MACHINES.values(), *LOCKS, *BUILDERS)
    key = fingerprint(content, machine, sys.version_info[:2], bool(find_python(PYTHON)))
    return once(BUILDS, key, lambda directory: deployment.make(directory, machine))


def protect(here: Account, stage: Stage) -> None:
    """Have CloudFormation refuse to delete a stack whose data are to be retained, and no other."""
    stack = describe(here, stage.stack) or {}
    if stack.get("EnableTerminationProtection", False) != stage.retained:
        here.client("cloudformation").update_termination_protection(
            StackName=stage.stack, EnableTerminationProtection=stage.retained
        )


def first_token(stack: str) -> str | None:
    """The secret of a new token that may do all; None when the stack has a token. Raises StackError."""
    os.environ |= function_environment(stack)
    from chalicelib.store import tokens  # reads the environment

    return None if tokens.list_all() else tokens.create("first", SCOPES, None)


def explained(here: Account, stage: Stage, token: str | None) -> str:
    """How to use what is deployed."""
    url = outputs(describe(here, stage.stack) or {})["ApiUrl"]
    tokens_by = f".venv/bin/python -m infra.tokens --help  (--stack {stage.stack})"
    return (
        f"\nThe API is at      {url}"
        + (f"\nIts first token    {token}   (shown this once; it may do all)" if token else "")
        + f"\nTry it             curl -H 'Authorization: Bearer {token or '...'}' {url}projects/"
        f"\nTokens             {tokens_by}"
    )


def _broken_off(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _broken_off)
    try:
        run(" ".join(sys.argv[1:]))
    except (
        *(AccessError, StageError, StackError, registry.ImageError),
        *(PackagingError, LeanError, WorkerError),
    ) as error:
        sys.exit(str(error))
    except errors.ClientError as error:
        sys.exit(f"AWS refuses {error.operation_name}: {error.response['Error']['Message']}")
    except errors.BotoCoreError as error:
        sys.exit(f"AWS does not answer: {error}. See to the network, and to AWS_DEFAULT_REGION.")
    except KeyboardInterrupt:
        print(
            "Broken off. What CloudFormation has begun, if it has, it ends by itself; deploy again to see to the rest.",
            file=sys.stderr,
        )
        sys.exit(130)
