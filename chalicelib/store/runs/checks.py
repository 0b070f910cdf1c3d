"""Dry runs of meter runs, by invoking CheckRuns, a Lambda function that includes eemeter."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import deadline
from chalicelib.settings import settings
from chalicelib.store.shared import documents

logger = Logger(child=True)

MAX_PAYLOAD = 6_000_000  # bytes; a little below Lambda's limit for synchronous invocations
MAX_CALLS = 8  # concurrent invocations
MAX_SECONDS = 25.0  # the function's own timeout
SPLIT_ABOVE = 8  # runs; more are split among several invocations, each of which may be a cold start


class TooLarge(Exception):
    """A posted input is too large for the payload of an invocation; `size` is in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the payload has {size:,} bytes, and the limit is {MAX_PAYLOAD:,}")
        self.size = size


class Unavailable(Exception):
    """All invocations failed."""


@cache
def _client() -> Any:
    # A request must end within 29 seconds and the function takes up to 25, so there is no time for a retry.
    retries = {"mode": "standard", "total_max_attempts": 1}
    config = Config(max_pool_connections=MAX_CALLS, connect_timeout=3, read_timeout=26, retries=retries)
    return boto3.client("lambda", config=config)


def check(runs: Sequence[dict[str, Any]], arguments: dict[str, Any]) -> list[dict[str, Any] | None]:
    """Check the runs; one finding each, in the form of chalicelib.jobs.check_runs, or None if it was not checked.

    A run is not checked when its invocation runs out of time, is throttled or fails.

    Raises TooLarge, Unavailable when every invocation fails, and ValueError for values that JSON cannot represent.
    """
    size = -(-len(runs) // min(MAX_CALLS, -(-len(runs) // SPLIT_ABOVE)))
    blocks = [runs[first : first + size] for first in range(0, len(runs), size)]
    payloads = [_payload(block, arguments) for block in blocks]
    pool = ThreadPoolExecutor(MAX_CALLS)
    calls = [pool.submit(_invoke, payload) for payload in payloads]
    wait(calls, _seconds())
    pool.shutdown(wait=False)  # a call that has no response yet gets none
    responses = [call.result() if call.done() else [] for call in calls]
    if not any(responses):
        raise Unavailable
    found: list[dict[str, Any] | None] = []
    for block, response in zip(blocks, responses, strict=True):
        found += response + [None] * (len(block) - len(response))
    return found


def _seconds() -> float:
    """How long an invocation may take."""
    return min(MAX_SECONDS, deadline.left())


def _payload(block: Sequence[dict[str, Any]], arguments: dict[str, Any]) -> bytes:
    payload = documents.to_json({"runs": block, "arguments": arguments, "seconds": _seconds()})
    if len(payload) > MAX_PAYLOAD:
        raise TooLarge(len(payload))
    return payload


def _invoke(payload: bytes) -> list[dict[str, Any]]:
    """The findings that the function returns; none when it is throttled, times out or fails."""
    try:
        response = _client().invoke(FunctionName=settings().check_function, Payload=payload)
        found = json.loads(response["Payload"].read())
    except (BotoCoreError, ClientError):
        logger.exception("runs could not be checked")
        return []
    if "FunctionError" in response:
        logger.error("runs could not be checked", error=found)
        return []
    checks: list[dict[str, Any]] = found
    return checks
