from collections.abc import Iterable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.results import derivatives
from chalicelib.store.results.derivatives import DERIVATIVES_PER_RUN, derivative_ids
from chalicelib.store.shared import lean, pages
from chalicelib.store.tables.results import Derivative, MeterResult
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS


@given(st.integers(1, 10**9))
def test_derivative_ids_are_consecutive_over_runs(run: int) -> None:
    assert len(derivative_ids(run)) == DERIVATIVES_PER_RUN
    assert derivative_ids(run).stop == derivative_ids(run + 1).start


def test_derivative_ids_start_at_1() -> None:
    assert derivative_ids(1).start == 1


def test_a_stream_has_the_derivatives_that_models_have(monkeypatch: pytest.MonkeyPatch) -> None:
    own: dict[str, list[Any]] = {
        name: [[name, "KWH", *map(float, range(8)), "regression", None, [1.0] * 8]]
        for name in DERIVATIVE_INTERPRETATIONS
    }
    shared: dict[str, Any] = {"trace": 5, "project": 6, "trace_interpretation": "E", "eemeter_version": "4.1.1"}
    results = {
        1: MeterResult(id=1, derivatives=own["gross_observed"] + own["gross_predicted"], **shared),
        2: MeterResult(id=2, **shared),  # of an earlier version
        4: MeterResult(id=4, derivatives=[own["gross_predicted"][0][:10]], **shared),  # no uncertainty and later ones
    }
    older = {
        5: Derivative(id=5, meter_result=2, interpretation="gross_predicted", unit="KWH", baseline_value=3.5, **shared)
    }
    tables: dict[Any, Any] = {MeterResult: results, Derivative: older}

    def batch_get(model: Any, keys: Iterable[int], names: Sequence[str]) -> Iterator[Any]:
        found = (tables[model][key] for key in keys if key in tables[model])
        return (SimpleNamespace(**{name: getattr(one, name) for name in names}) for one in found)

    monkeypatch.setattr(lean, "batch_get", batch_get)
    monkeypatch.setattr(
        pages, "get_many", lambda model, ids: {id: tables[model][id] for id in set(ids) if id in tables[model]}
    )
    wanted = [1, 2, 3, 5, 8, 10, 11]
    streamed = list(derivatives.stream(wanted))
    models = derivatives.get_many(wanted)
    assert [one.id for one in streamed] == sorted(models) == [2, 3, 5, 11]
    for one in streamed:
        for name in derivatives.SUMMED:
            assert getattr(one, name) == getattr(models[one.id], name), name
