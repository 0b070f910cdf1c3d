"""Which worker processes a run that needs the hourly models, and the time limit of a computation."""

from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import telemetry
from chalicelib.jobs import run_meter
from chalicelib.metering import NoHourlyModels
from chalicelib.store.runs import batches, claims, outcomes
from chalicelib.store.shared import documents, ids
from chalicelib.store.tables.base import now
from chalicelib.store.tables.runs import MeterRun


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What happens to a run whose worker has no hourly models."""
    done: list[tuple[Any, ...]] = []

    def refuse(meter_input: dict[str, Any]) -> dict[str, Any]:
        failure = NoHourlyModels("not here")
        failure.data_quality = {"gaps": 1}
        raise failure

    def fail(run: MeterRun, message: str, traceback: str, reason: str, data_quality: dict[str, Any] | None) -> bool:
        done.append(("failed", message, reason, data_quality))
        return True

    monkeypatch.setattr(run_meter, "complete_input", lambda run: {})
    monkeypatch.setattr(run_meter, "_compute", refuse)
    monkeypatch.setattr(documents, "put", lambda key, document: None)
    monkeypatch.setattr(claims, "forward_to_hourly", lambda run: done.append(("forwarded",)))
    monkeypatch.setattr(outcomes, "fail", fail)
    monkeypatch.setattr(telemetry, "failed", lambda name, reason, seconds: done.append((name, reason)))
    return done


@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        ("https://sqs/hourly", [("forwarded",)]),
        ("", [("failed", "not here", "model", {"gaps": 1}), ("RunsFailed", "model")]),
    ],
)
def test_a_run_is_forwarded_if_another_worker_has_the_hourly_models(
    monkeypatch: pytest.MonkeyPatch, done: list[tuple[Any, ...]], queue: str, expected: list[tuple[Any, ...]]
) -> None:
    monkeypatch.setattr(run_meter, "settings", lambda: SimpleNamespace(hourly_queue_url=queue))
    run_meter._execute(MeterRun(id=7, document="d", claim="ours", added=now()))
    assert done == expected


def test_a_computation_has_to_end_well_before_the_timeout_of_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(run_meter, "settings", lambda: SimpleNamespace(worker_timeout=900, accelerate=True))
    monkeypatch.setattr(run_meter, "compute", lambda function, meter_input, **options: given.update(options))
    run_meter._compute({})
    assert given == {"seconds": 720, "accelerate": True}


@pytest.mark.parametrize(("run", "is_dropped"), [(7, True), (8, False)])
def test_the_message_of_a_deleted_run_is_dropped_and_one_of_no_run_is_noticed(
    monkeypatch: pytest.MonkeyPatch, run: int, is_dropped: bool
) -> None:
    def claim(id: int) -> None:
        raise LookupError(f"there is no meter run {id}")

    monkeypatch.setattr(claims, "claim", claim)
    monkeypatch.setattr(ids, "last", lambda resource: 7)
    if is_dropped:
        run_meter._process(run)
    else:
        with pytest.raises(LookupError, match="no meter run 8"):
            run_meter._process(run)


def test_a_run_of_a_batch_that_is_being_deleted_is_not_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "claim", lambda run: MeterRun(run, batch=3))
    monkeypatch.setattr(batches, "is_being_deleted", lambda batch: batch == 3)
    monkeypatch.setattr(run_meter, "_execute", lambda run: pytest.fail("it was executed"))
    run_meter._process(7)
