"""What a warm worker remembers of a station's series, and what another request changes meanwhile."""

from collections.abc import Callable

import pytest

from chalicelib.store.runs import meter_runs
from chalicelib.store.series import listings, series
from chalicelib.store.shared import documents
from infra.local import portfolio
from tests.faults.backend import ENDPOINT, STACK
from tests.faults.preparing import Expected, column
from tests.faults.world import World

Kind = Callable[[World, int], None]
LIST = "ListObjectsV2"


def test_old_and_new_values_of_a_replaced_series_never_mix(world: World) -> None:
    prefix = series.weather_prefix("normal", "722880")
    series.append(prefix, column(0.0, 0.0, 0.0))
    for new in (1.0, 2.0):
        seen: list[list[float]] = []
        world.injector.at_every_call = lambda seen=seen: seen.append(list(series.read(prefix).values))
        series.replace(prefix, column(new, new))
        world.injector.at_every_call = None
        assert {tuple(one) for one in seen} <= {(new - 1,) * len(seen[0]), (new, new)}
        assert list(series.read(prefix).values) == [new, new]


class TestWeather:
    @pytest.fixture
    def scheduled(self, world: World, expected: Expected) -> Callable[[int], list[int]]:
        """Schedules runs, and waits for longer than clocks may differ."""

        def schedule(count: int) -> list[int]:
            runs = [int(world.asked("POST", "meter_runs/", {"trace": 1}).body["id"]) for _ in range(count)]
            expected.runs |= dict.fromkeys(runs, "SUCCESS")
            return runs

        return schedule

    def test_is_listed_once_by_a_warm_worker(
        self,
        world: World,
        holds: Callable[[], None],
        calls: list[str],
        scheduled: Callable[[int], list[int]],
    ) -> None:
        runs = scheduled(3)
        world.clock.advance(2 * listings.MARGIN)
        assert used(world, runs[0]) == used(world, runs[1]) == used(world, runs[2])
        assert calls.count(LIST) == 2  # the observed hours and the normal year
        runs = scheduled(1)
        world.clock.advance(listings.LIFETIME)
        used(world, runs[0])
        assert calls.count(LIST) == 4
        holds()

    @pytest.mark.parametrize("seconds", [0, 4, 30])
    def test_that_was_posted_before_a_run_was_scheduled_is_used(
        self, world: World, scheduled: Callable[[int], list[int]], seconds: float
    ) -> None:
        (run,) = scheduled(1)
        world.clock.advance(2 * listings.MARGIN)
        before = used(world, run)
        warmer(world)
        (run,) = scheduled(1)
        world.clock.advance(seconds)
        assert used(world, run) == [value + 1.0 for value in before]

    def test_that_a_remembered_list_lacks_is_found(
        self, world: World, expected: Expected, scheduled: Callable[[int], list[int]]
    ) -> None:
        prefix = series.weather_prefix("observed", portfolio.STATION)
        whole = series.read(prefix)
        series.delete(prefix)
        first, second = scheduled(2)
        expected.runs[first] = "FAILED"
        world.clock.advance(2 * listings.MARGIN)
        work(world)
        with world.process():
            series.append(prefix, whole)
        work(world)
        assert [run.status for run in map(meter_runs.get, (first, second)) if run] == ["FAILED", "SUCCESS"]

    def test_is_listed_again_if_chunks_of_a_remembered_list_are_gone(
        self, world: World, calls: list[str], scheduled: Callable[[int], list[int]]
    ) -> None:
        prefix = series.weather_prefix("observed", portfolio.STATION)
        first, second = scheduled(2)
        world.clock.advance(2 * listings.MARGIN)
        work(world)
        with world.process():
            series.replace(prefix, series.read(prefix))
        series._shared.cache_clear()  # of the worker's process
        calls.clear()
        work(world)
        assert used(world, first) == used(world, second)
        assert calls.count(LIST) == 1  # the normal year is remembered


def work(world: World) -> None:
    """Let the warm worker handle one message."""
    url = f"{ENDPOINT}/000000000000/{STACK}-meter-runs"
    (message,) = world.raw["sqs"].receive_message(
        QueueUrl=url, MaxNumberOfMessages=1, AttributeNames=["ApproximateReceiveCount"]
    )["Messages"]
    assert world.work(message, url)
    world.raw["sqs"].delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def used(world: World, id: int) -> list[float]:
    """The observed temperatures that a run uses."""
    world.quiesce()
    run = meter_runs.get(id)
    assert run is not None
    assert run.status == "SUCCESS", run.failure_message
    return [value for _, value in documents.get(str(run.meter_input))["weather"]["records"]]


def warmer(world: World) -> None:
    """Post the observed temperatures again, each 1 °F higher."""
    weather = [
        {**one, "temperature": one["temperature"] + 1.0}
        for one in portfolio.weather_records()
        if one["dataset"] == "observed"
    ]
    for first in range(0, len(weather), 10_000):
        answer = world.api("POST", "weather_records/", weather[first : first + 10_000])
        assert answer is not None
        assert answer.status == 201
