"""The environment variables of a deployed stack's functions, for commands that use chalicelib.store from outside."""

from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.deployment.cloudformation import StackError


def function_environment(name: str) -> dict[str, str]:
    """Return what chalicelib.settings reads, for the stack of this name under the current AWS credentials.

    Raises StackError when there is no such stack, or it is not an EEmeter datastore.
    """
    try:
        stack: dict[str, Any] = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"The stack {name!r} cannot be read: {error}") from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    parameters = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack.get("Parameters", [])}
    try:
        return {
            "TABLE_PREFIX": name,
            "BUCKET": outputs["BucketName"],
            "METER_QUEUE_URL": outputs["MeterQueueUrl"],
            "HOURLY_QUEUE_URL": outputs.get("HourlyQueueUrl", ""),
            "STATE_MACHINE_ARN": outputs["AggregationStateMachineArn"],
            "CORS_ORIGINS": parameters["CorsOrigins"],
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
        raise StackError(f"The stack {name!r} is not an EEmeter datastore: it has no {missing}.") from None
