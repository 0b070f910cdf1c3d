"""A trace is deleted right before each call of a request that reads or writes its records; nothing of it remains."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.store.series import series
from tests.faults.events import Answer
from tests.faults.preparing import CHUNKS, Expected
from tests.faults.world import World

RECORD = {"start": "2016-01-01T00:00:00Z", "value": 1.0}


def deleted_before_each_call(
    world: World, expected: Expected, new_trace: Callable[[], int], request: Callable[[int], Answer | None]
) -> list[Answer]:
    """Make the request for a new trace each time, which is deleted one call later than the last time."""
    answers: list[Answer] = []
    while True:
        trace, remaining = new_trace(), len(answers)

        def delete_in_time(trace: int = trace) -> None:
            nonlocal remaining
            if remaining == 0:
                world.api("DELETE", f"traces/{trace}/")
            remaining -= 1

        world.injector.at_every_call = delete_in_time
        answer = request(trace)
        world.injector.at_every_call = None
        assert answer is not None
        if remaining >= 0:  # the request has made fewer calls than that
            return answers
        expected.gone.add(trace)
        answers.append(answer)


@pytest.fixture
def new_trace(world: World) -> Callable[[], int]:
    """Creates a trace."""
    created = iter(range(1000))

    def create() -> int:
        body = {"trace_id": f"meter {next(created)}", "interpretation": "NG_C_S", "unit": "therm"}
        return int(world.asked("POST", "traces/", body).body["id"])

    return create


def test_records_that_are_posted(
    world: World, expected: Expected, holds: Callable[[], None], new_trace: Callable[[], int]
) -> None:
    def post(trace: int) -> Any:
        return world.api("POST", "trace_records/", [{"trace": trace, **RECORD}])

    answers = deleted_before_each_call(world, expected, new_trace, post)
    assert {answer.status for answer in answers} == {400, 409}  # before and after the trace was read
    holds()


def test_a_series_that_is_compacted(
    world: World, expected: Expected, holds: Callable[[], None], new_trace: Callable[[], int]
) -> None:
    def with_chunks() -> int:
        trace = new_trace()
        for _ in range(CHUNKS):
            world.api("POST", "trace_records/", [{"trace": trace, **RECORD}])
        world.clock.advance(2 * series.SETTLED_AFTER)
        return trace

    def read(trace: int) -> Any:
        return world.api("GET", f"trace_records/?trace={trace}")

    answers = deleted_before_each_call(world, expected, with_chunks, read)
    assert len(answers) > CHUNKS
    assert {answer.status for answer in answers} <= {200, 400}
    holds()


def test_runs_that_are_scheduled(
    world: World, expected: Expected, holds: Callable[[], None], new_trace: Callable[[], int]
) -> None:
    def schedule(trace: int) -> Any:
        answer = world.api("POST", "meter_runs/", {"trace": trace, "project": 1})
        if answer is not None and answer.status == 201:
            expected.runs[answer.body["id"]] = "FAILED"
        return answer

    answers = deleted_before_each_call(world, expected, new_trace, schedule)
    assert {answer.status for answer in answers} == {201, 400}
    holds()
