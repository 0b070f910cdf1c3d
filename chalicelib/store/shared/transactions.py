"""Conditional writes, and DynamoDB transactions that are retried after conflicts."""

import random
import time
from collections.abc import Callable
from typing import Any

from pynamodb.exceptions import DeleteError, PutError, TransactWriteError, UpdateError
from pynamodb.transactions import TransactWrite

from chalicelib.store.tables.base import connection

ATTEMPTS = 12
RETRYABLE = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def conditional_write(write: Callable[[], Any]) -> bool:
    """Make a write with a condition; False when the condition does not hold."""
    try:
        write()
    except (DeleteError, PutError, UpdateError) as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True


def commit(fill: Callable[[TransactWrite], None]) -> bool:
    """Commit the writes that `fill` adds to a transaction; False when a condition does not hold.

    Raises TransactWriteError when conflicts or throttling outlast the retries, and for any other error.
    """
    for attempt in range(ATTEMPTS):
        try:
            with TransactWrite(connection=connection()) as transaction:
                fill(transaction)
            return True
        except TransactWriteError as error:
            codes = {reason.code for reason in error.cancellation_reasons if reason}
            if "ConditionalCheckFailed" in codes:
                return False
            if not codes or not codes <= RETRYABLE or attempt == ATTEMPTS - 1:
                raise
            time.sleep(random.uniform(0, min(1.0, 0.02 * 2**attempt)))
    raise AssertionError("unreachable")
