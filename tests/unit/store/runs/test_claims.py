"""Which runs can be claimed, forwarded to the worker with the hourly models, renewed, and requeued."""

import time

import pytest
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.store.runs import claims, meter_runs, queue, statuses
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


def test_a_lease_is_renewed_only_while_the_claim_is_held_and_the_run_has_not_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    updates: list[tuple[int, str, str]] = []

    def update(run: MeterRun, actions: list[Action], condition: Condition) -> None:
        updates.append((run.id, str(actions), str(condition)))

    monkeypatch.setattr(MeterRun, "update", update)
    monkeypatch.setattr(time, "time", lambda: 1000.5)
    assert claims.renew(7, "ours")
    held = "(claim = {'S': 'ours'} AND status = {'S': 'RUNNING'})"
    assert updates == [(7, f"[due = {{'N': '{1000 + claims.LEASE}'}}]", held)]


def test_a_run_that_cannot_be_requeued_does_not_stop_the_ones_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    overdue = {id: MeterRun(id=id, status="RUNNING", claim="dead", due=time.time() - 1) for id in (1, 3)}
    sent: list[list[int]] = []
    logged: list[int] = []

    def get(id: int) -> MeterRun | None:
        if id == 2:
            raise ConnectionError("DynamoDB does not respond")
        return overdue.get(id)

    monkeypatch.setattr(statuses, "overdue", lambda: iter([1, 2, 3, 4]))
    monkeypatch.setattr(meter_runs, "get", get)
    monkeypatch.setattr(claims, "_update_if_unchanged", lambda run, actions: True)
    monkeypatch.setattr(queue, "send", sent.append)
    monkeypatch.setattr(claims.logger, "exception", lambda message, meter_run: logged.append(meter_run))
    assert claims.requeue_overdue() == 2
    assert (sent, logged) == ([[1], [3]], [2])
