"""What the version before the outbox had states left behind, when it was interrupted, is finished or removed."""

import time
from collections.abc import Callable

import pytest

from chalicelib.store.runs import meter_runs, outbox, queue
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.tables.runs import MeterRun, Outbox
from tests.faults.scenarios import Expected
from tests.faults.world import World


def lost(runs: object) -> None:
    raise ConnectionError


def interrupted(monkeypatch: pytest.MonkeyPatch, batch: int | None) -> MeterRun:
    """A run that was written, along with its outbox entry, and nothing else."""
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "accept", lambda *_: None)
        patched.setattr(queue, "send", lost)
        run = meter_runs.schedule(RunSpec(project=1, trace=1))
    run.batch, run.batch_shard = batch, None if batch is None else 0
    run.save()
    Outbox(run.id).update(actions=[Outbox.state.remove(), Outbox.due.set(int(time.time()))])
    if batch is not None:
        Outbox(run.id).update(actions=[Outbox.batch.set(batch)])
    return run


def test_a_run_that_was_never_queued(
    world: World, expected: Expected, holds: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected.runs[interrupted(monkeypatch, None).id] = "SUCCESS"
    holds()


def test_a_bulk_request_without_its_batch(
    world: World, holds: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = interrupted(monkeypatch, 7)
    holds()
    assert meter_runs.get(run.id) is None
