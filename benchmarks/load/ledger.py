"""What a client was told is stored."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Ledger:
    """Acknowledged writes. What a client was told nothing certain about is taken from its ledger.

    projects, traces, groups: the fields of each by id. records: the newest value by trace and start. temperatures: the
    same by station. runs: the status that a meter run must end with. aggregations: how many derivatives each must sum.
    shared: the values that clients have written to a field of the project that they share.
    """

    projects: dict[int, dict[str, Any]] = field(default_factory=dict)
    traces: dict[int, dict[str, Any]] = field(default_factory=dict)
    groups: dict[int, dict[str, Any]] = field(default_factory=dict)
    deleted: dict[str, set[int]] = field(default_factory=lambda: {"projects": set(), "traces": set(), "groups": set()})
    records: dict[int, dict[str, float]] = field(default_factory=dict)
    temperatures: dict[str, dict[str, float]] = field(default_factory=dict)
    runs: dict[int, str] = field(default_factory=dict)
    aggregations: dict[int, int] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)

    def forget_trace(self, id: int) -> None:
        """Take a trace and its records from the ledger."""
        self.traces.pop(id, None)
        self.records.pop(id, None)

    def forget_project(self, id: int) -> None:
        """Take a project from the ledger, and the traces that name it."""
        self.projects.pop(id, None)
        for trace in [trace for trace, fields in self.traces.items() if id in fields["projects"]]:
            self.forget_trace(trace)

    def delete_project(self, id: int) -> None:
        """A project is deleted; its traces stay and no longer name it."""
        del self.projects[id]
        self.deleted["projects"].add(id)
        for fields in self.traces.values():
            fields["projects"] = [one for one in fields["projects"] if one != id]

    def delete_trace(self, id: int) -> None:
        """A trace is deleted with its records."""
        self.forget_trace(id)
        self.deleted["traces"].add(id)

    @property
    def size(self) -> int:
        """How many facts it has."""
        items: list[Collection[Any]] = [self.projects, self.traces, self.groups, [*self.runs], [*self.aggregations]]
        items += [*self.deleted.values(), *self.records.values(), *self.temperatures.values()]
        return sum(map(len, items))


def differences(shown: dict[str, Any], expected: dict[str, Any]) -> str:
    """The fields of an item that are not as expected, in words; empty if all are."""
    return ", ".join(
        f"{name} is {shown.get(name)!r} rather than {value!r}"
        for name, value in expected.items()
        if shown.get(name) != value
    )


def wrong_values(shown: list[dict[str, Any]], name: str, expected: dict[str, float]) -> str:
    """What is wrong with a listed series, whose value is called `name`, in words; empty if nothing is."""
    found = {record["start"]: record[name] for record in shown}
    if len(found) != len(shown):
        return f"{len(shown) - len(found)} instants are listed twice"
    missing, extra = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing or extra:
        return f"lost {len(missing)} records, such as {missing[:1]}, and {len(extra)} that nobody posted, {extra[:1]}"
    old = [start for start, value in expected.items() if found[start] != value]
    return f"{len(old)} values are not the newest, such as that of {old[0]}" if old else ""
