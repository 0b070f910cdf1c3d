"""Trace groups: traces selected by attributes of themselves and of their projects, rather than one by one."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from chalicelib.store.collections import projects, traces
from chalicelib.store.collections.filters import matches
from chalicelib.store.shared import ids, pages
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.base import now
from chalicelib.store.tables.collections import Project, Trace, TraceGroup

RESOURCE = "trace_groups"

Member = tuple[int | None, int]  # the ids of a project (or None) and of a trace


def get(id: int) -> TraceGroup | None:
    """The group, or None."""
    return pages.get(TraceGroup, id)


def get_many(wanted: Iterable[int]) -> dict[int, TraceGroup]:
    """The groups that exist among these ids, by id."""
    return pages.get_many(TraceGroup, wanted)


def create(fields: dict[str, Any]) -> TraceGroup:
    """Create a group."""
    group = TraceGroup(id=ids.allocate(RESOURCE)[0], **fields)
    group.save()
    return group


def update(id: int, fields: dict[str, Any]) -> TraceGroup | None:
    """Set fields of a group and return it; None when there is no such group."""
    group = TraceGroup(id)
    changes = [getattr(TraceGroup, name).set(value) for name, value in {**fields, "updated": now()}.items()]
    return group if conditional_write(lambda: group.update(actions=changes, condition=TraceGroup.id.exists())) else None


def delete(id: int) -> bool:
    """Delete a group; False when there is no such group."""
    return conditional_write(lambda: TraceGroup(id).delete(condition=TraceGroup.id.exists()))


def page(*, after: int, limit: int, name: str | None = None) -> pages.Page[TraceGroup]:
    """A page of the groups that match the filters."""
    return pages.walk(TraceGroup, ids.allocated(RESOURCE), after, limit, pages.matches(name=name))


def members(group: TraceGroup) -> list[Member]:
    """The members of a group: each trace with each of its projects that match, ordered by trace and project id."""
    return members_of([group])[group.id]


def members_of(groups: Sequence[TraceGroup]) -> dict[int, list[Member]]:
    """The members of each group, found in a single pass over all traces."""
    found: dict[int, list[Member]] = {group.id: [] for group in groups}
    candidates = ids.allocated("traces") if groups else range(0)
    for matched in pages.in_blocks(partial(_matching, groups), candidates):
        for id, member in matched:
            found[id].append(member)
    return found


def _matching(groups: Sequence[TraceGroup], block: list[int]) -> list[tuple[int, Member]]:
    """The members of the groups in a block of traces, each with the id of its group."""
    found = traces.get_many(block)
    owners = projects.get_many(id for trace in found.values() for id in trace.projects)
    return [
        (group.id, (project.id if project else None, trace.id))
        for _, trace in sorted(found.items())
        for project in _owners(trace, owners)
        for group in groups
        if matches(group.filter_specification, trace, project)
    ]


def _owners(trace: Trace, known: Mapping[int, Project]) -> Sequence[Project | None]:
    """The existing projects of a trace, ordered by id; [None] if there are none."""
    return [known[id] for id in sorted(trace.projects) if id in known] or [None]
