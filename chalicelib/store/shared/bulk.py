"""Bulk writes and deletes with BatchWriteItem, several requests at a time."""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from pynamodb.exceptions import PutError
from pynamodb.models import BatchWrite, Model

from chalicelib import deadline

M = TypeVar("M", bound=Model)

BATCH = 25  # the limit of BatchWriteItem
THREADS = 8
ATTEMPTS = 8


def put_all(model: type[M], items: Iterable[M]) -> None:
    """Write the items in no particular order, not atomically.

    Raises PutError when DynamoDB throttles for too long, and DeadlineExceededError.
    """
    _in_batches(model, items, lambda writer, item: writer.save(item), deadline.check)


def delete_all(model: type[M], items: Iterable[M]) -> None:
    """Delete the items, in the same way as `put_all`, but whatever time is left: it undoes what was begun."""
    _in_batches(model, items, lambda writer, item: writer.delete(item), lambda: None)


def _in_batches(
    model: type[M], items: Iterable[M], act: Callable[[BatchWrite[M], M], None], check: Callable[[], None]
) -> None:
    def write(batch: Sequence[M]) -> None:
        for attempt in range(ATTEMPTS):
            check()
            try:
                with model.batch_write() as writer:
                    for item in batch:
                        act(writer, item)
                return
            except PutError:  # unprocessed items, which pynamodb retries only twice and without back-off
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0, min(2.0, 0.05 * 2**attempt)))

    remaining = iter(items)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write, iter(lambda: list(islice(remaining, BATCH)), [])))
