"""Claims on runs that are forwarded to the worker with the hourly models."""

import pytest
from pynamodb.expressions.update import Action

from chalicelib.store.runs import claims, queue
from chalicelib.store.tables.runs import MeterRun


def test_a_run_that_could_not_be_forwarded_is_unclaimed_and_can_be_released(monkeypatch: pytest.MonkeyPatch) -> None:
    updates: list[str | None] = []

    def update(run: MeterRun, actions: list[Action]) -> bool:
        updates.append(run.claim)
        return True

    def refuse(run_id: int) -> None:
        raise RuntimeError("no queue")

    monkeypatch.setattr(claims, "_update_if_ours", update)
    monkeypatch.setattr(queue, "send_hourly", refuse)
    run = MeterRun(id=7, claim="ours", attempts=1, status="RUNNING")
    with pytest.raises(RuntimeError, match="no queue"):
        claims.forward_to_hourly(run)
    claims.release(run, "no queue")
    assert updates == ["ours", None]  # the second update requires that no worker has claimed the run
    assert run.attempts == 0


def test_a_run_claimed_by_another_worker_is_not_forwarded(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(claims, "_update_if_ours", lambda run, actions: False)
    monkeypatch.setattr(queue, "send_hourly", sent.append)
    assert not claims.forward_to_hourly(MeterRun(id=7, claim="ours", attempts=1))
    assert sent == []
