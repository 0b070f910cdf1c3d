"""Grouping of changes into transactions."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.collections.keyed import TRANSACTION_WRITES, WRITES_PER_CHANGE, Change, _groups, _same
from chalicelib.store.tables.collections import Project, Trace

projects = st.sets(st.integers(1, 60), max_size=40)
changes = st.lists(st.tuples(st.none() | projects, projects), max_size=120).map(
    lambda pairs: [
        Change(
            Trace(id=number, trace_id=str(number), projects=sorted(after)),
            None if before is None else Trace(id=number, trace_id=str(number), projects=sorted(before)),
        )
        for number, (before, after) in enumerate(pairs, 1)
    ]
)


@given(changes)
def test_groups_contain_every_change_in_order(wanted: list[Change[Trace]]) -> None:
    assert [change for group in _groups(wanted) for change in group] == wanted


@given(changes)
def test_a_group_fits_in_a_transaction_and_writes_each_set_of_links_once(wanted: list[Change[Trace]]) -> None:
    for group in _groups(wanted):
        linked = set().union(*(change.linked for change in group))
        unlinked = set().union(*(change.unlinked for change in group))
        assert not linked & unlinked
        assert len(group) * WRITES_PER_CHANGE + len(linked | unlinked) <= TRANSACTION_WRITES


def test_a_removed_trace_is_unlinked_from_all_its_projects() -> None:
    trace = Trace(id=1, trace_id="a", projects=[3, 5])
    assert Change(trace, trace, removed=True).unlinked == {3, 5}


def test_1_and_true_differ_as_in_json() -> None:
    project = Project(id=1, project_id="a", metadata={"value": 1})
    assert _same(project, {"metadata": {"value": 1}})
    assert not _same(project, {"metadata": {"value": True}})
