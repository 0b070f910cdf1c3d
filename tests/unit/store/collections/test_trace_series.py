"""Which chunks a trace names. What others do meanwhile is tested in tests/faults/test_series.py."""

import pytest

from chalicelib.deadline import DeadlineExceededError, within
from chalicelib.store.collections import trace_series
from chalicelib.store.series import series
from chalicelib.store.series.series import Column
from chalicelib.store.tables.collections import Trace


def test_a_new_trace_has_no_chunks_and_those_of_an_older_one_are_not_known() -> None:
    trace = Trace(id=1, trace_id="a")
    assert trace_series.names(trace) == []
    trace.changes = 3  # the names were removed
    assert trace_series.names(trace) is None
    trace.chunks = {"2.npz", "1.npz"}
    assert trace_series.names(trace) == ["1.npz", "2.npz"]
    older = Trace(id=1, trace_id="a", changes=None)
    assert trace_series.names(older) is None


def test_records_are_added_only_while_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(series, "append", lambda prefix, column: written.append(prefix))
    with pytest.raises(DeadlineExceededError), within(0):
        trace_series.append_many({1: Column(), 2: Column()})
    assert written == []


def test_the_traces_that_are_gone_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "append", lambda prefix, column: f"{prefix}1.npz")
    monkeypatch.setattr(trace_series, "_add_name", lambda trace, name: (trace, name) == (1, "1.npz"))
    assert trace_series.append_many({1: Column(), 2: Column(), 3: Column()}) == {2, 3}
