"""How failures of the state machine are recorded."""

from typing import Any

import pytest

from chalicelib.jobs import fail_aggregation
from chalicelib.store.runs import aggregation_runs
from chalicelib.store.tables.runs import AggregationRun


@pytest.mark.parametrize(
    ("run", "error", "message", "traceback"),
    [
        ({"after_batch": 3}, {"Error": "States.Timeout"}, "Batch 3 did not end within 28 days.", None),
        ({"after_batch": 3, "chunks": [0, 9]}, {"Error": "States.Timeout"}, "schedule it again", "States.Timeout: "),
        ({}, {"Error": "Boom", "Cause": "y"}, "schedule it again", "Boom: y"),
        ({"last_error": "Chunk 7: x"}, {"Error": "Boom", "Cause": "y"}, "schedule it again", "Chunk 7: x\nBoom: y"),
    ],
)
def test_a_failure_is_recorded_with_a_message(
    monkeypatch: pytest.MonkeyPatch, run: dict[str, Any], error: dict[str, str], message: str, traceback: str | None
) -> None:
    ended: list[Any] = []
    monkeypatch.setattr(aggregation_runs, "existing", lambda number: AggregationRun(id=number, **run))
    kinds: list[str] = []

    def fail(run: AggregationRun, *why: Any, kind: str = "data") -> None:
        ended.extend(why)
        kinds.append(kind)

    monkeypatch.setattr(aggregation_runs, "fail", fail)
    fail_aggregation.handle({"aggregation_run": 1, "error": error})
    assert message in ended[0]
    assert ended[1:] == ([] if traceback is None else [traceback])
    assert kinds == ["data" if traceback is None else "machine"]
