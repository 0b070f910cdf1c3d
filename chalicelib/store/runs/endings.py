"""What meter runs and aggregation runs share: how they end, and which of them are due for a check."""

import time

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.store.tables.base import now
from chalicelib.store.tables.runs import AggregationRun, MeterRun

Run = MeterRun | AggregationRun

ENDED = ("SUCCESS", "FAILED")
MAX_MESSAGE, MAX_TRACEBACK = 4_000, 20_000  # characters, so that items stay below 400 KB and pages stay small
RETRY_ADVICE = "The data are not at fault: schedule it again. If it fails again, give the operator the id of the run."


def end(
    transaction: TransactWrite,
    run: Run,
    status: str,
    actions: list[Action],
    condition: Condition,
    due: int | None = None,
) -> None:
    """Set the final status of a run if the condition holds.

    due: epoch seconds when the reconciler completes what follows the end; None: the run needs no check any more.
    """
    table = type(run)
    check = table.due.remove() if due is None else table.due.set(due)
    ended = [table.status.set(status), table.updated.set(now()), check]
    transaction.update(table(run.id), actions=[*ended, *actions], condition=condition)


def failure(run: Run, message: str, traceback: str | None) -> list[Action]:
    """The actions that record why a run failed: the start of the message, and the end of the traceback if any."""
    table = type(run)
    actions: list[Action] = [table.failure_message.set(message[:MAX_MESSAGE])]
    if traceback is not None:
        actions.append(table.traceback.set(traceback[-MAX_TRACEBACK:]))
    return actions


def is_overdue(run: Run) -> bool:
    """Whether a run has not ended and its check is overdue."""
    return run.status not in ENDED and run.due <= time.time()
