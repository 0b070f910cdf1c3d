"""The SQS queues of meter runs; each message contains the id of one run."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice
from typing import Any

import boto3
from botocore.config import Config

from chalicelib import deadline
from chalicelib.settings import settings

BATCH = 10  # the limit of SendMessageBatch
THREADS = 8


@cache
def _client() -> Any:
    return boto3.client("sqs", config=Config(max_pool_connections=THREADS, connect_timeout=3, read_timeout=10))


def send(run_ids: Iterable[int]) -> None:
    """Queue runs. Raises RuntimeError unless SQS accepts all of them, and DeadlineExceededError.

    Queuing a run twice is harmless.
    """
    remaining = iter(run_ids)
    chunks = iter(lambda: list(islice(remaining, BATCH)), [])
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(_send_chunk, chunks))


def send_hourly(run_id: int) -> None:
    """Queue a run for the worker with the hourly models."""
    _client().send_message(QueueUrl=settings().hourly_queue_url, MessageBody=_message(run_id))


def _message(run_id: int) -> str:
    return json.dumps({"meter_run": run_id})


def _send_chunk(run_ids: list[int]) -> None:
    deadline.check()
    entries = [{"Id": str(id), "MessageBody": _message(id)} for id in run_ids]
    response = _client().send_message_batch(QueueUrl=settings().meter_queue_url, Entries=entries)
    if failed := response.get("Failed"):
        raise RuntimeError(f"SQS rejected {len(failed)} of {len(run_ids)} messages: {failed[0].get('Message')}")


def retry_after(record: dict[str, Any], seconds: int) -> None:
    """Redeliver the message of an SQS event record after `seconds`, not after the queue's visibility timeout."""
    name = record["eventSourceARN"].rpartition(":")[2]
    queues = settings().meter_queue_url, settings().hourly_queue_url
    url = next(url for url in queues if url.rpartition("/")[2] == name)
    _client().change_message_visibility(QueueUrl=url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=seconds)


def run_id_of(record: dict[str, Any]) -> int:
    """The run id in an SQS event record. Raises ValueError when there is none."""
    try:
        message = json.loads(record["body"])
    except ValueError:
        message = None
    if not isinstance(message, dict) or not isinstance(message.get("meter_run"), int):
        raise ValueError(f'the message is not of the form {{"meter_run": id}}: {record["body"][:200]!r}')
    return int(message["meter_run"])
