"""What earlier versions left behind is finished or removed.

These are interrupted requests of the version before the outbox had states, and rows of the version before meter runs
were indexed by status.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.store.results import newest
from chalicelib.store.runs import meter_runs, outbox, queue, statuses
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.tables.results import NewestRun
from chalicelib.store.tables.runs import Batch, MeterRun, Outbox
from infra.deployment import partitions
from infra.deployment.cloudformation import Account
from tests.faults import backend
from tests.faults.executions import InlineExecutor
from tests.faults.preparing import NORMAL, Expected
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


def scheduled(world: World, expected: Expected) -> int:
    """The id of a run that is queued."""
    run: int = world.asked("POST", "meter_runs/", {"project": 1, "trace": 1}).body["id"]
    expected.runs[run] = "SUCCESS"
    return run


def as_before(run: int) -> None:
    """Remove what the earlier version did not write."""
    MeterRun(run).update(actions=[MeterRun.status_partition.remove()])
    for entry in NewestRun.scan(NewestRun.meter_run == run):
        entry.update(actions=[NewestRun.run_partition.remove()])


@pytest.fixture
def upgrade(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Completes the rows, as a deployment does."""
    monkeypatch.setattr(partitions, "ThreadPoolExecutor", InlineExecutor)
    return lambda: partitions.write(Account({}, world.raw.__getitem__), backend.STACK, once=True)


def listed() -> tuple[list[int], list[int]]:
    """The runs that are listed as SUCCESS, and as the newest ones."""
    return list(statuses.ids("SUCCESS", 1, 100)), list(newest.ids(1, 100))


def test_a_queued_run_that_no_index_has(world: World, expected: Expected, holds: Callable[[], None]) -> None:
    as_before(scheduled(world, expected))
    holds()


def test_rows_are_completed_once(
    world: World, expected: Expected, holds: Callable[[], None], upgrade: Callable[[], None]
) -> None:
    first, second = scheduled(world, expected), scheduled(world, expected)
    world.settle()
    as_before(first)
    as_before(second)
    waiting = scheduled(world, expected)
    as_before(waiting)
    assert listed() == ([], [])
    upgrade()
    assert listed() == ([first, second], [second])
    assert list(statuses.ids("PENDING", 1, 100)) == [waiting]
    holds()
    as_before(second)
    upgrade()
    assert listed() == ([first, waiting], [waiting])


def test_a_run_whose_message_was_lost_is_found_after_the_upgrade(
    world: World, expected: Expected, holds: Callable[[], None], upgrade: Callable[[], None]
) -> None:
    run = scheduled(world, expected)
    as_before(run)
    MeterRun(run).update(actions=[MeterRun.due.set(int(time.time()))])
    world.raw["sqs"].purge_queue(QueueUrl=f"{backend.ENDPOINT}/000000000000/{backend.STACK}-meter-runs")
    upgrade()
    holds()


@pytest.mark.parametrize("status", ["PENDING", "RUNNING"])
def test_a_run_that_a_worker_of_the_earlier_version_ended_after_its_row_was_completed(
    world: World, expected: Expected, holds: Callable[[], None], status: str
) -> None:
    run = scheduled(world, expected)
    world.settle()
    as_before(run)
    MeterRun(run).update(actions=[MeterRun.status_partition.set(statuses.partition(status, run))])
    assert listed() == ([], [])
    world.reconcile()
    assert listed() == ([run], [run])
    holds()


def test_a_row_that_changes_while_it_is_completed(world: World, expected: Expected, holds: Callable[[], None]) -> None:
    run = scheduled(world, expected)
    world.settle()
    as_before(run)
    read: dict[str, Any] = {"id": {"N": str(run)}, "status": {"S": "RUNNING"}}
    partitions._complete(world.raw["dynamodb"], backend.STACK, partitions.METER_RUNS, read)
    assert listed()[0] == [run]
    holds()


def test_a_row_that_is_deleted_while_it_is_completed_stays_deleted(world: World) -> None:
    read: dict[str, Any] = {"id": {"N": "77"}, "status": {"S": "RUNNING"}}
    partitions._complete(world.raw["dynamodb"], backend.STACK, partitions.METER_RUNS, read)
    assert meter_runs.get(77) is None


def test_a_batch_that_was_open_ends_and_its_runs_can_be_deleted(
    world: World, expected: Expected, holds: Callable[[], None]
) -> None:
    """The earlier version counted in the items of the batch, from shard 0 on; it had ended no run of this one."""
    answer = world.asked("POST", "meter_runs/bulk/", {"targets": [{"trace": 1}] * 2})
    (first,), (second,) = answer.body
    for run in (first["id"], second["id"]):
        MeterRun(run).update(actions=[MeterRun.batch_shard.set(0)])
    Batch(first["batch"], 0).update(actions=[Batch.shards.remove()])
    waiting = {"traces": [1], "derivative_interpretation": NORMAL, "after_batch": first["batch"]}
    expected.aggregations[world.asked("POST", "aggregation_runs/", waiting).body["id"]] = "SUCCESS"
    expected.runs |= {first["id"]: "SUCCESS", second["id"]: "SUCCESS"}
    world.settle()
    counted = world.asked("GET", f"batches/{first['batch']}/").body
    assert (counted["total"], counted["success"], counted["pending"]) == (2, 2, 0)
    assert world.asked("DELETE", f"meter_runs/{second['id']}/").status == 204
    del expected.runs[second["id"]]
    expected.deleted_runs.add(second["id"])
    assert world.asked("GET", f"batches/{first['batch']}/").body["total"] == 1
    holds()
