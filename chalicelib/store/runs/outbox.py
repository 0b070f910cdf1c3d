"""The transactional outbox: runs that are written get queued even if the request dies in between.

An entry is written before the runs and deleted once they are queued. The reconciler completes the entries that remain:
it queues the runs of a request that was accepted, and deletes those of a bulk request that was interrupted before its
batch was written (no client has seen these).
"""

import time

from aws_lambda_powertools import Logger

from chalicelib.store.runs import batches, queue
from chalicelib.store.shared import bulk, pages
from chalicelib.store.tables.runs import MeterRun, Outbox

logger = Logger(child=True)

GRACE_PERIOD = 120  # seconds; longer than any request lives


def open(runs: range, batch: int | None) -> None:
    """Write the entry of a request that is about to write these runs."""
    Outbox(runs.start, size=len(runs), batch=batch, due=int(time.time()) + GRACE_PERIOD).save()


def dispatch(runs: range) -> None:
    """Queue the runs and delete their entry."""
    queue.send(runs)
    Outbox(runs.start).delete()


def reconcile() -> int:
    """Complete the overdue entries; returns the number of runs queued. The next pass retries whatever fails."""
    queued = 0
    for entry in Outbox.scan(filter_condition=Outbox.due < int(time.time())):
        try:
            queued += _finish(entry)
        except Exception:
            logger.exception("a request's runs could not be queued", first_run=entry.first_run)
    return queued


def _finish(entry: Outbox) -> int:
    written = pages.get_many(MeterRun, range(entry.first_run, entry.first_run + entry.size))
    pending = [id for id, run in sorted(written.items()) if run.status == "PENDING"]
    if entry.batch is not None and batches.get(entry.batch) is None:
        bulk.delete_all(MeterRun, written.values())
        batches.remove(entry.batch)
        pending = []
    queue.send(pending)
    entry.delete()
    return len(pending)
