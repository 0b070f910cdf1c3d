"""Meter runs and aggregation runs end in the same way."""

from typing import Any

import pytest

from chalicelib.store.runs import endings
from chalicelib.store.runs.endings import MAX_MESSAGE, MAX_TRACEBACK, Run
from chalicelib.store.tables.runs import AggregationRun, MeterRun

RUNS = (MeterRun(id=7), AggregationRun(id=7))


class Transaction:
    """Records the item that is updated, and the attributes that are set (None: removed)."""

    def update(self, item: Any, actions: list[Any], condition: Any) -> None:
        self.item, self.attributes = item, attributes(actions)


def attributes(actions: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for action in actions:
        path, *operands = action.values
        found[str(path)] = next(iter(operands[0].value.values())) if operands else None
    return found


@pytest.mark.parametrize("run", RUNS)
def test_a_run_that_has_ended_is_due_for_no_check(run: Run) -> None:
    transaction: Any = Transaction()
    endings.end(transaction, run, "SUCCESS", [type(run).document.set("d")], type(run).id.exists())
    assert (type(transaction.item), transaction.item.id) == (type(run), 7)
    assert transaction.attributes.pop("updated")
    assert transaction.attributes == {"status": "SUCCESS", "due": None, "document": "d"}


def test_a_run_whose_end_is_followed_up_is_due_for_that() -> None:
    transaction: Any = Transaction()
    endings.end(transaction, AggregationRun(id=7), "SUCCESS", [], AggregationRun.id.exists(), due=60)
    assert transaction.attributes["due"] == "60"


@pytest.mark.parametrize("run", RUNS)
def test_a_failure_keeps_the_start_of_its_message_and_the_end_of_its_traceback(run: Run) -> None:
    message, traceback = "why" + "." * MAX_MESSAGE, "." * MAX_TRACEBACK + "error"
    found = attributes(endings.failure(run, message, traceback))
    assert found == {"failure_message": message[:MAX_MESSAGE], "traceback": traceback[5:]}
    assert attributes(endings.failure(run, "why", None)) == {"failure_message": "why"}
