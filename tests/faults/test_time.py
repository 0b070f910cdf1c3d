"""Clocks jump, workers sleep through their leases, and two reconcilers look at once."""

from collections.abc import Callable

import pytest

from chalicelib.settings import settings
from chalicelib.store.runs import claims, meter_runs, outcomes, queue
from tests.faults.preparing import NORMAL, Expected
from tests.faults.test_messages import message_of, scheduled
from tests.faults.world import World

HOUR = 3600


@pytest.mark.parametrize("jump", [-HOUR, -60, 60, HOUR, 24 * HOUR])
def test_the_clock_jumps_between_any_two_calls(
    world: World, expected: Expected, holds: Callable[[], None], jump: int
) -> None:
    runs = scheduled(world, expected, 2)
    jumps = iter([jump] * 3)
    world.injector.at_every_call = lambda: world.clock.advance(next(jumps, 0))
    for run in runs:
        world.work(message_of(run), settings().meter_queue_url)
    world.reconcile()
    world.injector.at_every_call = None
    world.clock.advance(3 * HOUR)
    holds()


def test_a_worker_that_wakes_up_after_its_lease(
    world: World, expected: Expected, holds: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It computes while another worker takes the run over and ends it; then nothing that it does counts."""
    (run,) = scheduled(world, expected)
    compute, slept = world._compute, False

    def sleep_and_compute(*arguments: object) -> object:
        nonlocal slept
        if not slept:
            slept = True
            world.others_go_on()
        return compute(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(world, "_compute", sleep_and_compute)
    assert world.work(message_of(run), settings().meter_queue_url)
    row = meter_runs.get(run)
    assert row is not None
    assert row.attempts == 2
    holds()


def test_two_reconcilers_at_once(
    world: World, expected: Expected, holds: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever one makes a call, the other one looks at everything."""

    def lost(runs: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(queue, "send", lost)
        runs = scheduled(world, expected, 2)
    claimed = claims.claim(runs[0])
    assert claimed is not None
    world.clock.advance(600)
    world.injector.at_every_call = world.reconcile
    world.reconcile()
    world.injector.at_every_call = None
    assert not outcomes.fail(claimed, "too late", None, "data")
    holds()


def test_an_aggregation_is_started_by_one_of_two_reconcilers(
    world: World, expected: Expected, holds: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled(world, expected)
    world.settle()

    def lost(run: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.store.runs.state_machine.start", lost)
        answer = world.asked("POST", "aggregation_runs/", {"traces": [1], "derivative_interpretation": NORMAL})
    expected.aggregations[answer.body["id"]] = "SUCCESS"
    world.clock.advance(600)
    world.injector.at_every_call = world.reconcile
    world.reconcile()
    world.injector.at_every_call = None
    holds()
