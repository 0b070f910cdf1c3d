"""The ids of derivatives, claims on runs, and what is written when a run ends."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynamodb.expressions.update import Action

from chalicelib.api.resources import derivatives, meter_results
from chalicelib.store.results import newest
from chalicelib.store.results.derivatives import DERIVATIVES_PER_RUN, derivative_ids
from chalicelib.store.runs import batches, meter_runs, queue, waiters
from chalicelib.store.tables.results import Derivative, MeterResult
from chalicelib.store.tables.runs import BatchShard, MeterRun
from chalicelib.vocabulary import FAILURE_REASONS, FailureReason


@given(st.integers(1, 10**9))
def test_derivative_ids_are_consecutive_over_runs(run: int) -> None:
    assert len(derivative_ids(run)) == DERIVATIVES_PER_RUN
    assert derivative_ids(run).stop == derivative_ids(run + 1).start


def test_derivative_ids_start_at_1() -> None:
    assert derivative_ids(1).start == 1


def test_a_run_that_could_not_be_forwarded_is_unclaimed_and_can_be_released(monkeypatch: pytest.MonkeyPatch) -> None:
    updates: list[str | None] = []

    def update(run: MeterRun, actions: list[Action]) -> bool:
        updates.append(run.claim)
        return True

    def refuse(run_id: int) -> None:
        raise RuntimeError("no queue")

    monkeypatch.setattr(meter_runs, "_update_if_ours", update)
    monkeypatch.setattr(queue, "send_hourly", refuse)
    run = MeterRun(id=7, claim="ours", attempts=1, status="RUNNING")
    with pytest.raises(RuntimeError, match="no queue"):
        meter_runs.forward_to_hourly(run)
    meter_runs.release(run, "no queue")
    assert updates == ["ours", None]  # the second update requires that no worker has claimed the run
    assert run.attempts == 0


def test_a_run_claimed_by_another_worker_is_not_forwarded(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(meter_runs, "_update_if_ours", lambda run, actions: False)
    monkeypatch.setattr(queue, "send_hourly", sent.append)
    assert not meter_runs.forward_to_hourly(MeterRun(id=7, claim="ours", attempts=1))
    assert sent == []


class Updates:
    """Records the attributes that are set on runs, and the changes of the shards' counts."""

    def __init__(self) -> None:
        self.attributes: dict[str, Any] = {}
        self.counts: dict[str, int] = {}

    def update(self, item: Any, actions: list[Any], condition: Any = None) -> None:
        for action in actions:
            path, *operands = action.values
            if isinstance(item, BatchShard):
                [(kind, value)] = operands[0].value.items()
                if kind == "N":
                    self.counts[str(path)] = int(value)
            elif operands:
                [self.attributes[str(path)]] = operands[0].value.values()


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Updates]:
    """Ends a run as FAILED; returns what is written."""
    monkeypatch.setattr(waiters, "wake_after", lambda run: None)

    def fail(run: MeterRun, reason: FailureReason, data_quality: dict[str, Any] | None = None) -> Updates:
        updates = Updates()

        def commit(fill: Callable[[Any], None]) -> bool:
            fill(updates)
            return True

        monkeypatch.setattr(meter_runs, "commit", commit)
        assert meter_runs.fail(run, "why", None, reason, data_quality)
        return updates

    return fail


@pytest.mark.parametrize("reason", FAILURE_REASONS)
def test_a_failure_is_stored_and_counted_with_its_reason(fail: Callable[..., Updates], reason: FailureReason) -> None:
    found = fail(MeterRun(id=7, status="RUNNING", claim="ours", batch=3, batch_shard=0), reason)
    assert (found.attributes["status"], found.attributes["failure_reason"]) == ("FAILED", reason)
    assert found.counts == {"running": -1, "failed": 1, f"failed_{reason}": 1}


def test_a_run_without_a_batch_is_not_counted(fail: Callable[..., Updates]) -> None:
    found = fail(MeterRun(id=7, status="RUNNING", claim="ours"), "data")
    assert (found.attributes["failure_reason"], found.counts) == ("data", {})


def test_the_data_quality_report_is_stored_unless_it_is_too_large(fail: Callable[..., Updates]) -> None:
    run = MeterRun(id=7, status="RUNNING", claim="ours")
    small, large = {"gaps": ["2016-01-01"]}, {"gaps": ["2016-01-01"] * 2_000}
    assert json.loads(fail(run, "data", small).attributes["data_quality"]) == small
    assert "data_quality" not in fail(run, "data", large).attributes
    assert "data_quality" not in fail(run, "data").attributes


def shard(**counts: int) -> Any:
    """A shard with these counts, as DynamoDB returns it."""
    item: dict[str, Any] = {name: {"N": str(count)} for name, count in counts.items()}
    moment = {"S": "2016-09-29T00:01:43.152522+0000"}
    return BatchShard.from_raw_data(item | {"added": moment, "updated": moment})


def test_failures_are_summed_over_shards_and_older_ones_have_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    shards = [
        shard(id=3, shard=0, size=7, pending=0, failed=3, failed_data=2, failed_machine=1),
        shard(id=3, shard=1, size=7, pending=1, failed=2, failed_data=1),  # one failed before reasons were stored
        shard(id=3, shard=2, size=7, pending=0, failed=1),
    ]
    monkeypatch.setattr(BatchShard, "query", lambda batch, consistent_read: shards)
    count = batches.get(3)
    assert count is not None
    assert count.failed == 6
    assert count.failed_by_reason == {"data": 3, "sufficiency": 0, "weather": 0, "model": 0, "machine": 1}


OF_A_RUN = ("id", "meter_result", "trace", "project", "trace_interpretation", "added", "updated")


class Transaction:
    """Records the items that are saved."""

    def __init__(self) -> None:
        self.saved: list[Any] = []

    def save(self, item: Any) -> None:
        self.saved.append(item)


@pytest.fixture
def succeed(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], list[Any]]:
    """Ends a run with an outcome; returns the saved items."""
    transaction = Transaction()

    def commit(fill: Callable[[Any], None]) -> bool:
        fill(transaction)
        return True

    monkeypatch.setattr(meter_runs, "commit", commit)
    monkeypatch.setattr(meter_runs, "_end", lambda transaction, run, status, actions: None)
    monkeypatch.setattr(newest, "superseded_keys", lambda run: [])
    monkeypatch.setattr(waiters, "wake_after", lambda run: None)

    def succeed(outcome: dict[str, Any]) -> list[Any]:
        assert meter_runs.succeed(MeterRun(id=7, document="d"), outcome, "ELECTRICITY_CONSUMPTION_SUPPLIED")
        return transaction.saved

    return succeed


@pytest.fixture
def outcome() -> dict[str, Any]:
    """A sample meter output."""
    derivative = {name: value for name, value in derivatives.EXAMPLE.items() if name not in OF_A_RUN}
    return {**meter_results.EXAMPLE, "uncertainty": "caltrack", "derivatives": [derivative]}


def test_result_and_derivatives_have_the_uncertainty_method_of_the_outcome(
    succeed: Callable[[dict[str, Any]], list[Any]], outcome: dict[str, Any]
) -> None:
    (given,) = outcome["derivatives"]
    given |= {"uncertainty": "caltrack", "systematic_error": None}
    result, derivative = succeed(outcome)
    assert isinstance(result, MeterResult)
    assert isinstance(derivative, Derivative)
    assert result.uncertainty == "caltrack"
    shown = derivatives.derivative_out(derivative)
    assert {name: shown[name] for name in given} == given  # type: ignore[literal-required]


def test_an_outcome_without_its_uncertainty_method_is_an_error(
    succeed: Callable[[dict[str, Any]], list[Any]], outcome: dict[str, Any]
) -> None:
    del outcome["uncertainty"]
    with pytest.raises(KeyError, match="uncertainty"):
        succeed(outcome)
