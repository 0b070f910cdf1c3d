"""Conditional writes, and DynamoDB transactions that are retried after conflicts."""

from collections.abc import Callable
from typing import Any

from pynamodb.exceptions import DeleteError, PutError, TransactWriteError, UpdateError
from pynamodb.transactions import TransactWrite

from chalicelib.store.shared.errors import Busy
from chalicelib.store.shared.retries import attempts
from chalicelib.store.shared.throttling import TRANSIENT, code_of
from chalicelib.store.tables.base import connection

ATTEMPTS = 12
# What cancels a transaction for a moment, and what refuses it as a whole.
RETRYABLE = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"} | TRANSIENT


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

    Raises Busy when conflicts or throttling outlast the retries, and TransactWriteError for any other error.
    """
    reasons = set[str]()
    for _ in attempts(ATTEMPTS):
        try:
            with TransactWrite(connection=connection()) as transaction:
                fill(transaction)
            return True
        except TransactWriteError as error:
            reasons = {reason.code for reason in error.cancellation_reasons if reason} or {code_of(error)}
            if "ConditionalCheckFailed" in reasons:
                return False
            if not reasons <= RETRYABLE:
                raise
    raise Busy(f"a transaction was cancelled in all {ATTEMPTS} attempts: {', '.join(sorted(reasons))}")
