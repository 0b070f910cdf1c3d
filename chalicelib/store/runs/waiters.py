"""What follows the end of a batch of meter runs: aggregation runs that wait for it are woken, and its event is sent.

The last run of the batch does both. A run looks for waiters after its end has been written, and a waiter checks the
batch after it has been written itself, so at least one of the two sees the other. If a worker dies before it can wake
the waiters, the reconciler does so.
"""

from aws_lambda_powertools import Logger

from chalicelib.store.runs import announcements, batches, state_machine
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.runs import BatchWaiter, MeterRun

logger = Logger(child=True)


def wait(batch: int, aggregation_run: int, task_token: str) -> None:
    """Resume an execution when a batch has ended, or now if it already has."""
    BatchWaiter(batch, aggregation_run, task_token=task_token).save()
    if batches.has_ended(batch):
        wake(batch)


def wake_if_ended(batch: int) -> None:
    """Wake the waiters of a batch, and announce its end, if it has ended. Never raises."""
    try:
        if batches.has_ended(batch):
            _follow_end(batch)
    except Exception:
        logger.exception("the end of a batch was not followed up; the reconciler will do so", batch=batch)


def wake_after(run: MeterRun) -> None:
    """Do the same if a run that has just ended, or was deleted, was the last of its batch. Never raises."""
    try:
        if batches.completed_batch(run):
            _follow_end(run.batch)
    except Exception:
        logger.exception("the end of a batch was not followed up; the reconciler will do so", batch=run.batch)


def reconcile() -> int:
    """Wake the waiters whose batch has already ended; returns their number. The next pass retries whatever fails."""
    woken = 0
    for batch in {waiter.batch for waiter in BatchWaiter.scan()}:
        try:
            woken += wake(batch) if batches.has_ended(batch) else 0
        except Exception:
            logger.exception("waiters could not be woken", batch=batch)
    return woken


def wake(batch: int) -> int:
    """Resume the executions that wait for a batch; returns how many."""
    woken = list(BatchWaiter.query(batch, consistent_read=True))
    for waiter in woken:
        state_machine.resume(waiter.task_token)
        _forget(waiter)
    return len(woken)


def _follow_end(batch: int) -> None:
    wake(batch)
    announcements.announce(batch)


def _forget(waiter: BatchWaiter) -> None:
    # A retry of the step may have written a new token, which still has to be woken.
    conditional_write(lambda: waiter.delete(condition=BatchWaiter.task_token == waiter.task_token))
