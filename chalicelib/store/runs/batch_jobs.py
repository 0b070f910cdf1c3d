"""Jobs on batches: `store.runs.jobs` says how they work."""

import uuid

from pynamodb.transactions import TransactWrite

from chalicelib.settings import settings
from chalicelib.store.runs.jobs import Jobs, first_check
from chalicelib.store.tables.runs import BatchJob

EXPANSION, DELETION = "EXPANSION", "DELETION"  # the kinds of jobs; jobs.advance_batch has the step of each

_jobs = Jobs(
    BatchJob,
    machine=lambda: settings().batch_state_machine_arn,
    subject=lambda job: {"batch": job.batch, "kind": job.kind},
)


def new(batch: int, kind: str) -> BatchJob:
    """A job of this kind, to be added in a transaction (`add`), and started after that (`start`)."""
    return BatchJob(batch, kind, document=str(uuid.uuid4()), due=first_check())


def add(transaction: TransactWrite, job: BatchJob) -> None:
    """Add a job in a transaction, which fails if the batch already has one of this kind."""
    _jobs.add(transaction, job)


def start(job: BatchJob) -> None:
    """Start the execution of a job. Never raises: the reconciler starts what could not be started."""
    _jobs.start(job)


def extend(batch: int, kind: str) -> bool:
    """Postpone the check of a job of which a step is about to begin; False if there is no such job."""
    return _jobs.extend(BatchJob(batch, kind))


def remove(batch: int, kind: str) -> None:
    """Remove a job that is done."""
    BatchJob(batch, kind).delete()


def reconcile() -> int:
    """Start the overdue jobs whose execution has ended or was never started; returns their number."""
    return _jobs.reconcile()
