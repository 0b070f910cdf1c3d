"""Trace groups: traces selected by attributes of themselves and of their projects, rather than one by one."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

from pynamodb.transactions import TransactWrite

from chalicelib.store import idempotency
from chalicelib.store.collections import links, projects, traces
from chalicelib.store.collections.filters import matches
from chalicelib.store.shared import ids, pages
from chalicelib.store.shared.errors import Busy
from chalicelib.store.shared.transactions import commit, conditional_write
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
    """Create a group. Raises Busy."""
    group = TraceGroup(id=ids.allocate(RESOURCE)[0], **fields)

    def fill(transaction: TransactWrite) -> None:
        transaction.save(group)
        idempotency.record(transaction, {"resource": RESOURCE, "id": group.id})

    if not commit(fill):
        raise Busy("another request holds the Idempotency-Key")
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


def traces_page(
    group: TraceGroup,
    *,
    after: int,
    limit: int,
    projects: Collection[int] = (),
    trace_id: str | None = None,
    interpretation: Collection[str] = (),
) -> pages.Page[Trace]:
    """A page of the traces in a group that match the filters, which are those of `traces.page`."""
    owners, wanted = set(projects), pages.matches(trace_id=trace_id, interpretation=interpretation)
    deleted = links.deleted_projects()

    def select(block: list[Trace]) -> list[Trace]:
        current = [traces.without(trace, deleted) for trace in block]
        found = [trace for trace in current if wanted(trace) and (not owners or not owners.isdisjoint(trace.projects))]
        matched = {trace for _, (_, trace) in _members([group], found)}
        return [trace for trace in found if trace.id in matched]

    if trace_id is not None:
        candidates: Sequence[int] = [trace.id for trace in traces.find_many([trace_id]).values()]
    elif owners:
        candidates = sorted({id for project in owners for id in links.traces_of(project, after)})
    else:
        candidates = ids.allocated("traces")
    return pages.of_ids(Trace, iter(pages.above(candidates, after)), limit, select)


def members(group: TraceGroup) -> Iterator[Member]:
    """The members of a group: each trace with each of its projects that match, ordered by trace and project id.

    Few of them are in memory at a time.
    """
    return (member for _, member in _search([group]))


def members_of(groups: Sequence[TraceGroup]) -> dict[int, list[Member]]:
    """The members of each group, found in a single pass over all traces."""
    found: dict[int, list[Member]] = {group.id: [] for group in groups}
    for id, member in _search(groups) if groups else ():
        found[id].append(member)
    return found


def pairs_among(candidates: Iterable[int], specification: dict[str, Any] | None) -> list[tuple[int, int]]:
    """The traces among these ids with each of their existing projects, ordered by trace and project id.

    specification: of a group whose members they must be, if any.
    """
    found = [trace for _, trace in sorted(traces.get_many(candidates).items())]
    owners = projects.get_many(id for trace in found for id in trace.projects)
    return [
        (project.id, trace.id)
        for trace in found
        for project in _owners(trace, owners)
        if project is not None and (specification is None or matches(specification, trace, project))
    ]


def search_size() -> int:
    """The number of traces that finding the members of a group goes through."""
    return len(ids.allocated("traces"))


def _search(groups: Sequence[TraceGroup]) -> Iterator[tuple[int, Member]]:
    """The members of the groups, each with the id of its group."""
    return chain.from_iterable(pages.in_blocks(partial(_matching, groups), ids.allocated("traces")))


def _matching(groups: Sequence[TraceGroup], block: list[int]) -> list[tuple[int, Member]]:
    """The members of the groups in a block of traces, each with the id of its group."""
    return _members(groups, [trace for _, trace in sorted(traces.to_match(block).items())])


def _members(groups: Sequence[TraceGroup], candidates: Sequence[Trace]) -> list[tuple[int, Member]]:
    owners = projects.to_match(id for trace in candidates for id in trace.projects)
    return [
        (group.id, (project.id if project else None, trace.id))
        for trace in candidates
        for project in _owners(trace, owners)
        for group in groups
        if matches(group.filter_specification, trace, project)
    ]


def _owners(trace: Trace, known: Mapping[int, Project]) -> Sequence[Project | None]:
    """The existing projects of a trace, ordered by id; [None] if there are none."""
    return [known[id] for id in sorted(trace.projects) if id in known] or [None]
