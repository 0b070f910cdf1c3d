"""Messages come twice, late, in any order and to two workers at once; each run still ends once."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.settings import settings
from chalicelib.store.runs import queue
from tests.faults.preparing import Expected
from tests.faults.world import World


def scheduled(world: World, expected: Expected, count: int = 1) -> list[int]:
    """Schedule runs of the meter that are all expected to succeed."""
    answer = world.asked("POST", "meter_runs/bulk/", {"targets": [{"trace": 1}] * count})
    runs = [group[0]["id"] for group in answer.body]
    expected.runs |= dict.fromkeys(runs, "SUCCESS")
    return runs


def message_of(run: int) -> dict[str, Any]:
    """A message as SQS delivers it; its receipt is known to no queue."""
    return {"MessageId": "m", "ReceiptHandle": "r", "Body": queue._message(run)}


def test_messages_that_come_twice(world: World, expected: Expected, holds: Callable[[], None]) -> None:
    runs = scheduled(world, expected, 3)
    for _ in range(2):
        queue.send(runs)
    holds()


@pytest.mark.parametrize("seed", range(3))
def test_messages_in_any_order(world: World, expected: Expected, holds: Callable[[], None], seed: int) -> None:
    runs = scheduled(world, expected, 6)
    shuffled = random.Random(seed).sample(runs, len(runs))
    for run in shuffled:
        assert world.work(message_of(run), settings().meter_queue_url)
    holds()


def test_a_message_after_its_run_ended(world: World, expected: Expected, holds: Callable[[], None]) -> None:
    (run,) = scheduled(world, expected)
    world.settle()
    before = world.asked("GET", f"meter_runs/{run}/").body
    assert world.work(message_of(run), settings().meter_queue_url)
    assert world.asked("GET", f"meter_runs/{run}/").body["updated"] == before["updated"]
    holds()


def test_a_message_after_its_trace_was_deleted(world: World, expected: Expected, holds: Callable[[], None]) -> None:
    (run,) = scheduled(world, expected)
    expected.runs[run] = "FAILED"
    expected.gone.add(1)
    assert world.asked("DELETE", "traces/1/").status == 204
    holds()
    message = world.asked("GET", f"meter_runs/{run}/").body["failure_message"]
    assert message == "Trace 1 was deleted before the run started. Create it again, then schedule a new run."


def test_a_message_without_a_run(world: World, expected: Expected, holds: Callable[[], None]) -> None:
    queue.send([10**6])
    holds()  # it has left the dead-letter queue as well


def test_two_workers_at_once(world: World, expected: Expected, holds: Callable[[], None]) -> None:
    """Whenever a worker makes a call, another one gets the same message."""
    (run,) = scheduled(world, expected)
    message, url = message_of(run), settings().meter_queue_url

    def others_work() -> None:
        world.work(message, url)

    world.injector.at_every_call = others_work
    assert world.work(message, url)
    world.injector.at_every_call = None
    holds()
    assert world.asked("GET", f"meter_runs/{run}/").body["meter_result"] == run
