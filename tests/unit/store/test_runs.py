import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynamodb.expressions.update import Action

from chalicelib.store import queue, runs
from chalicelib.store.runs import DERIVATIVES_PER_RUN, derivative_ids
from chalicelib.store.tables import MeterRun


@given(st.integers(1, 10**9))
def test_derivative_ids_are_dense_over_runs(run: int) -> None:
    assert len(derivative_ids(run)) == DERIVATIVES_PER_RUN
    assert derivative_ids(run).stop == derivative_ids(run + 1).start


def test_derivative_ids_begin_with_1() -> None:
    assert derivative_ids(1).start == 1


def test_a_run_that_could_not_be_handed_over_is_nobodys_and_can_be_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    updates: list[str | None] = []

    def update(run: MeterRun, actions: list[Action]) -> bool:
        updates.append(run.claim)
        return True

    def refuse(run_id: int) -> None:
        raise RuntimeError("no queue")

    monkeypatch.setattr(runs, "_update_if_ours", update)
    monkeypatch.setattr(queue, "hand_over", refuse)
    run = MeterRun(id=7, claim="ours", attempts=1, status="RUNNING")
    with pytest.raises(RuntimeError, match="no queue"):
        runs.hand_over(run)
    runs.give_back(run, "no queue")
    assert updates == ["ours", None]  # the condition of the second is that nobody has claimed it meanwhile
    assert run.attempts == 0


def test_a_run_that_another_worker_has_taken_is_not_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(runs, "_update_if_ours", lambda run, actions: False)
    monkeypatch.setattr(queue, "hand_over", sent.append)
    assert not runs.hand_over(MeterRun(id=7, claim="ours", attempts=1))
    assert sent == []
