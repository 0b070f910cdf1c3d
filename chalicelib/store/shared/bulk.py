"""Bulk writes and deletes with BatchWriteItem, several requests at a time."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from pynamodb.exceptions import PutError
from pynamodb.models import BatchWrite, Model

from chalicelib import deadline
from chalicelib.store.shared.errors import Busy
from chalicelib.store.shared.retries import attempts
from chalicelib.store.shared.throttling import TRANSIENT, code_of

M = TypeVar("M", bound=Model)

BATCH = 25  # the limit of BatchWriteItem
THREADS = 8
ATTEMPTS = 8


def put_all(model: type[M], items: Iterable[M]) -> None:
    """Write the items in no particular order, not atomically.

    Raises Busy when DynamoDB throttles for too long, and DeadlineExceededError.
    """
    _in_batches(model, items, lambda writer, item: writer.save(item), deadline.check)


def delete_all(model: type[M], items: Iterable[M]) -> None:
    """Delete the items, in the same way as `put_all`, but whatever time is left: it undoes what was begun."""
    _in_batches(model, items, lambda writer, item: writer.delete(item), lambda: None)


def _in_batches(
    model: type[M], items: Iterable[M], act: Callable[[BatchWrite[M], M], None], check: Callable[[], None]
) -> None:
    def write(batch: Sequence[M]) -> None:
        for _ in attempts(ATTEMPTS, first=0.05):
            check()
            try:
                with model.batch_write() as writer:
                    for item in batch:
                        act(writer, item)
                return
            except PutError as error:  # unprocessed items, which pynamodb retries only twice and without back-off
                if code_of(error) not in {"", *TRANSIENT}:
                    raise
        raise Busy(f"items were left unprocessed in all {ATTEMPTS} attempts")

    remaining = iter(items)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write, iter(lambda: list(islice(remaining, BATCH)), [])))
