"""Dry runs of meter runs, in the function that has eemeter."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.settings import settings
from chalicelib.store import documents

logger = Logger(child=True)

MAX_PAYLOAD = 6_000_000  # bytes, a little below what Lambda takes in a call that waits
MAX_CALLS = 8  # at once
SPLIT_ABOVE = 8  # runs, of which more are divided among calls: each may have to start a function first


class TooLarge(Exception):
    """A posted input that does not fit into the call of a function; `size` in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the call takes {size:,} bytes, and Lambda at most {MAX_PAYLOAD:,}")
        self.size = size


class Unavailable(Exception):
    """No call was answered."""


@cache
def _client() -> Any:
    # Within the 29 seconds of a request, of which the function takes at most 25; tried again, it would take longer.
    retries = {"mode": "standard", "total_max_attempts": 1}
    config = Config(max_pool_connections=MAX_CALLS, connect_timeout=3, read_timeout=26, retries=retries)
    return boto3.client("lambda", config=config)


def check(runs: Sequence[dict[str, Any]], arguments: dict[str, Any]) -> list[dict[str, Any] | None]:
    """What is found for each run, as chalicelib.jobs.check_runs has it; None where there was no time or room for it.

    Raises TooLarge, Unavailable, and ValueError for what JSON cannot say.
    """
    size = -(-len(runs) // min(MAX_CALLS, -(-len(runs) // SPLIT_ABOVE)))
    blocks = [runs[first : first + size] for first in range(0, len(runs), size)]
    payloads = [_payload(block, arguments) for block in blocks]
    with ThreadPoolExecutor(MAX_CALLS) as pool:
        answers = list(pool.map(_call, payloads))
    if not any(answers):
        raise Unavailable
    found: list[dict[str, Any] | None] = []
    for block, answer in zip(blocks, answers, strict=True):
        found += answer + [None] * (len(block) - len(answer))
    return found


def _payload(block: Sequence[dict[str, Any]], arguments: dict[str, Any]) -> bytes:
    payload = documents.to_json({"runs": block, "arguments": arguments})
    if len(payload) > MAX_PAYLOAD:
        raise TooLarge(len(payload))
    return payload


def _call(payload: bytes) -> list[dict[str, Any]]:
    """What the function answers; nothing when it has no room, no time, or an error."""
    try:
        answer = _client().invoke(FunctionName=settings().check_function, Payload=payload)
        found = json.loads(answer["Payload"].read())
    except (BotoCoreError, ClientError):
        logger.exception("runs could not be checked")
        return []
    if "FunctionError" in answer:
        logger.error("runs could not be checked", error=found)
        return []
    checks: list[dict[str, Any]] = found
    return checks
