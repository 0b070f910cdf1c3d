"""Deleting meter runs, one by one or a whole batch, with their results and documents.

An entry of DeletedRuns is written before, or together with, what is removed: it has the names that are needed to remove
the rest if a process dies. Once the row of a run is gone, no worker can end the run, since each of their writes in
DynamoDB depends on the row; what they still store in S3 is removed when no more of it can arrive.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import chain, islice

from aws_lambda_powertools import Logger
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib import deadline
from chalicelib.deadline import DeadlineExceededError
from chalicelib.settings import settings
from chalicelib.store.results import newest
from chalicelib.store.results.derivatives import derivative_ids
from chalicelib.store.runs import aggregation_runs, batch_jobs, batch_shards, batches, claims, meter_runs, waiters
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.shared import bulk, documents, pages
from chalicelib.store.shared.errors import Busy
from chalicelib.store.shared.retries import attempts
from chalicelib.store.shared.transactions import commit, conditional_write
from chalicelib.store.tables.base import latest_write, now
from chalicelib.store.tables.results import Derivative, MeterResult, NewestRun
from chalicelib.store.tables.runs import Batch, BatchJob, DeletedRuns, MeterRun

logger = Logger(child=True)

CHUNK = 1_000  # runs of a batch that are deleted at a time
ATTEMPTS = 12  # at a run that workers change
KEPT = 3 * 24 * 3600  # seconds; an Idempotency-Key lasts a day, and its row may stay for two more
LONGEST_WORK = 15 * 60  # seconds that Lambda lets a worker go on after its run was deleted
RECONCILING = 60.0  # seconds of a pass of the reconciler
WHOLE, NO_BATCH = DeletedRuns.WHOLE, DeletedRuns.NO_BATCH


class Awaited(Exception):
    """An aggregation run waits for the batch."""

    def __init__(self, aggregation_run: int) -> None:
        super().__init__(f"aggregation run {aggregation_run} waits for the batch")
        self.aggregation_run = aggregation_run


@dataclass(frozen=True)
class Deleted:
    """What has to be known of a run to remove what belongs to it."""

    id: int
    document: str
    trace: int | None
    project: int | None
    attempts: int

    @property
    def keys(self) -> list[str]:
        """The keys in S3 that its worker, or the request that scheduled it, may have written to."""
        return documents.keys_of(self.document, max(self.attempts, settings().max_attempts))

    @property
    def written_keys(self) -> list[str]:
        """Those of the attempts that it has made, which are nearly always all that exist."""
        return documents.keys_of_attempts(self.document, self.attempts)

    @property
    def newest_keys(self) -> list[newest.Key]:
        """The keys of the newest runs that may name it."""
        if self.trace is None:
            return []
        return [(self.trace, project) for project in (self.project, NewestRun.ANY_PROJECT) if project is not None]


def delete(id: int) -> bool:
    """Delete a run, whatever its status, with its result and documents; False when there is no such run.

    One transaction deletes the rows. Raises Busy.
    """
    for _ in attempts(ATTEMPTS):
        run = meter_runs.get(id)
        if run is None:
            return False
        if _delete(run):
            break
    else:
        raise Busy(f"workers changed the run in all {ATTEMPTS} attempts, or it has not been accepted yet")
    try:
        documents.delete_many(_deleted(run).keys)
    except Exception:
        logger.exception("the documents of a deleted run remain; the reconciler will delete them", meter_run=id)
    if run.status not in ENDED:
        waiters.wake_after(run)
    return True


def begin(batch: int) -> bool:
    """Let a job delete a batch; False when there is no such batch. Raises Awaited and Busy."""
    job = batch_jobs.new(batch, batch_jobs.DELETION)
    for _ in attempts(ATTEMPTS):
        first = batches.find(batch)
        if first is None:
            return False
        if first.state == batches.DELETING:
            return True
        waiting = aggregation_runs.waiting_for(batch)
        if waiting is not None:
            raise Awaited(waiting)
        if commit(lambda transaction: _begin(transaction, first, job)):  # noqa: B023 (called at once)
            batch_jobs.start(job)
            return True
    raise Busy(f"batch {batch} was changed in all {ATTEMPTS} attempts")


def advance(batch: int) -> bool:
    """Delete the next runs of a batch that is DELETING; returns whether all is gone.

    It may be interrupted at any point, and called by two processes at once: calling it again does the rest.

    Raises Busy and DeadlineExceededError.
    """
    first = batches.find(batch)
    if first is None:
        return True
    if first.state != batches.DELETING:
        raise ValueError(f"batch {batch} is {first.state or batches.ACTIVE}, and not to be deleted")
    left = (pages.above(part, first.deleted_to or 0) for part in batches.ranges_in(first))
    chunk = list(islice(chain.from_iterable(left), CHUNK))
    if not chunk:
        _finish(first)
        return True
    runs = _recorded(batch, chunk)
    bulk.delete_all(MeterRun, (MeterRun(run.id) for run in runs))  # first: then no worker can end one of them
    _delete_results(runs)
    documents.delete_many(key for run in runs for key in run.written_keys)
    _move_on(first, chunk[-1], len(runs))
    return False


def reconcile() -> int:
    """Remove what has arrived late of deleted runs and batches; returns the number of entries of DeletedRuns.

    The next pass does what is left, and retries what fails.
    """
    done = 0
    try:
        with deadline.within(RECONCILING):
            for entry in _due():
                try:
                    _remove(entry)
                    done += 1
                except DeadlineExceededError:
                    raise
                except Exception:
                    logger.exception("deleted runs could not be removed", first_run=entry.first_run, batch=entry.batch)
    except DeadlineExceededError:
        logger.info("the next pass deletes what is left")
    return done


def _delete(run: MeterRun) -> bool:
    """Delete the rows of a run in one transaction; False if it has changed or is not yet accepted."""
    if run.batch is not None and not batches.has_run(run.batch, run.id):
        return False
    result = pages.get(MeterResult, run.id) if run.status == "SUCCESS" else None
    unchanged = claims.unchanged_since_read(run) & (MeterRun.attempts == run.attempts)

    def fill(transaction: TransactWrite) -> None:
        transaction.delete(MeterRun(run.id), condition=unchanged)
        transaction.save(_entry(run.id, NO_BATCH, [_deleted(run)]))
        batch_shards.uncount(transaction, run)
        if run.status == "SUCCESS":
            transaction.delete(MeterResult(run.id))
            newest.forget(transaction, run)
        if result is not None and result.derivatives is None:  # they are items of their own
            for id in derivative_ids(run.id):
                transaction.delete(Derivative(id))

    return commit(fill)


def _begin(transaction: TransactWrite, first: Batch, job: BatchJob) -> None:
    actions: list[Action] = [Batch.state.set(batches.DELETING), Batch.updated.set(now())]
    same = Batch.state.does_not_exist() if first.state is None else Batch.state == first.state
    exists = Batch.added.exists() & same
    transaction.update(Batch(first.id, 0), actions=actions, condition=exists)
    batch_jobs.add(transaction, job)


def _recorded(batch: int, chunk: Sequence[int]) -> list[Deleted]:
    """Those of consecutive runs that existed when their deletion began, of which there is an entry from now on."""
    found = meter_runs.get_many(chunk)
    entry = _entry(chunk[0], batch, [_deleted(run) for _, run in sorted(found.items())])
    if not conditional_write(lambda: entry.save(condition=DeletedRuns.first_run.does_not_exist())):
        entry = DeletedRuns.get(chunk[0], batch, consistent_read=True)  # of an earlier call, which was interrupted
    return runs_of(entry)


def _delete_results(runs: Sequence[Deleted]) -> None:
    results = pages.get_many(MeterResult, (run.id for run in runs))
    older = [result.id for result in results.values() if result.derivatives is None]
    bulk.delete_all(Derivative, (Derivative(one) for id in older for one in derivative_ids(id)))
    newest.forget_many({run.id for run in runs}, (key for run in runs for key in run.newest_keys))
    bulk.delete_all(MeterResult, (MeterResult(id) for id in results))


def _move_on(first: Batch, last: int, count: int) -> None:
    """Record that no run of a batch up to `last` is left, unless another call already has."""
    before = Batch.deleted_to
    same = before.does_not_exist() if first.deleted_to is None else before == first.deleted_to
    actions: list[Action] = [before.set(last), Batch.deleted.add(count), Batch.updated.set(now())]
    conditional_write(lambda: Batch(first.id, 0).update(actions=actions, condition=Batch.state.exists() & same))


def _finish(first: Batch) -> None:
    """Delete a batch that has no runs any more, and wake those that began to wait for it at the last moment."""
    waiters.wake(first.id)
    if first.request is not None:
        documents.delete(first.request)
    batches.remove_counts(first.id)

    def fill(transaction: TransactWrite) -> None:
        transaction.delete(Batch(first.id, 0), condition=Batch.state == batches.DELETING)
        transaction.save(_entry(WHOLE, first.id, []))

    commit(fill)


def _due() -> Iterator[DeletedRuns]:
    due = DeletedRuns.due < int(time.time())
    return iter(DeletedRuns.scan(filter_condition=due, consistent_read=True))


def _remove(entry: DeletedRuns) -> None:
    """Remove what has arrived since the runs of an entry were deleted; nothing more can."""
    if entry.is_clean:
        entry.delete()
        return
    if _is_in_progress(entry):  # `advance` still needs the entry
        return
    if entry.first_run == WHOLE:
        batches.remove(entry.batch)
    documents.delete_many(key for run in runs_of(entry) for key in run.keys)
    if WHOLE in (entry.first_run, entry.batch):
        DeletedRuns(entry.first_run, entry.batch).update(actions=_clean())
    else:
        entry.delete()


def _is_in_progress(entry: DeletedRuns) -> bool:
    """Whether `advance` has yet to delete some of these runs of a batch."""
    first = None if entry.batch == NO_BATCH else batches.find(entry.batch)
    return first is not None and (first.deleted_to or 0) < entry.first_run


def _clean() -> list[Action]:
    """The actions after which an entry only says what was deleted."""
    return [DeletedRuns.is_clean.set(True), DeletedRuns.due.set(int(time.time()) + KEPT)]


def _entry(first_run: int, batch: int, runs: Sequence[Deleted]) -> DeletedRuns:
    return DeletedRuns(first_run, batch, runs=[astuple(run) for run in runs], due=latest_write() + LONGEST_WORK)


def runs_of(entry: DeletedRuns) -> list[Deleted]:
    """The runs of an entry."""
    return [Deleted(*fields) for fields in entry.runs]


def _deleted(run: MeterRun) -> Deleted:
    return Deleted(run.id, run.document, run.trace, run.project, run.attempts)
