"""Grouping of changes into transactions."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.collections.changes import (
    KEY_WRITES,
    TRANSACTION_WRITES,
    Change,
    changed,
    difference,
    groups,
    same,
    steps,
)
from chalicelib.store.tables.collections import Project, Trace

projects = st.sets(st.integers(1, 90), max_size=40)
pairs = st.tuples(st.none() | projects, projects)


def change_of(number: int, before: set[int] | None, after: set[int]) -> Change[Trace]:
    def trace(owners: set[int]) -> Trace:
        return Trace(id=number, trace_id=str(number), projects=sorted(owners))

    return Change(trace(after), None if before is None else trace(before))


changes = st.lists(pairs, max_size=120).map(
    lambda pairs: [change_of(number, before, after) for number, (before, after) in enumerate(pairs, 1)]
)


def writes(group: list[Change[Trace]]) -> int:
    """The writes of a group in a transaction, in which each linked project is checked once."""
    items_and_keys = sum(1 if change.before else 2 for change in group)
    links = sum(len(change.linked) + len(change.unlinked) for change in group)
    return items_and_keys + links + len(set().union(*(change.linked for change in group)))


@given(changes)
def test_groups_contain_every_change_in_order(wanted: list[Change[Trace]]) -> None:
    assert [change for group in groups(wanted) for change in group] == wanted


@given(changes)
def test_a_group_of_several_changes_fits_in_a_transaction(wanted: list[Change[Trace]]) -> None:
    for group in groups(wanted):
        assert len(group) == 1 or writes(group) <= TRANSACTION_WRITES


@given(pairs)
def test_each_step_of_a_change_fits_in_a_transaction_and_the_last_gives_the_item(
    pair: tuple[set[int] | None, set[int]],
) -> None:
    change = change_of(1, *pair)
    made = steps(change)
    assert made[-1].item is change.item
    assert made[0].before is change.before
    for step in made:
        assert writes([step]) + KEY_WRITES <= TRANSACTION_WRITES
    for one, other in pairwise(made):
        assert one.item is other.before


def test_a_change_with_too_many_links_adds_links_before_it_removes_any() -> None:
    change = change_of(1, set(range(1, 41)), set(range(41, 81)))
    first, second = steps(change)
    assert (first.linked, first.unlinked) == (set(range(41, 81)), set())
    assert (second.linked, second.unlinked) == (set(), set(range(1, 41)))


def test_a_removed_trace_is_unlinked_from_all_its_projects() -> None:
    trace = Trace(id=1, trace_id="a", projects=[3, 5])
    assert Change(trace, trace, removed=True).unlinked == {3, 5}


def test_a_changed_item_leaves_the_one_before_as_it_was() -> None:
    before = Trace(id=1, trace_id="a", projects=[3, 5], updated=None)
    after = changed(before, {"projects": [3]}).item
    assert (before.projects, after.projects, after.trace_id) == ([3, 5], [3], "a")


def test_only_what_differs_is_written() -> None:
    before = Trace(id=1, trace_id="a", heat_content=1.0, chunks={f"{n}.npz" for n in range(50)}, changes=50)
    change = changed(before, {"trace_id": "b", "heat_content": None, "unit_multiplier": 2.0})
    written = {str(action).split()[0] for action in difference(before, change.item)}
    assert written == {"trace_id", "heat_content", "unit_multiplier", "updated"}
    project = Project(id=1, project_id="a", metadata={"value": 1})
    assert len(difference(project, changed(project, {"metadata": {"value": True}}).item)) == 2


def test_1_and_true_differ_as_in_json() -> None:
    project = Project(id=1, project_id="a", metadata={"value": 1})
    assert same(project, {"metadata": {"value": 1}})
    assert not same(project, {"metadata": {"value": True}})
