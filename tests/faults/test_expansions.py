"""Asynchronous batches: two executions at once, executions that fail, and what is deleted while a batch expands."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.jobs import advance_batch
from chalicelib.store.runs import batch_jobs, batches, expansions, jobs
from tests.faults.preparing import NORMAL, Expected
from tests.faults.world import CHUNK, World

TRACES = 5  # without records, except the first


@pytest.fixture(autouse=True)
def _traces(world: World) -> None:
    for number in range(2, TRACES + 1):
        body = {"trace_id": f"meter {number}", "interpretation": "NG_C_S", "unit": "therm", "projects": [1]}
        assert world.asked("POST", "traces/", body).body["id"] == number


@pytest.fixture
def accepted(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Posts an asynchronous request, whose execution is not started, and returns its batch."""

    def post(*targets: Any) -> int:
        with monkeypatch.context() as patched:
            patched.setattr(batch_jobs, "start", lambda job: None)
            answer = world.asked("POST", "meter_runs/bulk/", {"targets": targets}, prefer="respond-async")
        assert answer.status == 202, answer
        return int(answer.body["id"])

    return post


def made(world: World, expected: Expected, batch: int) -> list[int]:
    """The traces of a batch's runs, which are expected to end."""
    runs = world.asked("GET", f"meter_runs/?batch={batch}").body
    expected.runs |= {run["id"]: "SUCCESS" if run["trace"] == 1 else "FAILED" for run in runs}
    return [run["trace"] for run in runs]


def test_two_executions_at_once_make_each_run_once(
    world: World, expected: Expected, holds: Callable[[], None], accepted: Callable[..., int]
) -> None:
    batch = accepted({"all": True}, {"trace": 1})

    def other() -> None:
        with world.process():
            expansions.advance(batch)

    world.injector.at_every_call = other
    while not expansions.advance(batch):
        pass
    world.injector.at_every_call = None
    world.settle()
    assert made(world, expected, batch) == [*range(1, TRACES + 1), 1]
    holds()


def test_the_reconciler_goes_on_with_a_job_whose_execution_has_failed(
    world: World, expected: Expected, holds: Callable[[], None], accepted: Callable[..., int], monkeypatch: Any
) -> None:
    batch = accepted({"all": True})
    attempts = 0

    def fail_in_the_second_chunk(batch: int) -> bool:
        nonlocal attempts
        attempts += 1
        if attempts > 1:
            raise ConnectionError
        return expansions.advance(batch)

    with monkeypatch.context() as patched:
        patched.setitem(advance_batch.STEPS, batch_jobs.EXPANSION, fail_in_the_second_chunk)
        world.clock.advance(2 * jobs.GRACE_PERIOD)
        world.reconcile()
        world.quiesce()
    assert attempts > 2  # the state machine has tried again, too
    assert len(made(world, expected, batch)) == CHUNK
    assert "BatchJob" in str(world.left())
    world.settle()
    assert made(world, expected, batch) == list(range(1, TRACES + 1))
    holds()


def test_what_is_deleted_while_a_batch_expands_is_left_out(
    world: World, expected: Expected, holds: Callable[[], None], accepted: Callable[..., int]
) -> None:
    other = world.asked("POST", "projects/", {"project_id": "other"}).body["id"]
    batch = accepted({"project": 1}, {"trace": 4, "project": other}, {"trace": 2})
    assert not expansions.advance(batch)
    world.asked("DELETE", "traces/4/")
    world.asked("DELETE", f"projects/{other}/")
    world.settle()
    assert made(world, expected, batch) == [1, 2, 3, 5, 2]
    holds()


def test_a_group_is_what_it_was_when_the_request_was_accepted(
    world: World, expected: Expected, holds: Callable[[], None], accepted: Callable[..., int]
) -> None:
    specification = {"target": "trace_id", "comparison": "in", "value": ["meter 2", "meter 4"]}
    group = world.asked("POST", "trace_groups/", {"name": "g", "filter_specification": specification}).body["id"]
    batch = accepted({"group": group})
    world.asked("DELETE", f"trace_groups/{group}/")
    world.settle()
    assert made(world, expected, batch) == [2, 4]
    holds()


def test_a_batch_without_runs_ends_and_says_why(
    world: World, expected: Expected, holds: Callable[[], None], accepted: Callable[..., int]
) -> None:
    empty = world.asked("POST", "projects/", {"project_id": "empty"}).body["id"]
    batch = accepted({"project": empty})
    world.settle()
    found = world.asked("GET", f"batches/{batch}/").body
    assert (found["state"], found["total"], found["failure_message"]) == ("ACTIVE", 0, expansions.NO_RUNS)
    assert batches.has_ended(batch)
    holds()


def test_a_target_that_is_gone_ends_a_batch_with_the_runs_before_it(
    world: World, expected: Expected, holds: Callable[[], None]
) -> None:
    request = {"targets": [{"pairs": [[1, 3]]}, {"failed_of_batch": 77}, {"pairs": [[1, 2]]}], "arguments": {}}
    batch = expansions.accept(request)
    world.settle()
    found = world.asked("GET", f"batches/{batch}/").body
    assert (found["state"], found["total"], found["failed"]) == ("ACTIVE", 1, 1)
    assert "Batch 77 was deleted" in found["failure_message"]
    assert made(world, expected, batch) == [3]
    holds()


def test_an_aggregation_is_woken_if_all_runs_end_before_the_expansion(
    world: World, expected: Expected, holds: Callable[[], None], accepted: Callable[..., int]
) -> None:
    batch = accepted({"trace": 1}, {"trace": 2})
    body = {"traces": [1], "derivative_interpretation": NORMAL, "after_batch": batch}
    aggregation = world.asked("POST", "aggregation_runs/", body).body["id"]
    expected.aggregations[aggregation] = "SUCCESS"
    world.executions.drive()
    assert not expansions.advance(batch)
    world.quiesce()
    assert not batches.has_ended(batch)
    assert world.asked("GET", f"aggregation_runs/{aggregation}/").body["status"] == "PENDING"
    assert expansions.advance(batch)
    world.executions.drive()
    assert world.asked("GET", f"aggregation_runs/{aggregation}/").body["status"] == "SUCCESS"
    assert made(world, expected, batch) == [1, 2]
    holds()
