"""The outcomes of meter runs: SUCCESS with a result and derivatives, or FAILED with the reason."""

import json
from typing import Any

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib import telemetry
from chalicelib.store.results import newest
from chalicelib.store.results.derivatives import derivative_ids
from chalicelib.store.runs import batches, claims, endings, waiters
from chalicelib.store.shared import documents
from chalicelib.store.shared.transactions import commit
from chalicelib.store.tables.results import Derivative, MeterResult
from chalicelib.store.tables.runs import MeterRun
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS, SPREAD_NUMBERS, FailureReason

MAX_DATA_QUALITY = 20_000  # bytes of JSON


def succeed(run: MeterRun, outcome: dict[str, Any], trace_interpretation: str) -> bool:
    """End a claimed run as SUCCESS, with its result and derivatives, in one transaction.

    `outcome` is the return value of `metering.run_meter`, stored under the output key of this attempt. All ids are
    derived from the run's id. Returns False when this worker has lost the claim.
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
        meter_output=documents.output_key(run.document, run.attempts),
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
    endings.end(transaction, run, status, actions, claims.unchanged_since_read(run))
    batches.move(transaction, run, status, reason)
