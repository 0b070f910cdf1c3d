"""Start the imports of files that have arrived: S3 sends a message for each to the queue of uploads."""

import json
from typing import Any
from urllib.parse import unquote_plus

from aws_lambda_powertools import Logger

from chalicelib.store.uploads import storage, uploads

logger = Logger()


def handle(event: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Start the imports; messages whose import could not be started are returned to the queue."""
    failures = []
    for message in event["Records"]:
        try:
            for key in _keys(json.loads(message["body"])):
                _receive(key)
        except Exception:
            logger.exception("an import could not be started", message_id=message["messageId"])
            failures.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failures}


def _keys(notification: dict[str, Any]) -> list[str]:
    """The keys of the files that a message of S3 names; a test message names none."""
    return [unquote_plus(record["s3"]["object"]["key"]) for record in notification.get("Records", ())]


def _receive(key: str) -> None:
    found = storage.arrived(key)
    if found is None or not uploads.has_arrived(*found):
        storage.remove_file(key)
        logger.info("deleted a file that belongs to no upload", key=key)
    else:
        logger.info("arrived", upload=found[0])
