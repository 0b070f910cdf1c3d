"""The outcomes of meter runs: SUCCESS with a result and derivatives, or FAILED with the reason."""

import json
from typing import Any

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib import telemetry
from chalicelib.store.results import meter_results, newest
from chalicelib.store.runs import batch_shards, claims, endings, statuses, waiters
from chalicelib.store.shared import documents
from chalicelib.store.shared.transactions import commit
from chalicelib.store.tables.runs import MeterRun
from chalicelib.vocabulary import FailureReason

ATTEMPTS = 3  # at ending a run while newer runs of its trace succeed or are deleted
MAX_DATA_QUALITY = 20_000  # bytes of JSON


def succeed(run: MeterRun, outcome: dict[str, Any], trace_interpretation: str) -> bool:
    """End a claimed run as SUCCESS, with its result and derivatives, in one transaction.

    `outcome` is the return value of `metering.run_meter`, stored under the output key of this attempt. All ids are
    derived from the run's id. Returns False when this worker has lost the claim.
    """
    result = meter_results.of(run, documents.output_key(run.document, run.attempts), outcome, trace_interpretation)
    supersedes = run.trace is not None  # most runs are newer than all others of their trace

    def fill(transaction: TransactWrite) -> None:
        transaction.save(result)
        if supersedes:
            newest.record(transaction, run)
        else:
            newest.pass_over(transaction, run)
        _end(transaction, run, "SUCCESS", [MeterRun.meter_result.set(run.id)])

    for _ in range(ATTEMPTS):
        if commit(fill):
            waiters.wake_after(run)
            return True
        if not claims.is_held(run):
            return False
        supersedes = newest.supersedes(run)  # a newer run of the trace has succeeded in the meantime, or was deleted
    return False


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
    actions = [*endings.failure(run, message, traceback), MeterRun.failure_reason.set(reason)]
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
    run = claims.available(id)
    if run is None:
        return
    last_error = run.last_error or "the worker died or timed out"
    message = f"The datastore could not complete the run in {run.attempts} attempts. {endings.RETRY_ADVICE}"
    if fail(run, message, last_error, "machine"):
        telemetry.failed("RunsFailed", "machine")


def _end(
    transaction: TransactWrite,
    run: MeterRun,
    status: str,
    actions: list[Action],
    reason: FailureReason | None = None,
) -> None:
    """Set the final status of a run, and count it in its batch."""
    actions = [MeterRun.status_partition.set(statuses.partition(status, run.id)), *actions]
    if run.meter_input is not None:
        actions.append(MeterRun.meter_input.set(run.meter_input))
    endings.end(transaction, run, status, actions, claims.unchanged_since_read(run))
    batch_shards.count(transaction, run, status, reason)
