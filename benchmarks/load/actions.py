"""What a client does: a random mix of reads and writes, of which it remembers what was acknowledged."""

import time
from collections.abc import Callable
from typing import Any

from benchmarks.load.base import Sample
from benchmarks.load.reads import Reads
from benchmarks.load.writes import Writes

NORMAL = "annualized_weather_normal"
PAUSE = 0.5  # seconds between two actions of a client, on average
RUSH = 10  # changes


class Client(Reads, Writes):
    """One client with all that it does."""

    def work(self, until: float) -> None:
        """Act until the monotonic clock shows this time."""
        actions, weights = zip(*MIX, strict=True)
        while time.monotonic() < until:
            (action,) = self._random.choices(actions, weights)
            action(self)
            time.sleep(self._random.uniform(0, 2 * PAUSE))

    def rush(self) -> None:
        """Change what others change at the same time, without a pause."""
        for _ in range(RUSH):
            self.change_shared_project()

    def run_meter(self) -> None:
        sample = self._random.choice(self._shared.samples)
        run = self._create("meter_runs/", {"trace": sample.trace, "project": sample.project})
        if run is not None:
            self.ledger.runs[run["id"]] = sample.status

    def run_meter_without_data(self) -> None:
        """A project without periods has nothing to compute, so the run FAILED."""
        project, trace = self._one(self.ledger.projects), self._one(self.ledger.traces)
        if project and trace:
            run = self._create("meter_runs/", {"trace": trace, "project": project})
            if run is not None:
                self.ledger.runs[run["id"]] = "FAILED"

    def check_meter(self) -> None:
        sample = self._random.choice(self._shared.samples)
        response = self.session.call("POST", "meter_runs/check/", json={"trace": sample.trace})
        if response is not None and (response.json()["checked"], response.json()["failing"]) != (1, 0):
            self.session.fault(f"the check of trace {sample.trace} returned {response.text[:500]}")

    def aggregate(self) -> None:
        chosen = self._random.choice(self._shared.samples)
        projects = summable(self._shared.samples, chosen.interpretation)
        body = {"projects": projects, "derivative_interpretation": NORMAL}
        if self._random.random() < 0.3:
            response = self.session.call("POST", "aggregation_runs/bulk/", json={"targets": [_target(body)]})
            created = None if response is None else response.json()[0][0]
        else:
            created = self._create("aggregation_runs/", body)
        if created is not None:
            self.ledger.aggregations[created["id"]] = len(projects)


def summable(samples: list[Sample], interpretation: str) -> list[int]:
    """The projects of the sample meters that have derivatives of one kind."""
    return [one.project for one in samples if one.status == "SUCCESS" and one.interpretation == interpretation]


def _target(body: dict[str, Any]) -> dict[str, Any]:
    """A target of a bulk request that makes the same single run."""
    return {"projects": body["projects"], "derivative_interpretations": [body["derivative_interpretation"]]}


MIX: list[tuple[Callable[[Client], None], int]] = [
    (Client.list_items, 12),
    (Client.get_project, 6),
    (Client.find_project, 4),
    (Client.get_trace, 8),
    (Client.get_deleted, 2),
    (Client.get_run, 5),
    (Client.get_result, 4),
    (Client.get_batch, 3),
    (Client.check_health, 1),
    (Client.create_project, 7),
    (Client.change_project, 5),
    (Client.delete_project, 2),
    (Client.sync_projects, 3),
    (Client.change_shared_project, 4),
    (Client.create_trace, 6),
    (Client.change_trace, 4),
    (Client.delete_trace, 2),
    (Client.sync_traces, 3),
    (Client.post_records, 8),
    (Client.post_temperatures, 2),
    (Client.run_meter, 1),
    (Client.run_meter_without_data, 1),
    (Client.check_meter, 2),
    (Client.aggregate, 1),
    (Client.create_group, 2),
    (Client.list_group, 1),
    (Client.change_group, 1),
    (Client.delete_group, 1),
]
