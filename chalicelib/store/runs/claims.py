"""Claims on meter runs: one worker at a time holds a run, until its lease expires. `heartbeat` renews the lease."""

import time
import uuid

from aws_lambda_powertools import Logger
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.settings import settings
from chalicelib.store.results import newest
from chalicelib.store.runs import meter_runs, queue, statuses
from chalicelib.store.runs.endings import ENDED, MAX_MESSAGE, is_overdue
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.base import now
from chalicelib.store.tables.runs import MeterRun

logger = Logger(child=True)

FORWARD_TIMEOUT = 24 * 3600  # seconds until the reconciler requeues a forwarded run, whose worker may be gone
LEASE = 50  # seconds that a claim lasts unless it is renewed; the reconciler finds a dead worker's run up to 60 s later
REDELIVERY_WINDOW = 15 * 60  # seconds for SQS to redeliver the message; after that the reconciler sends a new one


class Exhausted(Exception):
    """A run has used all its attempts."""


def available(id: int) -> MeterRun | None:
    """The run, or None when it has ended or a worker holds its lease.

    Raises LookupError when there is no such run.
    """
    run = meter_runs.get(id)
    if run is None:
        raise LookupError(f"there is no meter run {id}")
    return None if run.status in ENDED or _is_held(run) else run


def claim(id: int) -> MeterRun | None:
    """Claim a run for this worker and mark it as RUNNING; None when it has ended or another worker holds its lease.

    Raises LookupError when there is no such run, and Exhausted when it has used all its attempts.
    """
    run, token = MeterRun(id), uuid.uuid4().hex
    actions: list[Action] = [
        MeterRun.status.set(statuses.RUNNING),
        MeterRun.status_partition.set(statuses.partition(statuses.RUNNING, id)),
        MeterRun.claim.set(token),
        MeterRun.due.set(_lease_end()),
        MeterRun.attempts.set(MeterRun.attempts + 1),
        MeterRun.updated.set(now()),
    ]
    if conditional_write(lambda: run.update(actions=actions, condition=can_be_claimed())):  # which also reads the run
        return run
    found = available(id)
    if found is None:
        known = meter_runs.get(id)
        return known if known is not None and known.claim == token else None  # the write was made, and sent again
    if found.attempts >= settings().max_attempts:
        raise Exhausted(f"meter run {id} has used all {found.attempts} attempts")
    return None


def can_be_claimed() -> Condition:
    """The condition that a run has not ended, that no worker holds its lease, and that it has attempts left."""
    free = MeterRun.claim.does_not_exist() | (MeterRun.due <= int(time.time()))
    open: Condition = MeterRun.status.is_in(statuses.PENDING, statuses.RUNNING)
    can: Condition = open & free & (MeterRun.attempts < settings().max_attempts)
    return can


def is_held(run: MeterRun) -> bool:
    """Whether a worker still holds its claim on a run, which has not ended."""
    found = meter_runs.get(run.id)
    return found is not None and found.claim == run.claim and found.status == statuses.RUNNING


def renew(id: int, claim: str) -> bool:
    """Renew the lease of a claim; False when the claim is lost or the run has ended, and nothing is written."""
    held = (MeterRun.claim == claim) & (MeterRun.status == "RUNNING")
    return conditional_write(lambda: MeterRun(id).update(actions=[MeterRun.due.set(_lease_end())], condition=held))


def release(run: MeterRun, error: str) -> None:
    """Release the claim on a run that a machine error interrupted, so that it can be retried."""
    actions: list[Action] = [
        MeterRun.claim.remove(),
        MeterRun.due.set(int(time.time()) + REDELIVERY_WINDOW),
        MeterRun.last_error.set(error[:MAX_MESSAGE]),
    ]
    if run.meter_input is not None:
        actions.append(MeterRun.meter_input.set(run.meter_input))
    _update_if_unchanged(run, actions)


def forward_to_hourly(run: MeterRun) -> bool:
    """Forward a claimed run to the worker with the hourly models, without counting this attempt.

    Returns False when this worker has lost the claim.
    """
    due, attempts = int(time.time()) + FORWARD_TIMEOUT, run.attempts - 1
    actions: list[Action] = [MeterRun.claim.remove(), MeterRun.due.set(due), MeterRun.attempts.set(attempts)]
    if not _update_if_unchanged(run, actions):
        return False
    run.claim, run.due, run.attempts = None, due, attempts
    queue.send_hourly(run.id)
    return True


def requeue_overdue() -> int:
    """Requeue the runs whose worker died or whose message was lost; returns their number.

    The next pass retries whatever fails.
    """
    queued = 0
    for id in statuses.overdue():
        try:
            queued += _requeue(id)
        except Exception:
            logger.exception("an overdue run could not be requeued", meter_run=id)
    return queued


def unchanged_since_read(run: MeterRun) -> Condition:
    """The condition that no other worker has claimed or ended the run since it was read."""
    held: Condition = MeterRun.claim.does_not_exist() if run.claim is None else MeterRun.claim == run.claim
    same: Condition = held & (MeterRun.status == run.status)
    return same


def _requeue(id: int) -> bool:
    """Requeue a run if it is overdue; returns whether it was, or was listed as open although it has ended."""
    run = meter_runs.get(id)
    if run is not None and run.status in ENDED and run.status_partition != statuses.partition(run.status, id):
        newest.list_again(run)
        return statuses.list_again(run)
    if run is None or not is_overdue(run):
        return False
    # Remove the dead worker's claim; if it is still alive after all, its writes will be rejected. This must
    # precede the message, or the next worker would see the claim and skip the run.
    actions: list[Action] = [MeterRun.due.set(int(time.time()) + REDELIVERY_WINDOW)]
    if run.claim is not None:
        actions.append(MeterRun.claim.remove())
    if not _update_if_unchanged(run, actions):
        return False
    queue.send([run.id])
    return True


def _lease_end() -> int:
    return int(time.time()) + LEASE


def _is_held(run: MeterRun) -> bool:
    """Whether a worker holds an unexpired lease on a run that has not ended."""
    return run.claim is not None and run.due > time.time()


def _update_if_unchanged(run: MeterRun, actions: list[Action]) -> bool:
    """Update a run, unless another worker has claimed or ended it since it was read; returns whether it was updated."""
    return conditional_write(lambda: MeterRun(run.id).update(actions=actions, condition=unchanged_since_read(run)))
