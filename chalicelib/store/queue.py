"""The queues of meter runs: a message holds one run's id."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.settings import settings

BATCH = 10  # what SQS takes at once
THREADS = 8


@cache
def _client() -> Any:
    return boto3.client("sqs", config=Config(max_pool_connections=THREADS, connect_timeout=3, read_timeout=10))


def send(run_ids: Iterable[int]) -> None:
    """Queue runs. Raises when SQS does not take every one; sending a run twice does no harm."""
    remaining = iter(run_ids)
    chunks = iter(lambda: list(islice(remaining, BATCH)), [])
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(_send_chunk, chunks))


def send_hourly(run_id: int) -> None:
    """Queue a run for the worker that has the hourly models."""
    _client().send_message(QueueUrl=settings().hourly_queue_url, MessageBody=_message(run_id))


def _message(run_id: int) -> str:
    return json.dumps({"meter_run": run_id})


def _send_chunk(run_ids: list[int]) -> None:
    entries = [{"Id": str(id), "MessageBody": _message(id)} for id in run_ids]
    answer = _client().send_message_batch(QueueUrl=settings().meter_queue_url, Entries=entries)
    if failed := answer.get("Failed"):
        raise RuntimeError(f"SQS took all but {len(failed)} of {len(run_ids)} messages: {failed[0].get('Message')}")


def retry_after(record: dict[str, Any], seconds: int) -> None:
    """Have the message of an SQS event's record delivered again after some seconds, not after the queue's own time."""
    name = record["eventSourceARN"].rpartition(":")[2]
    queues = settings().meter_queue_url, settings().hourly_queue_url
    url = next(url for url in queues if url.rpartition("/")[2] == name)
    _client().change_message_visibility(QueueUrl=url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=seconds)


def run_id_of(record: dict[str, Any]) -> int:
    """The run that a record of an SQS event names. Raises ValueError when it names none."""
    try:
        message = json.loads(record["body"])
    except ValueError:
        message = None
    if not isinstance(message, dict) or not isinstance(message.get("meter_run"), int):
        raise ValueError(f'the message is not of the form {{"meter_run": id}}: {record["body"][:200]!r}')
    return int(message["meter_run"])
