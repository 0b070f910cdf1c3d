"""Events on EventBridge's default bus."""

import json
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from chalicelib.settings import settings

SOURCE = "eemeter.datastore"


@cache
def _client() -> Any:
    return boto3.client("events", config=Config(connect_timeout=3, read_timeout=5))


def put(kind: str, detail: dict[str, Any]) -> None:
    """Send an event of this kind (EventBridge's detail type). Raises RuntimeError if EventBridge does not accept it."""
    entry = {
        "Source": SOURCE,
        "DetailType": kind,
        "Detail": json.dumps({"stack": settings().table_prefix, **detail}),
    }
    response = _client().put_events(Entries=[entry])
    if response["FailedEntryCount"]:
        raise RuntimeError(f"EventBridge did not accept an event: {response['Entries'][0].get('ErrorCode')}")
