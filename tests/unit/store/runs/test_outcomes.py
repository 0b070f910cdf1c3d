"""What is written when a meter run ends."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.api.resources import derivatives, meter_results
from chalicelib.store.results import derivatives as stored_derivatives
from chalicelib.store.results import newest
from chalicelib.store.runs import claims, outcomes, waiters
from chalicelib.store.tables.results import MeterResult
from chalicelib.store.tables.runs import BatchShard, MeterRun
from chalicelib.vocabulary import FAILURE_REASONS, FailureReason


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
                if kind == "N" and str(path) not in ("batch", "shard"):
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

        monkeypatch.setattr(outcomes, "commit", commit)
        assert outcomes.fail(run, "why", None, reason, data_quality)
        return updates

    return fail


@pytest.mark.parametrize("reason", FAILURE_REASONS)
def test_a_failure_is_stored_and_counted_with_its_reason(fail: Callable[..., Updates], reason: FailureReason) -> None:
    found = fail(MeterRun(id=7, status="RUNNING", claim="ours", batch=3, batch_shard=0), reason)
    assert (found.attributes["status"], found.attributes["failure_reason"]) == ("FAILED", reason)
    assert found.counts == {"failed": 1, f"failed_{reason}": 1}


def test_a_run_without_a_batch_is_not_counted(fail: Callable[..., Updates]) -> None:
    found = fail(MeterRun(id=7, status="RUNNING", claim="ours"), "data")
    assert (found.attributes["failure_reason"], found.counts) == ("data", {})


def test_the_data_quality_report_is_stored_unless_it_is_too_large(fail: Callable[..., Updates]) -> None:
    run = MeterRun(id=7, status="RUNNING", claim="ours")
    small, large = {"gaps": ["2016-01-01"]}, {"gaps": ["2016-01-01"] * 2_000}
    assert json.loads(fail(run, "data", small).attributes["data_quality"]) == small
    assert "data_quality" not in fail(run, "data", large).attributes
    assert "data_quality" not in fail(run, "data").attributes


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

    monkeypatch.setattr(outcomes, "commit", commit)
    monkeypatch.setattr(outcomes, "_end", lambda transaction, run, status, actions: None)

    monkeypatch.setattr(waiters, "wake_after", lambda run: None)

    def succeed(outcome: dict[str, Any]) -> list[Any]:
        assert outcomes.succeed(MeterRun(id=7, document="d"), outcome, "ELECTRICITY_CONSUMPTION_SUPPLIED")
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
    (result,) = succeed(outcome)
    assert isinstance(result, MeterResult)
    (derivative,) = stored_derivatives.of([result])
    assert result.uncertainty == "caltrack"
    shown = derivatives.derivative_out(derivative)
    assert {name: shown[name] for name in given} == given  # type: ignore[literal-required]


def test_an_outcome_without_its_uncertainty_method_is_an_error(
    succeed: Callable[[dict[str, Any]], list[Any]], outcome: dict[str, Any]
) -> None:
    del outcome["uncertainty"]
    with pytest.raises(KeyError, match="uncertainty"):
        succeed(outcome)


def test_a_run_that_cannot_be_ended_is_given_up(monkeypatch: pytest.MonkeyPatch, outcome: dict[str, Any]) -> None:
    tried: list[Callable[[Any], None]] = []

    def commit(fill: Callable[[Any], None]) -> bool:
        tried.append(fill)
        return False

    monkeypatch.setattr(outcomes, "commit", commit)
    monkeypatch.setattr(claims, "is_held", lambda run: True)
    monkeypatch.setattr(newest, "supersedes", lambda run: True)
    assert not outcomes.succeed(MeterRun(id=7, document="d"), outcome, "ELECTRICITY_CONSUMPTION_SUPPLIED")
    assert len(tried) == outcomes.ATTEMPTS
