"""An aggregation's derivatives are the union of everything that its request selects."""

import json
from collections.abc import Iterable, Iterator
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.collections import links
from chalicelib.store.results import derivatives, newest
from chalicelib.store.results.choosing import NUMBERS, Draft, Selection, TooManyError, choose
from chalicelib.store.results.derivatives import derivative_ids
from chalicelib.store.shared import documents
from chalicelib.store.tables.results import Derivative, NewestRun
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS, Kind

ELECTRICITY = "ELECTRICITY_CONSUMPTION_SUPPLIED"
TRACES_EACH = 3

some_ids = st.lists(st.integers(1, 20), max_size=10)


def stream(wanted: Iterable[int]) -> Iterator[Derivative]:
    """Derivatives whose uncertainty method alternates between runs."""
    for id in wanted:
        run, position = divmod(id - 1, 3)
        yield Derivative(
            id=id,
            meter_result=run + 1,
            trace_interpretation=ELECTRICITY,
            interpretation=DERIVATIVE_INTERPRETATIONS[position],
            unit="KWH",
            uncertainty=("regression", "caltrack")[run % 2],
            systematic_error=0.1 * id,
            eemeter_version="4.1.1",
            **dict.fromkeys(NUMBERS, 1.0),  # type: ignore[arg-type]
        )


def newest_runs(keys: Iterable[newest.Key]) -> Iterator[int]:
    """The newest run of each trace has the same id as the trace, for every project."""
    return (trace for trace, _ in keys)


def members(projects: Iterable[int]) -> dict[int, list[int]]:
    """The traces of each project; projects with adjacent ids share some."""
    return {project: list(range(project, project + TRACES_EACH)) for project in projects}


def drafts(selection: Selection) -> dict[Kind, Draft]:
    with (
        mock.patch.object(derivatives, "stream", stream),
        mock.patch.object(newest, "each_run", newest_runs),
        mock.patch.object(links, "traces_of_each", members),
    ):
        return choose(selection, 1000).drafts


def chosen(selection: Selection) -> dict[Kind, int]:
    return {kind: draft.rows.count for kind, draft in drafts(selection).items()}


@given(some_ids, some_ids, st.lists(st.integers(1, 60), max_size=10))
def test_each_derivative_is_counted_once_even_if_selected_repeatedly(
    projects: list[int], trace_ids: list[int], named: list[int]
) -> None:
    runs = {trace for members_ in members(projects).values() for trace in members_} | set(trace_ids)
    wanted = {id for run in runs for id in derivative_ids(run)} | set(named)
    once = chosen(Selection(projects, trace_ids, named))
    assert sum(once.values()) == len(wanted)
    assert chosen(Selection(projects * 2, trace_ids[::-1] * 2, sorted(wanted))) == once


@given(some_ids, st.sampled_from(DERIVATIVE_INTERPRETATIONS))
def test_an_interpretation_is_a_filter(trace_ids: list[int], interpretation: str) -> None:
    found = chosen(Selection(traces=trace_ids, derivative_interpretations=[interpretation]))
    assert found == ({Kind(ELECTRICITY, interpretation): len(set(trace_ids))} if trace_ids else {})
    assert chosen(Selection(traces=trace_ids, trace_interpretations=["NATURAL_GAS_CONSUMPTION_SUPPLIED"])) == {}


def test_a_trace_selected_by_id_is_selected_for_any_project(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[newest.Key] = []
    monkeypatch.setattr(newest, "each_run", lambda keys: asked.extend(keys) or [0] * len(keys))  # type: ignore[func-returns-value]
    monkeypatch.setattr(links, "traces_of_each", members)
    choose(Selection(projects=[5], traces=[9]), 1000)
    assert asked == [(9, NewestRun.ANY_PROJECT), (5, 5), (6, 5), (7, 5)]


def test_each_derivative_has_its_method_and_systematic_error(monkeypatch: pytest.MonkeyPatch) -> None:
    (draft,) = drafts(Selection(traces=[1, 2, 3], derivative_interpretations=["gross_predicted"])).values()
    assert draft.methods == {"regression": 2, "caltrack": 1}
    kept: list[bytes] = []
    monkeypatch.setattr(documents, "put_file", lambda key, file: kept.append(file.read()))
    draft.rows.store("key", "[", "]")
    rows = json.loads(kept[0])
    assert all(row[name] == 1.0 for row in rows for name in NUMBERS)
    shown = [(row["label"], row["uncertainty"], row["systematic_error"]) for row in rows]
    assert shown == [(2, "regression", 0.2), (5, "caltrack", 0.5), (8, "regression", 0.8)]


def test_too_many_derivatives_are_rejected_before_any_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "each_run", newest_runs)
    with pytest.raises(TooManyError, match="6 derivatives"):
        choose(Selection(traces=[1, 2]), 5)
    monkeypatch.setattr(derivatives, "stream", lambda wanted: iter(()))
    choose(Selection(traces=[1, 2]), 6)


def test_too_many_traces_are_rejected_before_any_newest_run_is_looked_up() -> None:
    with pytest.raises(TooManyError, match="more than 2 traces"):
        choose(Selection(traces=[1, 2, 3]), 2)
    with pytest.raises(TooManyError, match="more than 2 traces"):
        choose(Selection(members=((None, trace) for trace in range(1, 1_000_000))), 2)


def test_a_member_of_a_group_that_the_request_also_lists_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[newest.Key] = []
    monkeypatch.setattr(newest, "each_run", lambda keys: asked.extend(keys) or [0] * len(keys))  # type: ignore[func-returns-value]
    monkeypatch.setattr(links, "traces_of_each", members)
    group = [(5, 5), (None, 9), (4, 9), (None, 10)]
    choice = choose(Selection(projects=[5], traces=[9, 9], members=iter(group)), 1000)
    assert asked == [(9, NewestRun.ANY_PROJECT), (5, 5), (6, 5), (7, 5), (9, 4), (10, NewestRun.ANY_PROJECT)]
    assert list(choice.without_result) == asked
