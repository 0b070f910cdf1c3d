"""Whatever is lost or wrong is found."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.load.base import Shared
from benchmarks.load.check import losses
from benchmarks.load.ledger import Ledger
from benchmarks.load.scenario import Outcome
from benchmarks.load.session import Session

State = dict[str, Any]

LEDGER = Ledger(
    projects={1: {"zipcode": "60601"}},
    traces={2: {"projects": [1]}},
    groups={3: {"name": "all"}},
    deleted={"projects": {11}, "traces": {12}, "groups": {13}},
    records={2: {"2015-01-01T00:00:00.000000Z": 1.5}},
    temperatures={"990000": {"2015-01-01T00:00:00.000000Z": 50.0}},
    runs={6: "SUCCESS", 7: "FAILED"},
    aggregations={8: 2},
    shared={"a", "b"},
)
OUTCOME = Outcome([], [LEDGER], Shared([], 5, 9), [(4, "SUCCESS")], (0.0, 0.0))
STORED: State = {
    "projects/": [{"id": 1, "zipcode": "60601"}, {"id": 5, "metadata": {"last": "b"}}],
    "traces/": [{"id": 2, "projects": [1]}],
    "trace_groups/": [{"id": 3, "name": "all"}],
    "trace_records/": [{"start": "2015-01-01T00:00:00.000000Z", "value": 1.5}],
    "weather_records/": [{"start": "2015-01-01T00:00:00.000000Z", "temperature": 50.0}],
    "meter_runs/": [
        {"id": 4, "status": "SUCCESS", "failure_reason": None, "failure_message": None},
        {"id": 6, "status": "SUCCESS", "failure_reason": None, "failure_message": None},
        {"id": 7, "status": "FAILED", "failure_reason": "data", "failure_message": "no records"},
    ],
    "batches/9/": {"total": 1, "pending": 0, "running": 0, "success": 1, "failed": 0},
    "aggregation_runs/": [{"id": 8, "status": "SUCCESS", "failure_message": None, "aggregation_result": 80}],
    "aggregation_results/": [{"id": 80, "derivatives": [1, 2]}],
}


class Stored(Session):
    """A session of an API that has this state."""

    def __init__(self, state: State) -> None:
        super().__init__("http://api/", "token")
        self.state = state

    def get(self, path: str, **query: Any) -> Any:
        return self.state[path]

    def pages(self, path: str, most: int, **query: Any) -> list[Any]:
        found: list[Any] = self.state[path]
        return found


def test_a_sound_state_has_no_losses() -> None:
    assert losses(Stored(STORED), OUTCOME) == []


def emptied(path: str) -> Callable[[State], None]:
    return lambda state: state[path].clear()


def changed(path: str, position: int, **fields: Any) -> Callable[[State], None]:
    return lambda state: state[path][position].update(fields)


def added(path: str, **fields: Any) -> Callable[[State], None]:
    return lambda state: state[path].append(fields)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (changed("projects/", 0, id=2), "projects/1/ is lost"),
        (changed("projects/", 0, zipcode="60602"), "zipcode is '60602' rather than '60601'"),
        (changed("projects/", 1, metadata={"last": "c"}), "the shared project has 'c'"),
        (added("projects/", id=11), "projects/11/ was deleted, and is there"),
        (emptied("traces/"), "traces/2/ is lost"),
        (added("traces/", id=12), "traces/12/ was deleted, and is there"),
        (emptied("trace_groups/"), "trace_groups/3/ is lost"),
        (emptied("trace_records/"), "the records of trace 2: lost 1 records"),
        (changed("trace_records/", 0, value=1.4), "are not the newest"),
        (added("trace_records/", start="2016", value=1.4), "1 that nobody posted"),
        (emptied("weather_records/"), "the temperatures of station 990000: lost 1"),
        (changed("meter_runs/", 0, status="PENDING"), "meter run 4 is PENDING rather than SUCCESS"),
        (changed("meter_runs/", 1, id=60), "meter run 6 is lost"),
        (changed("meter_runs/", 2, failure_reason="machine"), "because of the machine"),
        (lambda state: state["batches/9/"].update(success=0, running=1), "the batch: running is 1 rather than 0"),
        (changed("aggregation_runs/", 0, status="FAILED"), "aggregation run 8 is FAILED"),
        (emptied("aggregation_results/"), "the result of aggregation run 8 is lost"),
        (changed("aggregation_results/", 0, derivatives=[1]), "1 derivatives rather than 2"),
    ],
)
def test_a_damage_is_found(damage: Callable[[State], None], sentence: str) -> None:
    state = copy.deepcopy(STORED)
    damage(state)
    assert sentence in "; ".join(losses(Stored(state), OUTCOME))
