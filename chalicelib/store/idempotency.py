"""Idempotency keys: the response to a request is stored, and returned when the request is repeated."""

import hashlib
import time
from dataclasses import asdict, dataclass
from datetime import timedelta

from pynamodb.exceptions import PutError

from chalicelib.store.shared import documents
from chalicelib.store.shared.errors import InProgress, Mismatch
from chalicelib.store.tables.access import IdempotencyKey
from chalicelib.store.tables.base import now

RETENTION = timedelta(days=1)
LEASE = 60  # seconds after which a request without a response is certainly dead


@dataclass(frozen=True)
class Stored:
    """The response to the first request."""

    status: int
    headers: dict[str, str]
    body: str


def begin(key: str, body_hash: str) -> Stored | None:
    """Claim a key, or return the response stored under it.

    Returns None when the caller is the first to use the key; it must then call `finish` or `abandon`. A request that
    died without a response can be retried after LEASE; whatever it wrote remains, but no client has seen it.

    Raises Mismatch when the key was used with a different body, and InProgress when the first request has not ended.
    """
    entry = IdempotencyKey(key, body_hash=body_hash, lease=int(time.time()) + LEASE, expires=RETENTION)
    free = IdempotencyKey.key.does_not_exist() | (IdempotencyKey.expires < now())
    dead = IdempotencyKey.response.does_not_exist() & (IdempotencyKey.lease < int(time.time()))
    try:
        entry.save(condition=free | (dead & (IdempotencyKey.body_hash == body_hash)))
        return None
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
    try:
        known = IdempotencyKey.get(key, consistent_read=True)
    except IdempotencyKey.DoesNotExist:  # the first request was rejected just now and released the key
        raise InProgress(key) from None
    if known.body_hash != body_hash:
        raise Mismatch(key)
    if known.response is None:
        raise InProgress(key)
    return Stored(**documents.get(known.response))


def finish(key: str, response: Stored) -> None:
    """Store the response, to be returned when the request is repeated."""
    document = f"idempotency/{hashlib.sha256(key.encode()).hexdigest()}.json"
    documents.put(document, asdict(response))
    IdempotencyKey(key).update(actions=[IdempotencyKey.response.set(document)])


def abandon(key: str) -> None:
    """Release the key of a request that was rejected or failed."""
    IdempotencyKey(key).delete()
