"""What happens if other requests change the same items, or a deletion is cut short."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.deadline import DeadlineExceededError
from chalicelib.store.collections import keyed, links, projects, traces
from chalicelib.store.collections.keyed import KeyedCollection
from chalicelib.store.shared import ids, pages
from chalicelib.store.shared.errors import Busy, Conflict, UnknownProject
from chalicelib.store.tables.collections import Trace

KEY = "METER-17-E"


class Contended(KeyedCollection[Trace]):
    """Traces that every commit finds changed."""

    def _owners(self, keys: list[str]) -> dict[str, int]:
        return {}

    def get(self, id: int) -> Trace:
        return Trace(id=id, trace_id=KEY, projects=[])


@pytest.fixture
def contended(monkeypatch: pytest.MonkeyPatch) -> KeyedCollection[Trace]:
    monkeypatch.setattr(keyed, "commit", lambda fill: False)
    monkeypatch.setattr(ids, "allocate", lambda resource, count=1: range(1, count + 1))
    monkeypatch.setattr(pages, "get_many", lambda model, wanted: {})
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return Contended(Trace, "traces", "trace_id")


Act = Callable[[KeyedCollection[Trace], dict[str, Any]], Any]
WAYS: list[Act] = [
    lambda collection, fields: collection.create(fields),
    lambda collection, fields: collection.update(1, fields),
    lambda collection, fields: collection.sync([fields]),
]


@pytest.mark.parametrize("act", [*WAYS, lambda collection, fields: collection.delete(1)])
def test_a_request_that_always_loses_is_busy_and_names_no_key(contended: KeyedCollection[Trace], act: Act) -> None:
    with pytest.raises(Busy) as raised:
        act(contended, {"trace_id": KEY})
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("act", WAYS)
def test_a_link_to_a_project_that_was_deleted_is_refused(contended: KeyedCollection[Trace], act: Act) -> None:
    with pytest.raises(UnknownProject):
        act(contended, {"trace_id": KEY, "projects": [5]})


def test_a_conflict_has_the_key_but_its_message_does_not() -> None:
    conflict = Conflict("trace_id", KEY, 7)
    assert conflict.value == KEY
    assert KEY not in str(conflict)


@pytest.mark.parametrize("error", [Busy("throttled"), DeadlineExceededError("2 seconds")])
def test_a_deleted_project_is_deleted_even_if_its_traces_are_unlinked_later(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def cut_short(project: int) -> None:
        raise error

    monkeypatch.setattr(projects._projects, "delete", lambda _: True)
    monkeypatch.setattr(traces, "unlink", cut_short)
    assert projects.delete(7)


def test_the_reconciler_unlinks_every_deleted_project_even_if_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    unlinked: list[int] = []

    def unlink(project: int) -> None:
        if project == 3:
            raise Busy("throttled")
        unlinked.append(project)

    monkeypatch.setattr(links, "deleted_projects", lambda: {5, 3, 4})
    monkeypatch.setattr(traces, "unlink", unlink)
    assert projects.reconcile() == 2
    assert unlinked == [4, 5]


def test_a_trace_is_shown_without_deleted_projects_and_stays_as_it_is() -> None:
    trace = Trace(id=1, trace_id=KEY, projects=[3, 5])
    assert traces.without(trace, {4}) is trace
    assert traces.without(trace, {3, 4}).projects == [5]
    assert trace.projects == [3, 5]
