"""Asynchronous bulk requests: a request is accepted as a batch without runs, and a job makes them, a chunk at a time.

A chunk goes through the outbox, as the runs of a synchronous request do: one transaction accepts its block of runs,
adds the block to the batch, and moves the batch's cursor in the targets, on the condition that it is where it was. The
block of an attempt that died before that was never queued, and the reconciler removes it. So each target is run once,
even if two executions make the same chunk at once: the cursor is moved only once.
"""

import uuid

from aws_lambda_powertools import Logger
from pynamodb.transactions import TransactWrite

from chalicelib import telemetry
from chalicelib.store.runs import (
    announcements,
    batch_jobs,
    batch_shards,
    batches,
    cursors,
    meter_runs,
    outbox,
    requested,
    waiters,
)
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.runs.requested import Request
from chalicelib.store.shared import bulk, documents, ids
from chalicelib.store.tables.runs import Batch, MeterRun, Outbox

logger = Logger(child=True)

REQUESTS = "batch_requests"
CHUNK = 10_000  # runs
READING = 20.0  # seconds after which the runs that have been found are made; a target may have few in many traces
WRITING = 10 * 60  # seconds, longer than any invocation lives
NO_RUNS = (
    "The targets have no runs to make: their projects or groups have no traces, or their batches have no FAILED runs."
)


def accept(request: Request) -> int:
    """Accept a request (see `store.runs.requested`) as a new batch, and start its expansion. Returns the batch's id.

    Raises DeadlineExceededError and Busy; the request has no effect in that case.
    """
    batch = batches.allocate()
    key = f"{REQUESTS}/{uuid.uuid4()}.json"
    (number,) = ids.allocate("meter_runs")  # of the entry, which is about no run
    entry = outbox.open(Outbox, range(number, number), keys=[key])
    documents.put(key, request)
    job = batch_jobs.new(batch, batch_jobs.EXPANSION)

    def fill(transaction: TransactWrite) -> None:
        transaction.save(cursors.new(batch, key, requested.START))
        batch_jobs.add(transaction, job)
        announcements.add(transaction, batch)

    outbox.accept(entry, {"resource": "batches", "id": batch}, fill)
    batch_jobs.start(job)
    meter_runs.queue_accepted(entry)
    return batch


def advance(batch: int) -> bool:
    """Make the next chunk of a batch's runs; returns whether all have been made, and nothing is left to do."""
    found = batches.find(batch)
    if found is None or found.state != batches.EXPANDING:
        waiters.wake_if_ended(batch)
        return True
    request = documents.get(found.request)
    end = [len(request["targets"]), 0, 0]
    if found.cursor == end:
        return _end(found, None if found.size else NO_RUNS)
    try:
        part = requested.part_of(request, found.cursor, CHUNK, READING)
    except requested.UnavailableError as error:
        return _end(found, str(error))
    if not part.specs:
        cursors.move(found, part.cursor or end)
        return False
    _make(found, part.specs, part.cursor or end)
    return False


def _make(batch: Batch, specs: list[RunSpec], cursor: cursors.Cursor) -> None:
    block = ids.allocate("meter_runs", len(specs))
    runs = meter_runs.new_runs(block, specs)
    for run in runs:
        run.batch, run.batch_shard = batch.id, batch_shards.shard_of(run.id, batch.shards)
    entry = outbox.open(Outbox, block, grace=WRITING)
    bulk.put_all(MeterRun, runs)
    if outbox.accept_part(entry, lambda transaction: cursors.extend(transaction, batch, block, cursor)):
        telemetry.emit({"RunsScheduled": len(runs)})
        meter_runs.queue_accepted(entry)
    else:
        logger.info("another execution has made these runs; the reconciler will remove the others", first=block.start)


def _end(batch: Batch, failure_message: str | None) -> bool:
    """End the expansion of a batch, and wake its waiters: all of its runs may have ended before."""
    ended = cursors.end(batch, failure_message)
    if ended:
        logger.info("all runs of the batch have been made", runs=batch.size, reason=failure_message)
        waiters.wake_if_ended(batch.id)
    return ended
