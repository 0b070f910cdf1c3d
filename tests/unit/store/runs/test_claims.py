"""Which runs can be claimed, and claims on runs that are forwarded to the worker with the hourly models."""

import time

import pytest
from pynamodb.expressions.update import Action

from chalicelib.store.runs import claims, meter_runs, queue
from chalicelib.store.tables.runs import MeterRun


@pytest.mark.parametrize(
    ("run", "is_available"),
    [
        (MeterRun(id=7, due=time.time() + 1000), True),  # PENDING
        (MeterRun(id=7, status="RUNNING", claim="dead", due=time.time() - 1), True),
        (MeterRun(id=7, status="RUNNING", claim="alive", due=time.time() + 1000), False),
        (MeterRun(id=7, status="SUCCESS", claim="last"), False),  # a run that has ended is never due
        (MeterRun(id=7, status="FAILED"), False),
    ],
)
def test_a_run_is_available_unless_it_has_ended_or_is_held(
    monkeypatch: pytest.MonkeyPatch, run: MeterRun, is_available: bool
) -> None:
    monkeypatch.setattr(meter_runs, "get", {7: run}.get)
    assert (claims.available(7) is run) is is_available
    with pytest.raises(LookupError, match="no meter run 8"):
        claims.available(8)


def test_a_run_that_could_not_be_forwarded_is_unclaimed_and_can_be_released(monkeypatch: pytest.MonkeyPatch) -> None:
    updates: list[str | None] = []

    def update(run: MeterRun, actions: list[Action]) -> bool:
        updates.append(run.claim)
        return True

    def refuse(run_id: int) -> None:
        raise RuntimeError("no queue")

    monkeypatch.setattr(claims, "_update_if_unchanged", update)
    monkeypatch.setattr(queue, "send_hourly", refuse)
    run = MeterRun(id=7, claim="ours", attempts=1, status="RUNNING")
    with pytest.raises(RuntimeError, match="no queue"):
        claims.forward_to_hourly(run)
    claims.release(run, "no queue")
    assert updates == ["ours", None]  # the second update requires that no worker has claimed the run
    assert run.attempts == 0


def test_a_run_claimed_by_another_worker_is_not_forwarded(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(claims, "_update_if_unchanged", lambda run, actions: False)
    monkeypatch.setattr(queue, "send_hourly", sent.append)
    assert not claims.forward_to_hourly(MeterRun(id=7, claim="ours", attempts=1))
    assert sent == []
