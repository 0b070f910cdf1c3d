"""Meter runs: written as PENDING, queued, claimed by one worker at a time, and ended once."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib import deadline, telemetry
from chalicelib.reporting_window import Window
from chalicelib.settings import settings
from chalicelib.store.results import newest
from chalicelib.store.results.derivatives import derivative_ids
from chalicelib.store.runs import batches, outbox, queue, waiters
from chalicelib.store.shared import bulk, documents, ids, pages
from chalicelib.store.shared.transactions import commit, conditional_write
from chalicelib.store.tables import Derivative, DueIndex, MeterResult, MeterRun, now
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS, SPREAD_NUMBERS, FailureReason

logger = Logger(child=True)

MESSAGE_LIFETIME = 13 * 24 * 3600  # seconds; the queue retains a message for one more day
FORWARD_TIMEOUT = 24 * 3600  # seconds until the reconciler requeues a forwarded run, whose worker may be gone
LEASE_MARGIN = 60  # seconds after the worker's timeout; the worker is certainly dead by then
REDELIVERY_WINDOW = 15 * 60  # seconds for SQS to redeliver the message; after that the reconciler sends a new one
MAX_MESSAGE, MAX_TRACEBACK = 4_000, 20_000  # characters, so that items stay below 400 KB and pages stay small
MAX_DATA_QUALITY = 20_000  # bytes of JSON
RETRY_ADVICE = "The data are not at fault: schedule it again. If it fails again, give the operator the id of the run."
ENDED = ("SUCCESS", "FAILED")
WRITTEN_PER_SECOND = 1_000  # runs, at least


@dataclass(frozen=True)
class RunSpec:
    """A client's request for a meter run."""

    project: int | None = None
    trace: int | None = None
    model_class: str | None = None
    model_kwargs: dict[str, Any] | None = None
    formatter_class: str | None = None
    formatter_kwargs: dict[str, Any] | None = None
    uncertainty: str | None = None
    reporting_window: Window | None = None
    meter_input: str | None = None  # the key of a posted input


class Exhausted(Exception):
    """A run has used all its attempts."""


def schedule(spec: RunSpec) -> MeterRun:
    """Write a run and queue it. Raises OutOfTimeError, when nothing is written."""
    (run,) = _schedule([spec], None)
    return run


def schedule_batch(specs: list[RunSpec]) -> tuple[int, list[MeterRun]]:
    """Write the runs of a bulk request and queue them. Returns the batch id and the runs in order.

    Raises OutOfTimeError: none of the runs is queued then, and the reconciler deletes those that were written.
    """
    batch = batches.allocate()
    return batch, _schedule(specs, batch)


def _schedule(specs: list[RunSpec], batch: int | None) -> list[MeterRun]:
    deadline.check(len(specs) / WRITTEN_PER_SECOND)
    block = ids.allocate("meter_runs", len(specs))
    due = int(time.time()) + MESSAGE_LIFETIME
    runs = [
        MeterRun(
            id=id,
            batch=batch,
            batch_shard=None if batch is None else batches.shard_of(id, len(specs)),
            document=str(uuid.uuid4()),
            open_shard=id % DueIndex.SHARDS,
            due=due,
            **vars(spec),
        )
        for id, spec in zip(block, specs, strict=True)
    ]
    outbox.open(block, batch)
    bulk.put_all(MeterRun, runs)
    if batch is not None:
        batches.write(batch, block)
    try:
        outbox.dispatch(block)
    except Exception:
        logger.exception("runs were written but not all queued; the reconciler will queue them", first_run=block.start)
    return runs


def get(id: int) -> MeterRun | None:
    """The run, or None."""
    return pages.get(MeterRun, id)


def page(
    *,
    after: int,
    limit: int,
    project: int | None = None,
    trace: int | None = None,
    status: str | None = None,
    batch: int | None = None,
    failure_reason: str | None = None,
) -> pages.Page[MeterRun]:
    """A page of the runs that match the filters."""
    keep = pages.matches(project=project, trace=trace, status=status, batch=batch, failure_reason=failure_reason)
    if batch is not None:
        return pages.walk(MeterRun, batches.runs_of(batch), after, limit, keep)
    if trace is not None:
        return pages.query(MeterRun.trace_index, trace, after, limit, keep)
    if project is not None:
        return pages.query(MeterRun.project_index, project, after, limit, keep)
    return pages.walk(MeterRun, ids.allocated("meter_runs"), after, limit, keep)


def claim(id: int) -> MeterRun | None:
    """Claim a run for this worker and mark it as RUNNING; None when it has ended or another worker holds its lease.

    Raises LookupError when there is no such run, and Exhausted when it has used all its attempts.
    """
    run = get(id)
    if run is None:
        raise LookupError(f"there is no meter run {id}")
    if run.status in ENDED or _is_held(run):
        return None
    if run.attempts >= settings().max_attempts:
        raise Exhausted(f"meter run {id} has used all {run.attempts} attempts")
    token = uuid.uuid4().hex
    lease = int(time.time()) + settings().worker_timeout + LEASE_MARGIN

    def fill(transaction: TransactWrite) -> None:
        transaction.update(
            MeterRun(id),
            actions=[
                MeterRun.status.set("RUNNING"),
                MeterRun.claim.set(token),
                MeterRun.due.set(lease),
                MeterRun.attempts.set(run.attempts + 1),
                MeterRun.updated.set(now()),
            ],
            condition=_as_seen(run),
        )
        if run.status == "PENDING":
            batches.move(transaction, run, "RUNNING")

    if not commit(fill):
        return None
    run.status, run.claim, run.due, run.attempts = "RUNNING", token, lease, run.attempts + 1
    return run


def release(run: MeterRun, error: str) -> None:
    """Release the claim on a run that a machine error interrupted, so that it can be retried."""
    _update_if_ours(
        run,
        [
            MeterRun.claim.remove(),
            MeterRun.due.set(int(time.time()) + REDELIVERY_WINDOW),
            MeterRun.last_error.set(error[:MAX_MESSAGE]),
        ],
    )


def forward_to_hourly(run: MeterRun) -> bool:
    """Forward a claimed run to the worker with the hourly models, without counting this attempt.

    Returns False when this worker has lost the claim.
    """
    due, attempts = int(time.time()) + FORWARD_TIMEOUT, run.attempts - 1
    actions: list[Action] = [MeterRun.claim.remove(), MeterRun.due.set(due), MeterRun.attempts.set(attempts)]
    if not _update_if_ours(run, actions):
        return False
    run.claim, run.due, run.attempts = None, due, attempts
    queue.send_hourly(run.id)
    return True


def succeed(run: MeterRun, outcome: dict[str, Any], trace_interpretation: str) -> bool:
    """End a claimed run as SUCCESS, with its result and derivatives, in one transaction.

    `outcome` is the return value of `metering.run_meter`. All ids are derived from the run's id, so that a retry
    overwrites the same items. Returns False when this worker has lost the claim.
    """
    copied = (
        "eemeter_version",
        "datastore_version",
        "model_class",
        "model_kwargs",
        "formatter_class",
        "formatter_kwargs",
        "uncertainty",
        "reporting_window",
        "weather_station",
        "weather_normal_station",
        "models",
    )
    result = MeterResult(
        id=run.id,
        meter_run=run.id,
        meter_output=documents.output_key(run.document),
        trace=run.trace,
        project=run.project,
        **{name: outcome[name] for name in copied},
    )
    id_of = dict(zip(DERIVATIVE_INTERPRETATIONS, derivative_ids(run.id), strict=True))
    derivatives = [
        Derivative(
            id=id_of[fields["interpretation"]],
            meter_result=run.id,
            trace=run.trace,
            project=run.project,
            trace_interpretation=trace_interpretation,
            eemeter_version=outcome["eemeter_version"],
            spread=[fields[name] for name in SPREAD_NUMBERS],
            **{name: value for name, value in fields.items() if name not in SPREAD_NUMBERS},
        )
        for fields in outcome["derivatives"]
    ]
    newest_keys = newest.superseded_keys(run)

    def fill(transaction: TransactWrite) -> None:
        transaction.save(result)
        for derivative in derivatives:
            transaction.save(derivative)
        newest.record(transaction, run, newest_keys)
        _end(transaction, run, "SUCCESS", [MeterRun.meter_result.set(run.id)])

    while not commit(fill):
        current_keys = newest.superseded_keys(run)
        if current_keys == newest_keys:
            return False
        newest_keys = current_keys  # a newer run of the trace has succeeded in the meantime
    waiters.wake_after(run)
    return True


def fail(
    run: MeterRun,
    message: str,
    traceback: str | None,
    reason: FailureReason,
    data_quality: dict[str, Any] | None = None,
) -> bool:
    """End a run as FAILED; False when it has ended or been claimed by another worker in the meantime.

    data_quality: the data-quality report, as plain JSON values; not stored if it is too large for a page of runs.
    """
    actions: list[Action] = [
        MeterRun.failure_message.set(message[:MAX_MESSAGE]),
        MeterRun.failure_reason.set(reason),
    ]
    if traceback is not None:
        actions.append(MeterRun.traceback.set(traceback[-MAX_TRACEBACK:]))
    if data_quality is not None and len(json.dumps(data_quality)) <= MAX_DATA_QUALITY:
        actions.append(MeterRun.data_quality.set(data_quality))
    ended = commit(lambda transaction: _end(transaction, run, "FAILED", actions, reason))
    if ended:
        waiters.wake_after(run)
    return ended


def fail_exhausted(id: int) -> None:
    """Mark a run whose attempts have all failed as FAILED, unless it has ended or a worker holds its lease.

    Raises LookupError when there is no such run.
    """
    run = get(id)
    if run is None:
        raise LookupError(f"there is no meter run {id}")
    if run.status in ENDED or _is_held(run):
        return
    last_error = run.last_error or "the worker died or timed out"
    message = f"The datastore could not complete the run in {run.attempts} attempts. {RETRY_ADVICE}"
    if fail(run, message, last_error, "machine"):
        telemetry.failed("RunsFailed", "machine")


def set_input(run: MeterRun, key: str) -> None:
    """Record the key of the complete input of a claimed run."""
    _update_if_ours(run, [MeterRun.meter_input.set(key)])


def requeue_overdue() -> int:
    """Requeue the runs whose worker died or whose message was lost; returns their number."""
    queued = 0
    for shard in range(DueIndex.SHARDS):
        for entry in MeterRun.due_index.query(shard, range_key_condition=DueIndex.due < int(time.time())):
            run = get(entry.id)
            if run is None or run.status in ENDED or run.due > time.time():
                continue
            # Remove the dead worker's claim; if it is still alive after all, its writes will be rejected. This must
            # precede the message, or the next worker would see the claim and skip the run.
            actions: list[Action] = [MeterRun.due.set(int(time.time()) + REDELIVERY_WINDOW)]
            if run.claim is not None:
                actions.append(MeterRun.claim.remove())
            if _update_if_ours(run, actions):
                queue.send([run.id])
                queued += 1
    return queued


def _update_if_ours(run: MeterRun, actions: list[Action]) -> bool:
    """Update a run, unless another worker has claimed or ended it since it was read; returns whether it was updated."""
    return conditional_write(lambda: MeterRun(run.id).update(actions=actions, condition=_as_seen(run)))


def _is_held(run: MeterRun) -> bool:
    """Whether a worker holds an unexpired lease on the run."""
    return run.claim is not None and run.due > time.time()


def _as_seen(run: MeterRun) -> Condition:
    """The condition that no other worker has claimed or ended the run since it was read."""
    held: Condition = MeterRun.claim.does_not_exist() if run.claim is None else MeterRun.claim == run.claim
    same: Condition = held & (MeterRun.status == run.status)
    return same


def _end(
    transaction: TransactWrite,
    run: MeterRun,
    status: str,
    actions: list[Action],
    reason: FailureReason | None = None,
) -> None:
    """Set the final status of a run, and count it in its batch."""
    transaction.update(
        MeterRun(run.id),
        actions=[
            MeterRun.status.set(status),
            MeterRun.updated.set(now()),
            MeterRun.open_shard.remove(),
            MeterRun.due.remove(),
            *actions,
        ],
        condition=_as_seen(run),
    )
    batches.move(transaction, run, status, reason)
