"""Idempotency keys: a request and its repeats have one effect and one response.

The first request with a key holds it until its response is stored, or for LEASE seconds. What it creates is recorded
with the key in the transaction that accepts the request (`record`). So a repeat is answered even if the first request
died before it had a response; and if it died before it was accepted, it can no longer be.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from pynamodb.exceptions import PutError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.store.shared import documents
from chalicelib.store.shared.errors import InProgress, Mismatch
from chalicelib.store.shared.transactions import conditional_write
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


@dataclass(frozen=True)
class Accepted:
    """What the first request created, if it died before its response was stored."""

    created: dict[str, Any]


@dataclass(frozen=True)
class Held:
    """A key that this request holds; `owner` is different for each request that ever holds it."""

    key: str
    owner: str


_held: Held | None = None  # of the request that this process serves; a process serves one at a time


def begin(key: str, request_hash: str) -> Held | Accepted | Stored:
    """Hold a key, or find out what the first request with it has done.

    Returns Held when the caller is the first to use the key, or the first request died before it was accepted; the
    caller must then call `finish` or `abandon`.

    Raises Mismatch when the key was used with a different request, and InProgress when the first one has not ended.
    """
    held = Held(key, uuid.uuid4().hex)
    entry = IdempotencyKey(
        key, owner=held.owner, request_hash=request_hash, lease=int(time.time()) + LEASE, expires=RETENTION
    )
    free = IdempotencyKey.key.does_not_exist() | (IdempotencyKey.expires < now())
    unanswered = IdempotencyKey.response.does_not_exist() & IdempotencyKey.accepted.does_not_exist()
    dead = unanswered & (IdempotencyKey.lease < int(time.time()))
    try:
        entry.save(condition=free | (dead & (IdempotencyKey.request_hash == request_hash)))
        return held
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
    try:
        known = IdempotencyKey.get(key, consistent_read=True)
    except IdempotencyKey.DoesNotExist:  # the first request was rejected just now and released the key
        raise InProgress(key) from None
    if known.owner == held.owner:  # the write was made, but its response was lost and it was sent again
        return held
    if known.request_hash != request_hash:
        raise Mismatch(key)
    if known.response is not None:
        return Stored(**documents.get(known.response))
    if known.accepted is not None and known.lease < int(time.time()):
        return Accepted(known.accepted)
    raise InProgress(key)


@contextmanager
def holding(held: Held) -> Iterator[None]:
    """Let `record` record what the enclosed work creates."""
    global _held
    _held = held
    try:
        yield
    finally:
        _held = None


def record(transaction: TransactWrite, created: dict[str, Any]) -> None:
    """Record what this request creates with its Idempotency-Key, if it has one, in the transaction that accepts it.

    created: its `resource` and `id`, and whatever else the response follows from.

    The transaction fails if another request holds the key by now, or this one has already been accepted.
    """
    if _held is not None:
        still_held = (IdempotencyKey.owner == _held.owner) & IdempotencyKey.accepted.does_not_exist()
        actions: list[Action] = [IdempotencyKey.accepted.set(created)]
        transaction.update(IdempotencyKey(_held.key), actions=actions, condition=still_held)


def finish(key: str, response: Stored) -> None:
    """Store the response, to be returned when the request is repeated, unless there is one."""
    document = f"idempotency/{key}/{uuid.uuid4().hex}.json"
    documents.put(document, asdict(response))
    first = IdempotencyKey.key.exists() & IdempotencyKey.response.does_not_exist()
    stored = IdempotencyKey.response.set(document)
    conditional_write(lambda: IdempotencyKey(key).update(actions=[stored], condition=first))


def abandon(held: Held) -> bool:
    """Release the key of a request that was rejected or failed.

    False if the request was accepted before it failed, or another one holds the key by now.
    """
    not_accepted = (IdempotencyKey.owner == held.owner) & IdempotencyKey.accepted.does_not_exist()
    return conditional_write(lambda: IdempotencyKey(held.key).delete(condition=not_accepted))
