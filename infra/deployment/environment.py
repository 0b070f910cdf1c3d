"""The environment variables of a deployed stack's functions, for commands that use chalicelib.store from outside."""

import os

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.deployment.cloudformation import Account, StackError, describe, outputs, parameters

SCOPES = ("read", "write", "admin")  # of tokens; admin is reserved for managing them


def function_environment(name: str) -> dict[str, str]:
    """Return what chalicelib.settings reads, for the stack of this name under the current AWS credentials.

    Raises StackError when there is no such stack, or it is not an EEmeter datastore.
    """
    try:
        stack = describe(Account(os.environ, boto3.client), name)
    except (BotoCoreError, ClientError) as error:
        raise StackError(
            f"The stack {name!r} cannot be read: {error}\nCheck the credentials and region (AWS_PROFILE, AWS_REGION)."
        ) from None
    if stack is None:
        raise StackError(
            f"There is no stack {name!r}. Check its name, and the account and region (AWS_PROFILE, AWS_REGION)."
        )
    found, given = outputs(stack), parameters(stack)
    try:
        return {
            "TABLE_PREFIX": name,
            "BUCKET": found["BucketName"],
            "METER_QUEUE_URL": found["MeterQueueUrl"],
            "HOURLY_QUEUE_URL": found.get("HourlyQueueUrl", ""),
            "STATE_MACHINE_ARN": found["AggregationStateMachineArn"],
            "BATCH_STATE_MACHINE_ARN": found["BatchStateMachineArn"],
            "EXPORT_STATE_MACHINE_ARN": found["ExportStateMachineArn"],
            "IMPORT_STATE_MACHINE_ARN": found["ImportStateMachineArn"],
            "CORS_ORIGINS": given["CorsOrigins"],
            "CHECK_FUNCTION": "",
            "WORKER_TIMEOUT": given["WorkerTimeout"],
            "MAX_ATTEMPTS": "3",
            "RETRY_DELAY": given["RetryDelay"],
            "WEATHER_SOURCE": given["WeatherSource"],
            "WEATHER_URL": given["WeatherUrl"],
            "NORMAL_SOURCE": given["NormalSource"],
            "NORMAL_URL": given["NormalUrl"],
            "MODEL_MODULE": given["ModelModule"],
            "ACCELERATE": given["Accelerate"],
        }
    except KeyError as missing:
        raise StackError(
            f"The stack {name!r} is not an EEmeter datastore: it has no {missing}. Name the stack of a stage, such as"
            " eemeter-datastore-dev."
        ) from None
