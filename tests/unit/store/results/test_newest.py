"""The newest runs of any project are the same whether the table is scanned or queried."""

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.store.results import newest
from chalicelib.store.shared import lean

ids = st.integers(1, 6)
rows = st.dictionaries(st.tuples(ids, st.integers(0, 3)), st.integers(1, 100), max_size=15)
keys = st.lists(st.tuples(ids, st.integers(0, 3)), unique=True, max_size=15)


@pytest.mark.parametrize("allocated", [1, 10**9], ids=["scan", "queries"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows, keys)
def test_a_key_of_any_project_has_the_newest_of_all(
    monkeypatch: pytest.MonkeyPatch, allocated: int, stored: dict[newest.Key, int], keys: list[newest.Key]
) -> None:
    items = [SimpleNamespace(trace=trace, project=project, meter_run=run) for (trace, project), run in stored.items()]

    def batch_get(model: Any, wanted: Iterable[newest.Key], names: Any) -> Iterator[Any]:
        return (one for one in items if (one.trace, one.project) in set(wanted))

    monkeypatch.setattr(newest, "last", lambda resource: allocated)
    monkeypatch.setattr(lean, "scan", lambda model, names: iter(items))
    monkeypatch.setattr(lean, "query", lambda model, key, names: (one for one in items if one.trace == key))
    monkeypatch.setattr(lean, "batch_get", batch_get)
    expected = {
        (trace, project): stored.get((trace, project), 0)
        if project
        else max((one.meter_run for one in items if one.trace == trace), default=0)
        for trace, project in keys
    }
    assert list(newest.each_run(keys)) == list(expected.values())
    assert newest.runs_of(keys) == {key: run for key, run in expected.items() if run}
