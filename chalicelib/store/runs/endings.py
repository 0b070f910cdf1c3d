"""What meter runs and aggregation runs share: how they end, and which of them are due for a check."""

import time
from collections.abc import Iterator

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.store.tables.base import now
from chalicelib.store.tables.indexes import DueIndex
from chalicelib.store.tables.runs import AggregationRun, MeterRun

Run = MeterRun | AggregationRun

ENDED = ("SUCCESS", "FAILED")
MAX_MESSAGE, MAX_TRACEBACK = 4_000, 20_000  # characters, so that items stay below 400 KB and pages stay small
RETRY_ADVICE = "The data are not at fault: schedule it again. If it fails again, give the operator the id of the run."


def end(transaction: TransactWrite, run: Run, status: str, actions: list[Action], condition: Condition) -> None:
    """Set the final status of a run and remove it from the due index, if the condition holds."""
    table = type(run)
    transaction.update(
        table(run.id),
        actions=[
            table.status.set(status),
            table.updated.set(now()),
            table.open_shard.remove(),
            table.due.remove(),
            *actions,
        ],
        condition=condition,
    )


def failure(run: Run, message: str, traceback: str | None) -> list[Action]:
    """The actions that record why a run failed: the start of the message, and the end of the traceback if any."""
    table = type(run)
    actions: list[Action] = [table.failure_message.set(message[:MAX_MESSAGE])]
    if traceback is not None:
        actions.append(table.traceback.set(traceback[-MAX_TRACEBACK:]))
    return actions


def due_ids(table: type[Run]) -> Iterator[int]:
    """The ids of the runs in the due index whose check is overdue; use `is_overdue` to confirm it of the run itself."""
    for shard in range(DueIndex.SHARDS):
        for entry in table.due_index.query(shard, range_key_condition=DueIndex.due < int(time.time())):
            yield entry.id


def is_overdue(run: Run) -> bool:
    """Whether a run has not ended and its check is overdue."""
    return run.status not in ENDED and run.due <= time.time()
