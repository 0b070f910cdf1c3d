"""What a client does: a random mix of reads and writes, of which it remembers what was acknowledged."""

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.load.ledger import Ledger, differences, wrong_values
from benchmarks.load.session import Session

LISTS = {  # the limits that are asked for: 1,000 only where a page has so many items of the same size from the start
    "projects/": (10, 100, 1000),
    "traces/": (10, 100, 1000),
    "trace_groups/": (10, 100),
    "meter_runs/": (10, 100),
    "meter_results/": (10, 100),
    "derivatives/": (10, 100),
    "aggregation_runs/": (10, 100),
    "aggregation_results/": (10, 100),
}
NORMAL = "annualized_weather_normal"
START = datetime(2015, 1, 1, tzinfo=UTC)
PAUSE = 0.5  # seconds between two actions of a client, on average
RUSH = 10  # changes
ENDED = ("SUCCESS", "FAILED")


@dataclass(frozen=True)
class Sample:
    """A meter whose runs end with a known status: its trace and project, a finished run and its fuel."""

    trace: int
    project: int
    run: int
    status: str
    interpretation: str


@dataclass(frozen=True)
class Shared:
    """What all clients use: the sample meters, a project that all change and link to, and the batch that is running."""

    samples: list[Sample]
    project: int
    batch: int


class Client:
    """One client, which owns what it creates. The same number makes the same choices."""

    def __init__(self, number: int, session: Session, shared: Shared) -> None:
        self.session = session
        self.ledger = Ledger()
        self._shared = shared
        self._random = random.Random(number)
        self._prefix = f"load-{uuid.uuid4().hex[:8]}-{number}"
        self._station = f"99{number:04}"
        self._names = 0

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

    # reads

    def list_items(self) -> None:
        path, limits = self._random.choice(list(LISTS.items()))
        limit = self._random.choice(limits)
        ids = [item["id"] for item in self.session.pages(path, most=3, limit=limit)]
        if ids != sorted(set(ids)):
            self.session.fault(f"GET {path} with the limit {limit} lists items twice or in disorder")

    def get_project(self) -> None:
        if id := self._one(self.ledger.projects):
            self._compare(f"projects/{id}/", self.ledger.projects[id])

    def find_project(self) -> None:
        if id := self._one(self.ledger.projects):
            name = self.ledger.projects[id]["project_id"]
            found = self.session.get("projects/", project_id=name)
            if found is not None and [item["id"] for item in found] != [id]:
                self.session.fault(f"project {id} is not found by its project_id {name}")

    def get_trace(self) -> None:
        if id := self._one(self.ledger.traces):
            self._compare(f"traces/{id}/", self.ledger.traces[id])

    def get_deleted(self) -> None:
        kind = self._random.choice(("projects", "traces"))
        if gone := self.ledger.deleted[kind]:
            id = self._random.choice(sorted(gone))
            response = self.session.call("GET", f"{kind}/{id}/", accept=(404,))
            if response is not None and response.ok:
                self.session.fault(f"{kind}/{id}/ was deleted, and is shown")

    def get_run(self) -> None:
        id = self._one(self.ledger.runs)
        run = self.session.get(f"meter_runs/{id}/") if id else None
        if run is not None and run["status"] in ENDED and run["status"] != self.ledger.runs[run["id"]]:
            self.session.fault(f"meter run {id} ended as {run['status']}: {run['failure_message']}")

    def get_result(self) -> None:
        sample = self._random.choice(self._shared.samples)
        if sample.status == "SUCCESS":
            self._compare(f"meter_results/{sample.run}/", {"trace": sample.trace, "project": sample.project})
            found = self.session.get("derivatives/", meter_result=sample.run)
            if found is not None and len(found) != 3:
                self.session.fault(f"meter result {sample.run} has {len(found)} derivatives")

    def get_batch(self) -> None:
        batch = self.session.get(f"batches/{self._shared.batch}/")
        counted = ("pending", "running", "success", "failed")
        if batch is not None and sum(batch[name] for name in counted) != batch["total"]:
            self.session.fault(f"the counts of the batch do not add up: {batch}")

    def check_health(self) -> None:
        self.session.call("GET", "healthz")

    # projects

    def create_project(self) -> None:
        fields = self._project()
        created = self._create("projects/", fields)
        if created is not None:
            self.ledger.projects[created["id"]] = fields

    def change_project(self) -> None:
        if id := self._one(self.ledger.projects):
            changes = {"zipcode": self._zipcode(), "metadata": {"changed": self._random.random()}}
            if self.session.call("PATCH", f"projects/{id}/", json=changes) is not None:
                self.ledger.projects[id] |= changes
            else:
                self.ledger.projects.pop(id)

    def delete_project(self) -> None:
        if id := self._one(self.ledger.projects):
            if self.session.call("DELETE", f"projects/{id}/", if_repeated=(404,)) is not None:
                self.ledger.delete_project(id)
            else:
                self.ledger.forget_project(id)

    def sync_projects(self) -> None:
        known = self._some(self.ledger.projects, 3)
        items = [self.ledger.projects[id] | {"zipcode": self._zipcode()} for id in known]
        items += [self._project() for _ in range(2)]
        response = self.session.call("POST", "projects/sync/", json=items)
        if response is None:
            for id in known:
                self.ledger.projects.pop(id)
        else:
            for item, done in zip(items, response.json(), strict=True):
                self.ledger.projects[done["id"]] = item

    def change_shared_project(self) -> None:
        value = self._name()
        response = self.session.call("PATCH", f"projects/{self._shared.project}/", json={"metadata": {"last": value}})
        if response is not None:
            self.ledger.shared.add(value)

    # traces

    def create_trace(self) -> None:
        fields = self._trace()
        created = self._create("traces/", fields)
        if created is not None:
            self.ledger.traces[created["id"]] = fields

    def change_trace(self) -> None:
        if id := self._one(self.ledger.traces):
            changes = {"projects": self._projects()}
            if self.session.call("PATCH", f"traces/{id}/", json=changes) is not None:
                self.ledger.traces[id] |= changes
            else:
                self.ledger.forget_trace(id)

    def delete_trace(self) -> None:
        if id := self._one(self.ledger.traces):
            if self.session.call("DELETE", f"traces/{id}/", if_repeated=(404,)) is not None:
                self.ledger.delete_trace(id)
            else:
                self.ledger.forget_trace(id)

    def sync_traces(self) -> None:
        known = self._some(self.ledger.traces, 2)
        items = [self.ledger.traces[id] | {"projects": self._projects()} for id in known]
        items += [self._trace() for _ in range(2)]
        response = self.session.call("POST", "traces/sync/", json=items)
        if response is None:
            for id in known:
                self.ledger.forget_trace(id)
        else:
            for item, done in zip(items, response.json(), strict=True):
                self.ledger.traces[done["id"]] = item

    # series

    def post_records(self) -> None:
        id = self._one(self.ledger.traces)
        if not id:
            return
        posted = {start: round(self._random.uniform(0.1, 10), 3) for start in self._hours()}
        records = [{"trace": id, "start": start, "value": value} for start, value in posted.items()]
        if self.session.call("POST", "trace_records/", json=records) is None:
            self.ledger.forget_trace(id)
            return
        expected = self.ledger.records.setdefault(id, {})
        expected.update(posted)
        self._compare_series("trace_records/", "value", expected, trace=id)

    def post_temperatures(self) -> None:
        posted = {start: round(self._random.uniform(0, 90), 1) for start in self._hours()}
        about = {"station": self._station, "dataset": "observed", "unit": "F"}
        records = [{**about, "start": start, "temperature": value} for start, value in posted.items()]
        expected = self.ledger.temperatures.setdefault(self._station, {})
        if self.session.call("POST", "weather_records/", json=records) is None:
            del self.ledger.temperatures[self._station]
            self._station = f"{int(self._station) - 1000:06}"  # what the old one has is not certain
            return
        expected.update(posted)
        self._compare_series("weather_records/", "temperature", expected, station=self._station)

    # runs

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

    # groups

    def create_group(self) -> None:
        fields = {"name": self._name(), "filter_specification": _named(self._prefix)}
        created = self._create("trace_groups/", fields)
        if created is not None:
            self.ledger.groups[created["id"]] = fields

    def list_group(self) -> None:
        if id := self._one(self.ledger.groups):
            listed = self.session.pages("traces/", most=3, group=id)
            if listed:
                self.session.fault(f"trace group {id}, which matches no trace, lists {listed[0]}")

    def change_group(self) -> None:
        if id := self._one(self.ledger.groups):
            changes = {"name": self._name()}
            if self.session.call("PATCH", f"trace_groups/{id}/", json=changes) is not None:
                self.ledger.groups[id] |= changes
            else:
                del self.ledger.groups[id]

    def delete_group(self) -> None:
        if id := self._one(self.ledger.groups):
            deleted = self.session.call("DELETE", f"trace_groups/{id}/", if_repeated=(404,))
            del self.ledger.groups[id]
            if deleted is not None:
                self.ledger.deleted["groups"].add(id)

    # what they share

    def _create(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """POST a body, half of the time with an Idempotency-Key, and then sometimes again, which changes nothing."""
        headers = {"Idempotency-Key": self._name()} if self._random.random() < 0.5 else {}
        lost = () if headers else (409,)  # the first try may have created it, and did not say so
        response = self.session.call("POST", path, json=body, headers=headers, if_repeated=lost)
        if response is None or not response.ok:
            return None
        created: dict[str, Any] = response.json()
        if headers and self._random.random() < 0.3:
            again = self.session.call("POST", path, json=body, headers=headers)
            if again is not None and again.json()["id"] != created["id"]:
                self.session.fault(
                    f"POST {path} with the same Idempotency-Key created {created['id']} and {again.text}"
                )
        return created

    def _compare(self, path: str, expected: dict[str, Any]) -> None:
        shown = self.session.get(path)
        if shown is not None and (wrong := differences(shown, expected)):
            self.session.fault(f"{path}: {wrong}")

    def _compare_series(self, path: str, name: str, expected: dict[str, float], **query: Any) -> None:
        limit = self._random.choice((50, 100, 1000))
        shown = self.session.pages(path, most=len(expected), limit=limit, **query)
        if wrong := wrong_values(shown, name, expected):
            self.session.fault(f"{path} of {query}: {wrong}")

    def _one(self, items: dict[int, Any]) -> int | None:
        return self._random.choice(list(items)) if items else None

    def _some(self, items: dict[int, Any], most: int) -> list[int]:
        return self._random.sample(list(items), min(most, len(items)))

    def _name(self) -> str:
        self._names += 1
        return f"{self._prefix}-{self._names}"

    def _zipcode(self) -> str:
        return f"{self._random.randrange(60000, 63000)}"

    def _project(self) -> dict[str, Any]:
        return {"project_id": self._name(), "zipcode": self._zipcode(), "metadata": {"changed": 0}}

    def _projects(self) -> list[int]:
        return sorted([*self._some(self.ledger.projects, 2), self._shared.project])

    def _trace(self) -> dict[str, Any]:
        about = {"interpretation": "ELECTRICITY_CONSUMPTION_SUPPLIED", "unit": "KWH"}
        return {"trace_id": self._name(), **about, "projects": self._projects()}

    def _hours(self) -> list[str]:
        """Two days of hours in a month, which overlap with those of other posts."""
        first = START + timedelta(hours=self._random.randrange(24 * 28))
        return [f"{first + timedelta(hours=hour):%Y-%m-%dT%H:%M:%S.%fZ}" for hour in range(48)]


def summable(samples: list[Sample], interpretation: str) -> list[int]:
    """The projects of the sample meters that have derivatives of one kind."""
    return [one.project for one in samples if one.status == "SUCCESS" and one.interpretation == interpretation]


def _target(body: dict[str, Any]) -> dict[str, Any]:
    """A target of a bulk request that makes the same single run."""
    return {"projects": body["projects"], "derivative_interpretations": [body["derivative_interpretation"]]}


def _named(value: str) -> dict[str, Any]:
    """The filter of a group that matches no trace."""
    return {"filter": {"target": "project_metadata|owner", "comparison": "==", "value": value}}


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
