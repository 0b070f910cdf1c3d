"""Create, list and revoke the API's bearer tokens, on AWS and on a local stack."""

import os
from argparse import ArgumentTypeError
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.deploy import environment as local_environment
from infra.local.server import LocalStackError
from infra.local.stack import LocalStack


def create(name: str, scopes: Iterable[str], expires: datetime | None) -> str:
    """Create a token and return its secret, which cannot be retrieved later."""
    tokens = _store()
    return str(tokens.create(name, set(scopes), expires))


def listing() -> str:
    """Return one line per token, oldest first."""
    return "\n".join(
        f"{token.name}  {','.join(sorted(token.scopes))}  "
        f"{token.expires.isoformat() if token.expires else 'does not expire'}"
        for token in _store().every()
    )


def delete(name: str) -> int:
    """Revoke all tokens with this name. Return how many there were."""
    return int(_store().delete(name))


def _store() -> Any:
    from chalicelib.store import tokens  # reads the environment that `select_stack` sets

    return tokens


def select_stack(stack: str | None) -> None:
    """Make chalicelib.store use the stack with this name on AWS, or for None the local stack.

    Raises LocalStackError if there is no such stack.
    """
    if stack is None:
        running = LocalStack().running
        if running is None:
            raise LocalStackError("No local stack is up: start it with `make up`, or name a stack on AWS with --stack.")
        os.environ |= local_environment(running.endpoint_url)
        stack = running.stack
    elif region := os.environ.get("AWS_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = region  # the variable that boto3 reads
    os.environ |= settings(stack)


def settings(stack: str) -> dict[str, str]:
    """Return the environment variables of a stack's functions, as chalicelib.settings reads them."""
    try:
        cloudformation = boto3.client("cloudformation")
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        raise LocalStackError(f"The stack {stack!r} was not found: {error}") from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    parameters = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in found.get("Parameters", [])}
    try:
        return {
            "TABLE_PREFIX": stack,
            "BUCKET": outputs["BucketName"],
            "METER_QUEUE_URL": outputs["MeterQueueUrl"],
            "HOURLY_QUEUE_URL": outputs.get("HourlyQueueUrl", ""),
            "STATE_MACHINE_ARN": outputs["AggregationStateMachineArn"],
            "CHECK_FUNCTION": "",
            "WORKER_TIMEOUT": parameters["WorkerTimeout"],
            "MAX_ATTEMPTS": "3",
            "RETRY_DELAY": parameters["RetryDelay"],
            "WEATHER_SOURCE": parameters["WeatherSource"],
            "WEATHER_URL": parameters["WeatherUrl"],
            "NORMAL_SOURCE": parameters["NormalSource"],
            "NORMAL_URL": parameters["NormalUrl"],
            "MODEL_MODULE": parameters["ModelModule"],
            "ACCELERATE": parameters["Accelerate"],
        }
    except KeyError as missing:
        raise LocalStackError(f"The stack {stack!r} is not an EEmeter datastore: it has no {missing}.") from None


def expiry(text: str) -> datetime:
    """Parse a date or timestamp in the future, UTC if it has no offset. Raises ArgumentTypeError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a date such as 2027-01-01") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= datetime.now(UTC):
        raise ArgumentTypeError(f"{text} is in the past, so the token would never be valid; give a future date")
    return moment


def name(text: str) -> str:
    """Parse a token's name. Raises ArgumentTypeError if it is blank."""
    if not text.strip():
        raise ArgumentTypeError("a token needs a name; it must not be blank")
    return text.strip()
