"""Runs and batches are deleted while others change the same rows, or right before each call of what uses them."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.settings import settings
from chalicelib.store.results import newest
from chalicelib.store.runs import batch_jobs, batches, deletions
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.tables.results import NewestRun
from chalicelib.store.tables.runs import DeletedRuns, MeterRun
from infra.local import portfolio
from tests.faults.preparing import METER, NORMAL, Expected
from tests.faults.test_messages import message_of, scheduled
from tests.faults.world import World


def work(world: World, run: int) -> None:
    """Let a worker run it."""
    assert world.work(message_of(run), settings().meter_queue_url)


def recorded() -> int | None:
    """The newest run of trace 1."""
    return newest.runs_of([(1, 1)]).get((1, 1))


def deleted(world: World, expected: Expected, *runs: int) -> None:
    """Delete runs, which then are not expected to end."""
    for run in runs:
        assert world.asked("DELETE", f"meter_runs/{run}/").status == 204
        expected.runs.pop(run)
        expected.deleted_runs.add(run)


def test_the_newest_run_is_always_the_newest_that_is_left(
    world: World, expected: Expected, holds: Callable[[], None]
) -> None:
    runs = scheduled(world, expected, 4)
    world.settle()
    assert recorded() == runs[3]
    deleted(world, expected, runs[3], runs[1])
    assert recorded() == runs[2]
    deleted(world, expected, runs[2])
    assert recorded() == runs[0]
    deleted(world, expected, runs[0])
    assert recorded() is None
    holds()


def test_an_older_item_of_any_project_goes_away(world: World, expected: Expected, holds: Callable[[], None]) -> None:
    runs = scheduled(world, expected, 2)
    world.settle()
    NewestRun(1, NewestRun.ANY_PROJECT, meter_run=runs[1]).save()
    deleted(world, expected, runs[1])
    assert newest.runs_of([(1, NewestRun.ANY_PROJECT)]) == {(1, NewestRun.ANY_PROJECT): runs[0]}
    holds()


def test_an_older_run_succeeds_while_the_newest_is_deleted(
    world: World, expected: Expected, holds: Callable[[], None]
) -> None:
    """Before each call of the deletion in turn, the run before it succeeds: the trace's newest run is then that one."""
    for number in range(9):
        older, run = scheduled(world, expected, 2)
        work(world, run)
        left = number

        def succeed_in_time(older: int = older) -> None:
            nonlocal left
            if left == 0:
                work(world, older)
            left -= 1

        world.injector.at_every_call = succeed_in_time
        deleted(world, expected, run)
        world.injector.at_every_call = None
        work(world, older)
        assert recorded() == older
    holds()


def test_two_runs_of_a_trace_are_deleted_at_once(world: World, expected: Expected, holds: Callable[[], None]) -> None:
    """Before each call of a deletion in turn, the run that would take its place is deleted."""
    for number in range(9):
        oldest, older, run = scheduled(world, expected, 3)
        world.settle()
        left = number

        def delete_in_time(older: int = older) -> None:
            nonlocal left
            if left == 0:
                world.api("DELETE", f"meter_runs/{older}/")
            left -= 1

        world.injector.at_every_call = delete_in_time
        deleted(world, expected, run)
        world.injector.at_every_call = None
        world.api("DELETE", f"meter_runs/{older}/")
        expected.runs.pop(older)
        expected.deleted_runs.add(older)
        assert recorded() == oldest
    holds()


def test_a_run_is_deleted_before_each_call_of_its_worker(
    world: World, expected: Expected, holds: Callable[[], None]
) -> None:
    number, done = 0, False
    while not done:
        (run,) = scheduled(world, expected)
        left = number

        def delete_in_time(run: int = run) -> None:
            nonlocal left
            if left == 0:
                assert world.asked("DELETE", f"meter_runs/{run}/").status == 204
            left -= 1

        world.injector.at_every_call = delete_in_time
        work(world, run)
        world.injector.at_every_call = None
        done = left >= 0  # the worker has made fewer calls
        if not done:
            expected.runs.pop(run)
            expected.deleted_runs.add(run)
        number += 1
    assert number > 10
    holds()


def test_the_last_open_run_of_a_batch_is_deleted(world: World, expected: Expected, holds: Callable[[], None]) -> None:
    runs = scheduled(world, expected, 2)
    asked = {"traces": [1], "derivative_interpretation": NORMAL, "after_batch": 1}
    aggregation = world.asked("POST", "aggregation_runs/", asked).body["id"]
    expected.aggregations[aggregation] = "SUCCESS"
    world.executions.drive()
    work(world, runs[0])
    deleted(world, expected, runs[1])
    world.executions.drive()
    assert world.asked("GET", f"aggregation_runs/{aggregation}/").body["status"] == "SUCCESS"
    assert {name: world.asked("GET", "batches/1/").body[name] for name in ("total", "success", "pending")} == {
        "total": 1,
        "success": 1,
        "pending": 0,
    }
    holds()


def test_an_aggregation_remains_when_its_derivatives_are_deleted(
    world: World, expected: Expected, holds: Callable[[], None]
) -> None:
    (run,) = scheduled(world, expected)
    world.settle()
    answer = world.asked("POST", "aggregation_runs/", {"traces": [1], "derivative_interpretation": NORMAL})
    expected.aggregations[answer.body["id"]] = "SUCCESS"
    world.settle()
    deleted(world, expected, run)
    assert world.asked("GET", "derivatives/").body == []
    holds()


def test_a_batch_that_an_aggregation_waits_for_is_kept(
    world: World, expected: Expected, holds: Callable[[], None]
) -> None:
    scheduled(world, expected)
    asked = {"traces": [1], "derivative_interpretation": NORMAL, "after_batch": 1}
    aggregation = world.asked("POST", "aggregation_runs/", asked).body["id"]
    expected.aggregations[aggregation] = "SUCCESS"
    answer = world.asked("DELETE", "batches/1/")
    assert (answer.status, answer.headers["Retry-After"]) == (409, "60")
    assert f"Aggregation run {aggregation} waits" in answer.body["detail"]
    holds()


def test_an_aggregation_that_waits_for_a_deleted_batch_fails(
    world: World, expected: Expected, holds: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was scheduled at the same time, so that neither saw the other."""
    (run,) = scheduled(world, expected)
    asked = {"traces": [1], "derivative_interpretation": NORMAL, "after_batch": 1}
    aggregation = world.asked("POST", "aggregation_runs/", asked).body["id"]
    world.executions.drive()
    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.store.runs.aggregation_runs.waiting_for", lambda batch: None)
        assert world.asked("DELETE", "batches/1/").status == 202
    expected.runs.pop(run)
    expected.deleted_runs.add(run)
    expected.deleted_batches.add(1)
    expected.aggregations[aggregation] = "FAILED"
    holds()
    message = world.asked("GET", f"aggregation_runs/{aggregation}/").body["failure_message"]
    assert message.startswith("Batch 1 was deleted before the derivatives were chosen.")


def test_a_batch_is_deleted_in_chunks_by_two_jobs_at_once(
    world: World, expected: Expected, holds: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever one makes a call, the other one takes a step, and workers go on."""
    monkeypatch.setattr(deletions, "CHUNK", 2)
    (older,) = scheduled(world, expected)
    world.settle()
    runs = scheduled(world, expected, 5)
    monkeypatch.setattr(batch_jobs, "start", lambda job: None)
    work(world, runs[0])
    assert world.asked("DELETE", "batches/2/").body["state"] == "DELETING"
    for run in runs:
        expected.runs.pop(run)
        expected.deleted_runs.add(run)
    expected.deleted_batches.add(2)

    def step() -> None:
        deletions.advance(2)

    world.injector.at_every_call = step
    while not deletions.advance(2):
        count = batches.get(2)
        assert count is None or count.total in (5, 3, 1, 0)
    world.injector.at_every_call = None
    assert recorded() == older
    assert world.asked("GET", "batches/2/").status == 404
    assert world.asked("DELETE", "batches/2/").status == 404
    holds()


def test_a_batch_is_not_worked_on_while_it_is_deleted(
    world: World, expected: Expected, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = scheduled(world, expected, 2)
    monkeypatch.setattr(batch_jobs, "start", lambda job: None)
    assert world.asked("DELETE", "batches/1/").status == 202
    work(world, runs[0])
    assert MeterRun.get(runs[0]).status not in ENDED


def test_what_was_deleted_is_named_until_its_keys_have_expired(
    world: World, expected: Expected, holds: Callable[[], None]
) -> None:
    answer = world.asked("POST", "meter_runs/", {"trace": 1})
    expected.runs[answer.body["id"]] = "SUCCESS"
    world.settle()
    deleted(world, expected, answer.body["id"])
    holds()
    assert [entry.first_run for entry in DeletedRuns.scan()] == [answer.body["id"]]
    world.clock.advance(deletions.KEPT + 60)
    world.reconcile()
    assert list(DeletedRuns.scan()) == []


def test_a_posted_input_is_copied_for_each_run(world: World, expected: Expected, holds: Callable[[], None]) -> None:
    first = world.asked("POST", "meter_runs/", {"meter_input": portfolio.meter_input(METER)}).body
    second = world.asked("POST", "meter_runs/", {"meter_input": first["meter_input"]}).body
    expected.runs |= {first["id"]: "SUCCESS", second["id"]: "SUCCESS"}
    deleted(world, expected, first["id"])
    assert world.asked("POST", "meter_runs/", {"meter_input": first["meter_input"]}).status == 400
    holds()


def keyed(world: World, method: str, path: str, body: Any) -> Any:
    """The response to a request with the same Idempotency-Key each time."""
    return world.api(method, path, body, "key")


def test_a_repeated_request_says_that_its_run_was_deleted(
    world: World, expected: Expected, holds: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one died before it stored its response."""

    def lost(*_: Any) -> None:
        raise ConnectionError

    body = {"targets": [{"trace": 1}] * 2}
    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.store.idempotency.finish", lost)
        answer = keyed(world, "POST", "meter_runs/bulk/", body)
    first, second = (run["id"] for (run,) in answer.body)
    expected.runs |= {first: "SUCCESS", second: "SUCCESS"}
    deleted(world, expected, first)
    world.clock.advance(61)
    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.store.idempotency.finish", lost)
        assert [[run["id"] for run in group] for group in keyed(world, "POST", "meter_runs/bulk/", body).body] == [
            [],
            [second],
        ]
    expected.deleted_runs.add(second)
    expected.runs.pop(second)
    expected.deleted_batches.add(1)
    assert world.asked("DELETE", "batches/1/").status == 202
    world.settle()
    repeated = keyed(world, "POST", "meter_runs/bulk/", body)
    assert (repeated.status, "was deleted since" in repeated.body["detail"]) == (409, True)
    holds()
