"""What a client creates, changes and deletes."""

from functools import partial
from typing import Any

from benchmarks.load.base import Base


class Writes(Base):
    """The writes of a client, without runs."""

    def create_project(self) -> None:
        fields = self._project()
        created = self._create("projects/", fields)
        if created is not None:
            self.ledger.projects[created["id"]] = fields

    def change_project(self) -> None:
        if id := self._one(self.ledger.projects):
            changes = {"zipcode": self._zipcode(), "metadata": {"changed": self._random.random()}}
            fields = self.ledger.projects[id]
            self._change(f"projects/{id}/", fields, changes, lambda: self.ledger.projects.pop(id))

    def delete_project(self) -> None:
        if id := self._one(self.ledger.projects):
            ledger = self.ledger
            self._delete(f"projects/{id}/", partial(ledger.delete_project, id), partial(ledger.forget_project, id))

    def sync_projects(self) -> None:
        known = self._some(self.ledger.projects, 3)
        items = [self.ledger.projects[id] | {"zipcode": self._zipcode()} for id in known]
        items += [self._project() for _ in range(2)]
        self._sync("projects/sync/", items, self.ledger.projects, known, self.ledger.projects.pop)

    def change_shared_project(self) -> None:
        value = self._name()
        response = self.session.call("PATCH", f"projects/{self._shared.project}/", json={"metadata": {"last": value}})
        if response is not None:
            self.ledger.shared.add(value)

    def create_trace(self) -> None:
        fields = self._trace()
        created = self._create("traces/", fields)
        if created is not None:
            self.ledger.traces[created["id"]] = fields

    def change_trace(self) -> None:
        if id := self._one(self.ledger.traces):
            changes = {"projects": self._projects()}
            self._change(f"traces/{id}/", self.ledger.traces[id], changes, partial(self.ledger.forget_trace, id))

    def delete_trace(self) -> None:
        if id := self._one(self.ledger.traces):
            ledger = self.ledger
            self._delete(f"traces/{id}/", partial(ledger.delete_trace, id), partial(ledger.forget_trace, id))

    def sync_traces(self) -> None:
        known = self._some(self.ledger.traces, 2)
        items = [self.ledger.traces[id] | {"projects": self._projects()} for id in known]
        items += [self._trace() for _ in range(2)]
        self._sync("traces/sync/", items, self.ledger.traces, known, self.ledger.forget_trace)

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

    def create_group(self) -> None:
        fields = {"name": self._name(), "filter_specification": _named(self._prefix)}
        created = self._create("trace_groups/", fields)
        if created is not None:
            self.ledger.groups[created["id"]] = fields

    def change_group(self) -> None:
        if id := self._one(self.ledger.groups):
            changes = {"name": self._name()}
            fields = self.ledger.groups[id]
            self._change(f"trace_groups/{id}/", fields, changes, lambda: self.ledger.groups.pop(id))

    def delete_group(self) -> None:
        if id := self._one(self.ledger.groups):
            deleted = self.session.call("DELETE", f"trace_groups/{id}/", if_repeated=(404,))
            del self.ledger.groups[id]
            if deleted is not None:
                self.ledger.deleted["groups"].add(id)


def _named(value: str) -> dict[str, Any]:
    """The filter of a group that matches no trace."""
    return {"filter": {"target": "project_metadata|owner", "comparison": "==", "value": value}}
