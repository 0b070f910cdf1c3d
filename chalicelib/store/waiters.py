"""Aggregation runs that wait for a batch of meter runs to end.

The last run to end wakes them. A run that ends looks for waiters after its end was written, and a waiter looks at the
batch after it was written down, so that one of the two sees the other. The sweep wakes those whom a worker that died
in between left asleep.
"""

from aws_lambda_powertools import Logger

from chalicelib.store import batches, state_machine
from chalicelib.store.tables import BatchWaiter, MeterRun
from chalicelib.store.transactions import conditional_write

logger = Logger(child=True)


def wait(batch: int, aggregation_run: int, task_token: str) -> None:
    """Have an execution go on when a batch has ended, which may be now."""
    BatchWaiter(batch, aggregation_run, task_token=task_token).save()
    if batches.has_ended(batch):
        _wake(batch)


def wake_after(run: MeterRun) -> None:
    """Wake those who waited for a meter run that has just ended. Never raises: the run has ended well all the same."""
    try:
        if batches.completed_batch(run):
            _wake(run.batch)
    except Exception:
        logger.exception("those who wait for a batch are left to the sweep", batch=run.batch)


def sweep() -> int:
    """Wake those whose batch has ended without it; how many there were. What fails is left to the next sweep."""
    woken = 0
    for batch in {waiter.batch for waiter in BatchWaiter.scan()}:
        try:
            woken += _wake(batch) if batches.has_ended(batch) else 0
        except Exception:
            logger.exception("those who wait for a batch could not be woken", batch=batch)
    return woken


def _wake(batch: int) -> int:
    woken = list(BatchWaiter.query(batch, consistent_read=True))
    for waiter in woken:
        state_machine.resume(waiter.task_token)
        _forget(waiter)
    return len(woken)


def _forget(waiter: BatchWaiter) -> None:
    # A second try of its step may have written a new token, which is still to be woken.
    conditional_write(lambda: waiter.delete(condition=BatchWaiter.task_token == waiter.task_token))
