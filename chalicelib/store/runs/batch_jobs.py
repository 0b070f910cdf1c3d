"""Jobs on batches: long work in short steps, which an execution of the state machine repeats until nothing is left.

A job is added in the transaction that makes its work necessary, and removed when a step says that all is done. Each
step can be repeated, is safe against a kill at any point, and against another execution of the same job. If an
execution ends before the job does, the reconciler starts another one.
"""

import time
import uuid

from aws_lambda_powertools import Logger
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.store.runs import state_machine
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.runs import BatchJob

logger = Logger(child=True)

EXPANSION, DELETION = "EXPANSION", "DELETION"  # the kinds of jobs; jobs.advance_batch has the step of each
GRACE_PERIOD = 60  # seconds after which a request that has not started its job never will
CHECK_INTERVAL = 3 * 60  # seconds without a finished step after which the reconciler checks the execution


def new(batch: int, kind: str) -> BatchJob:
    """A job of this kind, to be added in a transaction (`add`), and started after that (`start`)."""
    return BatchJob(batch, kind, document=str(uuid.uuid4()), due=int(time.time()) + GRACE_PERIOD)


def add(transaction: TransactWrite, job: BatchJob) -> None:
    """Add a job in a transaction, which fails if the batch already has one of this kind."""
    transaction.save(job, condition=BatchJob.batch.does_not_exist())


def start(job: BatchJob) -> None:
    """Start the execution of a job. Never raises: the reconciler starts what could not be started."""
    try:
        state_machine.start_job(job)
    except Exception:
        logger.exception("a job was not started; the reconciler will start it", batch=job.batch, kind=job.kind)


def extend(batch: int, kind: str) -> bool:
    """Postpone the check of a job of which a step is about to begin; False if there is no such job."""
    actions: list[Action] = [BatchJob.due.set(int(time.time()) + CHECK_INTERVAL)]
    exists = BatchJob.batch.exists()
    return conditional_write(lambda: BatchJob(batch, kind).update(actions=actions, condition=exists))


def remove(batch: int, kind: str) -> None:
    """Remove a job that is done."""
    BatchJob(batch, kind).delete()


def reconcile() -> int:
    """Start the overdue jobs whose execution has ended or was never started; returns their number.

    The next pass retries whatever fails.
    """
    started = 0
    for job in BatchJob.scan(filter_condition=BatchJob.due < int(time.time()), consistent_read=True):
        try:
            started += _restart(job)
        except Exception:
            logger.exception("a job could not be restarted", batch=job.batch, kind=job.kind)
    return started


def _restart(job: BatchJob) -> bool:
    execution = state_machine.find_job(job)
    if execution is not None and not execution.has_ended:
        extend(job.batch, job.kind)
        return False
    if execution is not None:
        logger.error("the execution of a job has ended before it was done", batch=job.batch, reason=execution.reason)
    number = job.execution + (execution is not None)
    actions: list[Action] = [
        BatchJob.execution.set(number),
        BatchJob.due.set(int(time.time()) + CHECK_INTERVAL),
    ]
    unchanged = BatchJob.execution == job.execution
    if not conditional_write(lambda: job.update(actions=actions, condition=unchanged)):
        return False
    state_machine.start_job(job)
    return True
