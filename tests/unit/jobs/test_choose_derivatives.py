"""Runs that waited for their batch and whose derivatives cannot be aggregated."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aggregation.agreement import DisagreementError, check_methods
from chalicelib.jobs import choose_derivatives
from chalicelib.store.collections import projects, traces
from chalicelib.store.results import choosing
from chalicelib.store.results.choosing import Choice, Chosen, Draft, Selection, TooManyError
from chalicelib.store.runs import aggregation_runs, batches
from chalicelib.store.tables.results import Derivative
from chalicelib.store.tables.runs import AggregationRun
from chalicelib.vocabulary import Kind

KIND = Kind("NATURAL_GAS_CONSUMPTION_SUPPLIED", "gross_observed")


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Chooses derivatives of two methods for a run; returns the outcome: the kind chosen, or why it FAILED."""
    outcome: list[Any] = []
    draft = Draft()
    for method in ("regression", "guideline14"):
        draft.add(
            Derivative(
                id=1,
                meter_result=1,
                trace_interpretation=KIND.trace_interpretation,
                interpretation=KIND.derivative_interpretation,
                unit="THERM",
                uncertainty=method,
                eemeter_version="4.1.1",
            )
        )

    def choose(run: AggregationRun, chosen: Chosen) -> AggregationRun:
        outcome.append(chosen.kind)
        return run

    for module in (projects, traces):
        monkeypatch.setattr(module, "get_many", lambda ids: {})
    monkeypatch.setattr(batches, "is_being_deleted", lambda batch: False)
    monkeypatch.setattr(choosing, "choose", lambda *_: Choice(drafts={KIND: draft}))
    monkeypatch.setattr(aggregation_runs, "store_choice", choose)
    monkeypatch.setattr(aggregation_runs, "fail", lambda run, message: outcome.append(message))
    monkeypatch.setattr(aggregation_runs, "begin", lambda run: None)

    def handle(**asked: Any) -> list[Any]:
        run = AggregationRun(id=1, aggregation_interpretation="SUM", after_batch=1, derivatives=[1, 2], **asked)
        monkeypatch.setattr(aggregation_runs, "existing", lambda number: run)
        choose_derivatives.handle({"aggregation_run": 1})
        return outcome

    return handle


def test_different_methods_fail_the_run_with_the_message_of_the_error(handle: Callable[..., list[Any]]) -> None:
    with pytest.raises(DisagreementError) as refusal:
        check_methods({"regression": 1, "guideline14": 1}, mix=False)
    assert handle() == [str(refusal.value)]


def test_different_methods_are_mixed_if_the_request_allows_it(handle: Callable[..., list[Any]]) -> None:
    assert handle(mix_uncertainty=True) == [KIND]


def test_a_derivative_that_does_not_exist_fails_it(
    handle: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "choose", lambda *_: Choice(missing={7, 3}))
    assert handle() == ["These derivatives do not exist: 3, 7. Schedule the aggregation again without them."]


def test_too_many_derivatives_fail_it_with_what_to_do(
    handle: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose(selection: Selection, limit: int, new_rows: Any) -> Choice:
        raise TooManyError(f"The selection has 3,000,000 derivatives, and the limit is {limit:,}.")

    monkeypatch.setattr(choosing, "choose", choose)
    assert handle() == [
        "The selection has 3,000,000 derivatives, and the limit is 2,000,000. Schedule several smaller aggregations, "
        "each with one derivative_interpretation."
    ]
