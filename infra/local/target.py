"""The stack that a command works on: one on AWS, or the local one."""

import os

from infra.deployment.environment import function_environment
from infra.local.deploy import environment
from infra.local.server import LocalStackError
from infra.local.stack import LocalStack

STACK_HELP = "a stack on AWS, found by your credentials and region (AWS_PROFILE, AWS_REGION); default: the local one"


def use(stack: str | None) -> None:
    """Point chalicelib.store at a stack: one on AWS by its name, or the local one.

    Raises LocalStackError when no local stack is running, and StackError as `function_environment`.
    """
    if stack is None:
        running = LocalStack().running
        if running is None:
            raise LocalStackError(
                "No local stack is running: start it with `make up`, or name a stack on AWS with --stack."
            )
        os.environ |= environment(running.endpoint_url)
        stack = running.stack
    elif region := os.environ.get("AWS_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = region  # the one that boto3 reads
    os.environ |= function_environment(stack)
