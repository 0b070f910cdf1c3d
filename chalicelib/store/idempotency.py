"""Idempotency keys: the first response of a request, kept for the requests that repeat it."""

import hashlib
import time
from dataclasses import asdict, dataclass
from datetime import timedelta

from pynamodb.exceptions import PutError

from chalicelib.store import documents
from chalicelib.store.errors import InProgress, Mismatch
from chalicelib.store.tables import IdempotencyKey, now

RETENTION = timedelta(days=1)
LEASE = 60  # seconds after which a request without an answer is certainly dead


@dataclass(frozen=True)
class Stored:
    """A response as it was first given."""

    status: int
    headers: dict[str, str]
    body: str


def begin(key: str, body_hash: str) -> Stored | None:
    """The response first given under this key; None when the caller is the first and must `finish` or `abandon`.

    Raises Mismatch when the key was used with another body, InProgress when the first request has not ended. One that
    died without an answer is done again after LEASE: what it had written stays, and nobody was told of it.
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
    except IdempotencyKey.DoesNotExist:  # the first request was refused a moment ago
        raise InProgress(key) from None
    if known.body_hash != body_hash:
        raise Mismatch(key)
    if known.response is None:
        raise InProgress(key)
    return Stored(**documents.get(known.response))


def finish(key: str, response: Stored) -> None:
    """Keep the response for those who repeat the request."""
    document = f"idempotency/{hashlib.sha256(key.encode()).hexdigest()}.json"
    documents.put(document, asdict(response))
    IdempotencyKey(key).update(actions=[IdempotencyKey.response.set(document)])


def abandon(key: str) -> None:
    """Free the key of a request that was refused or failed."""
    IdempotencyKey(key).delete()
