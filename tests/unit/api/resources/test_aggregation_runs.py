"""aggregation_runs/: intervals of different methods are only added up if the request says so."""

import pytest

from chalicelib.api.rules import aggregation_choices
from chalicelib.api.shared import examples
from chalicelib.deadline import DeadlineExceededError
from chalicelib.store.results import choosing
from chalicelib.store.results.choosing import Choice, Chosen, Draft, Selection, TooManyError
from chalicelib.store.runs import aggregation_runs
from chalicelib.store.runs.aggregation_inputs import AggregationSpec
from chalicelib.store.tables.results import Derivative
from chalicelib.store.tables.runs import AggregationRun
from chalicelib.vocabulary import Kind
from tests.unit.api.conftest import Api

ELECTRICITY, GAS = "ELECTRICITY_CONSUMPTION_SUPPLIED", "NATURAL_GAS_CONSUMPTION_SUPPLIED"
NORMAL = "annualized_weather_normal"
METHODS = {(1, ELECTRICITY): ["regression", "caltrack", "regression"], (2, GAS): ["caltrack"]}  # by project
BOTH_REMEDIES = ("caltrack (1) and regression (2)", "run the meters again with one `uncertainty`", "mix_uncertainty")


def choose(selection: Selection, limit: int) -> Choice:
    choice = Choice()
    for (project, trace), methods in METHODS.items():
        for method in methods if project in selection.projects else ():
            derivative = Derivative(
                id=1,
                meter_result=1,
                trace_interpretation=trace,
                interpretation=NORMAL,
                unit="KWH",
                uncertainty=method,
                eemeter_version="4.1.1",
            )
            choice.drafts.setdefault(Kind(trace, NORMAL), Draft()).add(derivative)
    return choice


@pytest.fixture
def scheduled(monkeypatch: pytest.MonkeyPatch) -> list[AggregationSpec]:
    """The runs that are scheduled."""
    specs: list[AggregationSpec] = []

    def schedule(spec: AggregationSpec, chosen: Chosen | None) -> AggregationRun:
        specs.append(spec)
        run = aggregation_runs._new(len(specs), spec)
        run.aggregation_input = "input"
        if chosen:
            run.trace_interpretation, run.derivative_interpretation = chosen.kind
        return run

    def schedule_many(groups: aggregation_runs.Groups) -> list[list[AggregationRun]]:
        return [[schedule(*wanted) for wanted in group] for group in groups]

    monkeypatch.setattr(choosing, "choose", choose)
    monkeypatch.setattr(aggregation_runs, "schedule", schedule)
    monkeypatch.setattr(aggregation_runs, "schedule_many", schedule_many)
    return specs


def test_different_methods_are_refused_with_both_remedies(portfolio: Api, scheduled: list[AggregationSpec]) -> None:
    response = portfolio("POST", "aggregation_runs/", {"projects": [1]})
    assert (response.status, response.pointers) == (400, ["/mix_uncertainty"])
    for message in BOTH_REMEDIES:
        assert message in response.json["detail"]
    assert not scheduled


def test_methods_are_mixed_on_request_and_the_run_shows_it(portfolio: Api, scheduled: list[AggregationSpec]) -> None:
    response = portfolio("POST", "aggregation_runs/", {"projects": [1], "mix_uncertainty": True})
    assert (response.status, response.json["mix_uncertainty"]) == (201, True)
    assert [spec.mix_uncertainty for spec in scheduled] == [True]
    assert list(response.json) == list(examples.AGGREGATION_RUN)
    one_method = portfolio("POST", "aggregation_runs/", {"projects": [2]})
    assert (one_method.status, one_method.json["mix_uncertainty"]) == (201, False)


def test_each_target_of_a_bulk_request_has_its_own_setting(portfolio: Api, scheduled: list[AggregationSpec]) -> None:
    targets = [{"projects": [2]}, {"projects": [1, 2], "mix_uncertainty": True}, {"projects": [1]}]
    response = portfolio("POST", "aggregation_runs/bulk/", {"targets": targets})
    assert (response.status, response.pointers) == (400, ["/targets/2/mix_uncertainty"])
    assert not scheduled
    response = portfolio("POST", "aggregation_runs/bulk/", {"targets": targets[:2]})
    shown = [[(run["trace_interpretation"], run["mix_uncertainty"]) for run in group] for group in response.json]
    assert shown == [[("NG_C_S", False)], [("E_C_S", True), ("NG_C_S", True)]]


def test_methods_may_differ_between_kinds_that_are_not_added_to_each_other(
    portfolio: Api, scheduled: list[AggregationSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METHODS, (1, ELECTRICITY), ["regression"])
    response = portfolio("POST", "aggregation_runs/bulk/", {"targets": [{"projects": [1, 2]}]})
    assert [run["trace_interpretation"] for run in response.json[0]] == ["E_C_S", "NG_C_S"]


@pytest.mark.parametrize("value", [1, "true", None])
def test_mix_uncertainty_is_true_or_false(portfolio: Api, scheduled: list[AggregationSpec], value: object) -> None:
    response = portfolio("POST", "aggregation_runs/", {"projects": [2], "mix_uncertainty": value})
    assert (response.status, response.pointers) == (400, ["/mix_uncertainty"])


def test_a_choice_that_takes_too_long_is_left_to_the_run(
    portfolio: Api, scheduled: list[AggregationSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose_for_long(selection: Selection, limit: int) -> Choice:
        raise DeadlineExceededError

    monkeypatch.setattr(choosing, "choose", choose_for_long)
    answer = portfolio("POST", "aggregation_runs/", {"projects": [1]})
    assert answer.status == 201
    assert (answer.json["status"], answer.json["trace_interpretation"]) == ("PENDING", None)
    assert [spec.after_batch for spec in scheduled] == [None]


@pytest.fixture
def too_many(scheduled: list[AggregationSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    def choose_too_many(selection: Selection, limit: int) -> Choice:
        raise TooManyError(f"The selection has more than {limit:,} traces.")

    monkeypatch.setattr(choosing, "choose", choose_too_many)


@pytest.mark.usefixtures("too_many")
def test_a_choice_of_many_derivatives_is_left_to_the_run(portfolio: Api, scheduled: list[AggregationSpec]) -> None:
    answer = portfolio("POST", "aggregation_runs/", {"projects": [1]})
    assert answer.status == 201
    assert (answer.json["status"], answer.json["trace_interpretation"]) == ("PENDING", None)


@pytest.mark.usefixtures("too_many")
def test_a_bulk_request_for_many_derivatives_is_told_to_schedule_single_runs(
    portfolio: Api, scheduled: list[AggregationSpec]
) -> None:
    answer = portfolio("POST", "aggregation_runs/bulk/", {"targets": [{"projects": [1]}]})
    assert (answer.status, answer.pointers) == (400, ["/targets/0"])
    assert "more than 10,000 traces. Split the target, or schedule it as a single" in answer.json["detail"]
    assert scheduled == []


def test_a_group_is_not_searched_among_many_traces(
    portfolio: Api, scheduled: list[AggregationSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"name": "all", "filter_specification": {"target": "trace_id", "comparison": "!=", "value": ""}}
    group = portfolio("POST", "trace_groups/", body).json["id"]
    monkeypatch.setattr(aggregation_choices, "MAX_SEARCHED", 3)
    assert portfolio("POST", "aggregation_runs/", {"group": group}).status == 201
    refused = portfolio("POST", "aggregation_runs/bulk/", {"targets": [{"group": group}]})
    assert (refused.status, refused.pointers) == (400, ["/targets"])
    assert "4 traces; the limit is 3. Split the target, or schedule it as a single" in refused.json["detail"]


def test_a_bulk_request_cannot_leave_it_to_its_runs(
    portfolio: Api, scheduled: list[AggregationSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose_for_long(selection: Selection, limit: int) -> Choice:
        raise DeadlineExceededError

    monkeypatch.setattr(choosing, "choose", choose_for_long)
    answer = portfolio("POST", "aggregation_runs/bulk/", {"targets": [{"projects": [1]}]})
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert scheduled == []


def test_a_bulk_request_reads_each_distinct_selection_once(
    portfolio: Api, scheduled: list[AggregationSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Selection] = []
    monkeypatch.setattr(choosing, "choose", lambda selection, limit: read.append(selection) or choose(selection, limit))  # type: ignore[func-returns-value]
    one, other = {"projects": [2]}, {"projects": [2], "trace_interpretations": ["NG_C_S"]}
    targets = [one, other, {**one, "aggregation_interpretation": "MEAN"}, one]
    answer = portfolio("POST", "aggregation_runs/bulk/", {"targets": targets})
    assert answer.status == 201
    assert [run["aggregation_interpretation"] for (run,) in answer.json] == ["SUM", "SUM", "MEAN", "SUM"]
    assert [selection.trace_interpretations for selection in read] == [(), [GAS]]


def test_a_bulk_request_has_at_most_200_targets(portfolio: Api, scheduled: list[AggregationSpec]) -> None:
    assert portfolio("POST", "aggregation_runs/bulk/", {"targets": [{"projects": [2]}] * 200}).status == 201
    refused = portfolio("POST", "aggregation_runs/bulk/", {"targets": [{"projects": [2]}] * 201})
    assert (refused.status, refused.pointers) == (400, ["/targets"])
