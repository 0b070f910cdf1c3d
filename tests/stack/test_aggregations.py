"""Aggregations from the POST to the result: what is selected, what is refused, and the sums."""

import math
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import requests

from benchmarks.shared import synthetic
from chalicelib.api.resources.meter_results import EXAMPLE
from chalicelib.store.runs import claims, meter_runs, outcomes, queue
from chalicelib.store.shared import ids
from chalicelib.store.tables.results import Derivative
from chalicelib.vocabulary import SPREAD_NUMBERS
from tests.stack.client import Api

ABSENT = 999_999_999
NORMAL, PREDICTED, OBSERVED = "annualized_weather_normal", "gross_predicted", "gross_observed"
SIDES = ("baseline", "reporting")
NUMBERS = [f"{side}_{part}" for side in SIDES for part in ("value", "lower", "upper", "n")]

pytestmark = pytest.mark.usefixtures("store")


class Metered(NamedTuple):
    """A trace, its project, and the derivatives of its newest run by interpretation."""

    trace: int
    project: int
    derivatives: dict[str, dict[str, Any]]


def meter(api: Api, trace: int, **arguments: Any) -> Metered:
    run = api.succeeded(api.post("meter_runs/", {"trace": trace, **arguments})["id"])
    return Metered(trace, run["project"], api.derivatives(run))


@pytest.fixture(scope="module")
def gas(api: Api, make_trace: Callable[..., int]) -> list[Metered]:
    """Two gas meters."""
    return [meter(api, make_trace()) for _ in range(2)]


@pytest.fixture(scope="module")
def electricity(api: Api, make_trace: Callable[..., int]) -> Metered:
    """An electricity meter."""
    return meter(api, make_trace("il-electricity-cdd-only-billing_monthly"))


@pytest.fixture(scope="module")
def two_methods(store: None) -> list[int]:
    """Projects with simulated derivatives: two have intervals by regression and one by CalTRACK."""
    one, other = synthetic.write(1, 2), synthetic.write(1, 1, uncertainty="caltrack")
    return one.projects + other.projects


def aggregate(api: Api, **request: Any) -> dict[str, Any]:
    """The result of an aggregation."""
    return api.aggregated(api.post("aggregation_runs/", request)["id"])


def independent_sum(derivatives: list[dict[str, Any]]) -> dict[str, float]:
    """The sums that an evaluator's own script computes from the derivatives that the API returns."""
    found: dict[str, float] = {}
    for name in NUMBERS:
        column = [derivative[name] for derivative in derivatives]
        quadrature = name.endswith(("lower", "upper"))
        found[name] = math.sqrt(math.fsum(h**2 for h in column)) if quadrature else math.fsum(column)
    found["differential_value"] = found["baseline_value"] - found["reporting_value"]
    for end in ("lower", "upper"):
        found[f"differential_{end}"] = math.sqrt(found[f"baseline_{end}"] ** 2 + found[f"reporting_{end}"] ** 2)
    found["differential_n"] = found["baseline_n"] + found["reporting_n"]
    return found


def test_a_run_matches_the_request_and_its_input_can_be_read_immediately(api: Api, gas: list[Metered]) -> None:
    request = {"projects": [one.project for one in gas], "derivative_interpretation": NORMAL}
    run = api.post("aggregation_runs/", request)
    assert (run["status"], run["trace_interpretation"], run["aggregation_interpretation"]) == (
        "PENDING",
        "NG_C_S",
        "SUM",
    )
    given = requests.get(run["aggregation_input"])
    assert given.status_code == 200
    document = given.json()
    assert document["specification"]["projects"] == request["projects"]
    assert (document["unit"], document["trace_interpretation"]) == ("THERM", "NG_C_S")
    chosen = {pair["label"]: pair for pair in document["derivatives"]["derivative_pairs"]}
    shown = {one.derivatives[NORMAL]["id"]: one.derivatives[NORMAL] for one in gas}
    assert chosen.keys() == shown.keys()
    for id, pair in chosen.items():
        same = [*NUMBERS, "uncertainty", "systematic_error"]
        assert {name: pair[name] for name in same} == {name: shown[id][name] for name in same}
        assert (pair["project"], pair["trace"]) == (shown[id]["project"], shown[id]["trace"])
    api.aggregated(run["id"])


def test_the_result_equals_an_independent_sum_to_the_last_bit(api: Api, gas: list[Metered]) -> None:
    result = aggregate(api, projects=[one.project for one in gas], derivative_interpretation=PREDICTED)
    listed = [api.get(f"derivatives/{id}/") for id in result["derivatives"]]
    assert {name: result[name] for name in independent_sum(listed)} == independent_sum(listed)
    assert result["differential_direction"] == "BASELINE_MINUS_REPORTING"
    assert (result["eemeter_version"], result["datastore_version"]) == ("4.1.1", "0.1.0")


def test_the_output_lists_the_status_of_each_derivative(api: Api, gas: list[Metered]) -> None:
    result = aggregate(api, traces=[one.trace for one in gas], derivative_interpretation=NORMAL)
    output = requests.get(result["aggregation_output"]).json()
    assert output["aggregated"] == {name: result[name] for name in output["aggregated"]}
    assert len(output["aggregated"]) == 15
    assert (output["accepted"], output["uncertainty"]) == (2, result["uncertainty"])
    of_derivative = {one.derivatives[NORMAL]["id"]: one.derivatives[NORMAL] for one in gas}
    assert output["status"] == [
        {
            "derivative": id,
            "baseline_status": "ACCEPTED",
            "reporting_status": "ACCEPTED",
            "uncertainty": of_derivative[id]["uncertainty"],
            "systematic_error": of_derivative[id]["systematic_error"],
        }
        for id in result["derivatives"]
    ]


def test_a_union_counts_each_derivative_once(api: Api, gas: list[Metered]) -> None:
    one, other = gas
    once = aggregate(api, traces=[one.trace, other.trace], derivative_interpretation=NORMAL)
    ids_of = [derivative["id"] for derivative in one.derivatives.values()]
    again = aggregate(
        api,
        projects=[other.project, one.project, one.project],
        traces=[one.trace, other.trace],
        derivatives=ids_of,
        derivative_interpretation=NORMAL,
    )
    same = set(once) - {"id", "aggregation_run", "aggregation_output", "added", "updated"}
    assert {name: again[name] for name in same} == {name: once[name] for name in same}


def test_the_newest_successful_run_of_a_trace_is_used(api: Api, make_trace: Callable[..., int]) -> None:
    trace = make_trace()
    first = meter(api, trace)
    newer = meter(api, trace, formatter_kwargs={"ignore_sufficiency": True})
    assert api.ended(api.post("meter_runs/", {"trace": trace, "model_class": "None"})["id"])["status"] == "FAILED"
    assert first.derivatives[NORMAL]["id"] < newer.derivatives[NORMAL]["id"]
    for sources in ({"traces": [trace]}, {"projects": [first.project]}):
        result = aggregate(api, derivative_interpretation=NORMAL, **sources)
        assert result["derivatives"] == [newer.derivatives[NORMAL]["id"]]


def test_a_project_only_uses_the_runs_that_were_for_it(api: Api, make_trace: Callable[..., int]) -> None:
    own = meter(api, make_trace())
    other = meter(api, make_trace())
    api.call("PATCH", f"traces/{own.trace}/", json={"projects": [own.project, other.project]})
    shared = meter(api, own.trace, project=other.project)

    def sources(**request: Any) -> list[int]:
        return list(aggregate(api, derivative_interpretation=NORMAL, **request)["derivatives"])

    own_id, other_id, shared_id = (one.derivatives[NORMAL]["id"] for one in (own, other, shared))
    assert sources(projects=[own.project]) == [own_id]
    assert sources(projects=[other.project]) == [other_id, shared_id]
    assert sources(projects=[own.project, other.project]) == [own_id, other_id, shared_id]
    assert sources(traces=[own.trace]) == [shared_id]


def test_an_older_run_that_ends_late_does_not_become_the_newest(
    api: Api, make_trace: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = make_trace()
    project = api.get(f"traces/{trace}/")["projects"][0]
    with monkeypatch.context() as patch:
        patch.setattr(queue, "send", lambda ids: None)
        slow = meter_runs.schedule(meter_runs.RunSpec(project=project, trace=trace))
    claimed = claims.claim(slow.id)
    assert claimed is not None
    newer = meter(api, trace)
    text = ("model_class", "formatter_class", "eemeter_version", "datastore_version", "weather_station")
    outcome: dict[str, Any] = dict.fromkeys((*text, "weather_normal_station"), "1")
    outcome |= {"models": EXAMPLE["models"], "model_kwargs": {}, "formatter_kwargs": {}, "uncertainty": "regression"}
    outcome["reporting_window"] = "first_year"
    numbers = dict.fromkeys((*NUMBERS, *SPREAD_NUMBERS), 1)
    outcome["derivatives"] = [{"interpretation": NORMAL, "unit": "THERM", **numbers}]
    assert outcomes.succeed(claimed, outcome, "NATURAL_GAS_CONSUMPTION_SUPPLIED")
    for sources in ({"traces": [trace]}, {"projects": [project]}):
        result = aggregate(api, derivative_interpretation=NORMAL, **sources)
        assert result["derivatives"] == [newer.derivatives[NORMAL]["id"]]


class TestRefusals:
    @pytest.mark.parametrize(
        ("request_", "pointers", "message"),
        [
            ({}, [""], "projects, traces, derivatives or a group"),
            ({"projects": []}, [""], "projects, traces, derivatives or a group"),
            ({"projects": [ABSENT]}, ["/projects/0"], "no project"),
            ({"traces": [ABSENT, ABSENT + 1]}, ["/traces/0", "/traces/1"], "no trace"),
            ({"derivatives": [ABSENT]}, ["/derivatives/0"], "no derivative"),
            ({"group": ABSENT}, ["/group"], "no trace group"),
            ({"derivatives": [1], "after_batch": ABSENT}, ["/after_batch"], "no batch"),
            ({"projects": ["x"]}, ["/projects/0"], "projects/?project_id=x"),
            ({"projects": 7}, ["/projects"], "list"),
            ({"projects": [1], "aggregation_interpretation": "MEDIAN"}, ["/aggregation_interpretation"], "or 'MEAN'"),
            ({"projects": [1], "derivative_interpretation": "x"}, ["/derivative_interpretation"], "gross_observed"),
            ({"projects": [1], "trace_interpretation": "x"}, ["/trace_interpretation"], "E_C_S"),
            ({"projects": [1], "trace_interpretations": ["E_C_S"]}, ["/trace_interpretations"], "did you mean"),
        ],
        ids=str,
    )  # fmt: skip
    def test_an_invalid_field_is_reported(
        self, api: Api, gas: list[Metered], request_: dict[str, Any], pointers: list[str], message: str
    ) -> None:
        before = ids.last("aggregation_runs")
        problem = api.refused("POST", "aggregation_runs/", 400, json=request_)
        assert [error["pointer"] for error in problem["errors"]] == pointers
        assert message in problem["errors"][0]["detail"]
        assert ids.last("aggregation_runs") == before

    def test_interpretations_that_do_not_agree_are_listed(
        self, api: Api, gas: list[Metered], electricity: Metered
    ) -> None:
        projects = [electricity.project, *(one.project for one in gas)]
        problem = api.refused("POST", "aggregation_runs/", 400, json={"projects": projects})
        by_field = {error["pointer"]: error["detail"] for error in problem["errors"]}
        assert "E_C_S (3) and NG_C_S (6)" in by_field["/trace_interpretation"]
        assert f"{NORMAL} (3), {OBSERVED} (3) and {PREDICTED} (3)" in by_field["/derivative_interpretation"]

    def test_an_interpretation_is_implied_when_all_agree(self, api: Api, gas: list[Metered]) -> None:
        named = [one.derivatives[OBSERVED]["id"] for one in gas]
        run = api.post("aggregation_runs/", {"derivatives": named})
        assert (run["trace_interpretation"], run["derivative_interpretation"]) == ("NG_C_S", OBSERVED)

    def test_if_nothing_matches_the_message_lists_what_exists(self, api: Api, gas: list[Metered]) -> None:
        request = {"traces": [gas[0].trace], "trace_interpretation": "E_C_S"}
        detail = api.refused("POST", "aggregation_runs/", 400, json=request)["detail"]
        assert f"NG_C_S {PREDICTED} (1)" in detail
        project = api.post("projects/", {"project_id": uuid.uuid4().hex})["id"]
        detail = api.refused("POST", "aggregation_runs/", 400, json={"projects": [project]})["detail"]
        assert "successful meter run" in detail

    def test_mixed_units_are_refused(self, api: Api) -> None:
        one, other = synthetic.write(1, 1), synthetic.write(1, 1, unit="THERM")
        problem = api.refused("POST", "aggregation_runs/", 400, json={"projects": one.projects + other.projects})
        assert "KWH (1) and THERM (1)" in problem["detail"]

    def test_mixed_methods_are_refused_with_both_remedies(self, api: Api, two_methods: list[int]) -> None:
        problem = api.refused("POST", "aggregation_runs/", 400, json={"projects": two_methods})
        assert [error["pointer"] for error in problem["errors"]] == ["/mix_uncertainty"]
        for message in ("caltrack (1) and regression (2)", "one `uncertainty`", '"mix_uncertainty": true'):
            assert message in problem["detail"]
        targets = [{"projects": two_methods, "mix_uncertainty": True}, {"projects": two_methods}]
        problem = api.refused("POST", "aggregation_runs/bulk/", 400, json={"targets": targets})
        assert [error["pointer"] for error in problem["errors"]] == ["/targets/1/mix_uncertainty"]


def test_a_mean_is_the_sum_divided_by_the_number_of_derivatives(api: Api, gas: list[Metered]) -> None:
    request = {"projects": [one.project for one in gas], "derivative_interpretation": NORMAL}
    summed, mean = aggregate(api, **request), aggregate(api, **request, aggregation_interpretation="MEAN")
    for name in NUMBERS:
        assert mean[name] == (summed[name] if name.endswith("_n") else summed[name] / 2)


def test_systematic_errors_are_added_separately_from_the_intervals(api: Api) -> None:
    portfolio = synthetic.write(1, 4)
    without, *others = portfolio.derivatives
    without.update(actions=[Derivative.systematic_error.remove()])
    result = aggregate(api, projects=portfolio.projects)
    expected = math.fsum(derivative.systematic_error for derivative in others)
    assert (result["systematic_error"], result["systematic_error_n"]) == (expected, 3)
    listed = [api.get(f"derivatives/{id}/") for id in result["derivatives"]]
    assert {name: result[name] for name in independent_sum(listed)} == independent_sum(listed)
    mean = aggregate(api, projects=portfolio.projects, aggregation_interpretation="MEAN")
    assert (mean["systematic_error"], mean["systematic_error_n"]) == (expected / 4, 3)
    for derivative in others:
        derivative.update(actions=[Derivative.systematic_error.remove()])
    unknown = aggregate(api, projects=portfolio.projects)
    assert (unknown["systematic_error"], unknown["systematic_error_n"]) == (None, 0)


def test_methods_are_mixed_on_request_and_the_result_lists_them(api: Api, two_methods: list[int]) -> None:
    run = api.post("aggregation_runs/", {"projects": two_methods, "mix_uncertainty": True})
    assert run["mix_uncertainty"] is True
    assert requests.get(run["aggregation_input"]).json()["specification"]["mix_uncertainty"] is True
    result = api.aggregated(run["id"])
    assert result["uncertainty"] == ["caltrack", "regression"]
    output = requests.get(result["aggregation_output"]).json()
    assert sorted(row["uncertainty"] for row in output["status"]) == ["caltrack", "regression", "regression"]
    ((only,),) = api.post("aggregation_runs/bulk/", {"targets": [{"projects": two_methods[:1]}]})
    assert (only["mix_uncertainty"], api.aggregated(only["id"])["uncertainty"]) == (False, ["regression"])


def test_an_item_older_than_the_method_attribute_has_guideline_14(api: Api) -> None:
    portfolio = synthetic.write(1, 1)
    (derivative,) = portfolio.derivatives
    derivative.update(actions=[Derivative.uncertainty.remove(), Derivative.systematic_error.remove()])
    shown = api.get(f"derivatives/{derivative.id}/")
    assert (shown["uncertainty"], shown["systematic_error"]) == ("guideline14", None)
    assert aggregate(api, projects=portfolio.projects)["uncertainty"] == ["guideline14"]


def test_a_group_uses_its_traces_for_their_projects(api: Api, gas: list[Metered], electricity: Metered) -> None:
    names = [api.get(f"traces/{one.trace}/")["trace_id"] for one in (*gas, electricity)]
    group = {"name": "three meters", "filter_specification": {"target": "trace_id", "comparison": "in", "value": names}}
    id = api.post("trace_groups/", group)["id"]
    run = api.post(
        "aggregation_runs/", {"group": id, "trace_interpretation": "NG_C_S", "derivative_interpretation": NORMAL}
    )
    assert run["group"] == id
    assert api.aggregated(run["id"])["derivatives"] == [one.derivatives[NORMAL]["id"] for one in gas]
    target = {"group": id, "derivative_interpretations": [NORMAL]}
    ((first, second),) = api.post("aggregation_runs/bulk/", {"targets": [target]})
    assert (first["trace_interpretation"], second["trace_interpretation"]) == ("E_C_S", "NG_C_S")
    assert api.aggregated(first["id"])["derivatives"] == [electricity.derivatives[NORMAL]["id"]]


def test_a_group_that_no_trace_matches_is_reported(api: Api, gas: list[Metered]) -> None:
    specification = {"target": "project_metadata|feul", "comparison": "==", "value": "gas"}
    id = api.post("trace_groups/", {"name": "mistyped", "filter_specification": specification})["id"]
    problem = api.refused("POST", "aggregation_runs/", 400, json={"projects": [gas[0].project], "group": id})
    assert [error["pointer"] for error in problem["errors"]] == ["/group"]
    assert "No trace matches" in problem["detail"]


def test_traces_without_a_result_are_listed_in_the_input(api: Api, make_trace: Callable[..., int]) -> None:
    never_run = make_trace()
    one = meter(api, make_trace())
    request = {"traces": [one.trace, never_run], "derivative_interpretation": NORMAL}
    run = api.post("aggregation_runs/", request)
    without = requests.get(run["aggregation_input"]).json()["without_result"]
    assert without == [{"project": None, "trace": never_run}]
    assert api.aggregated(run["id"])["derivatives"] == [one.derivatives[NORMAL]["id"]]


def test_a_derivative_with_an_incomplete_side_is_rejected(api: Api) -> None:
    portfolio = synthetic.write(1, 3)
    broken = portfolio.derivatives[1]
    broken.update(actions=[Derivative.reporting_upper.remove()])
    result = aggregate(api, projects=portfolio.projects)
    assert len(result["derivatives"]) == 3
    statuses = {row["derivative"]: row for row in requests.get(result["aggregation_output"]).json()["status"]}
    assert [id for id, row in statuses.items() if row["baseline_status"] == "REJECTED"] == [broken.id]
    assert statuses[broken.id]["reporting_status"] == "REJECTED"
    whole = [api.get(f"derivatives/{id}/") for id in result["derivatives"] if id != broken.id]
    assert {name: result[name] for name in independent_sum(whole)} == independent_sum(whole)


def test_a_run_with_only_rejected_derivatives_fails(api: Api) -> None:
    portfolio = synthetic.write(1, 2)
    for derivative in portfolio.derivatives:
        derivative.update(actions=[Derivative.baseline_value.remove()])
    run = api.ended(api.post("aggregation_runs/", {"projects": portfolio.projects})["id"], "aggregation_runs")
    assert (run["status"], run["aggregation_result"]) == ("FAILED", None)
    assert "None of the 2 derivatives has both" in run["failure_message"]


def test_generation_saves_in_the_opposite_direction_and_its_missing_baseline_is_zero(api: Api) -> None:
    portfolio = synthetic.write(1, 2, "ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED")
    first, second = portfolio.derivatives
    for part in ("value", "lower", "upper", "n"):
        first.update(actions=[getattr(Derivative, f"baseline_{part}").remove()])
    result = aggregate(api, projects=portfolio.projects)
    assert result["trace_interpretation"] == "E_OSG_U"
    assert result["baseline_value"] == second.baseline_value
    assert result["differential_direction"] == "REPORTING_MINUS_BASELINE"
    assert result["differential_value"] == result["reporting_value"] - result["baseline_value"]
    statuses = requests.get(result["aggregation_output"]).json()["status"]
    assert [row["baseline_status"] for row in statuses] == ["DEFAULT", "ACCEPTED"]


class TestBulk:
    def test_every_existing_combination_gets_a_run(self, api: Api, gas: list[Metered], electricity: Metered) -> None:
        targets = [
            {"projects": [gas[0].project, electricity.project]},
            {"traces": [gas[1].trace], "derivative_interpretations": [PREDICTED, NORMAL]},
            {"projects": [gas[0].project], "trace_interpretations": ["E_C_S"]},
            {"traces": [electricity.trace], "derivatives": [gas[0].derivatives[NORMAL]["id"]],
             "trace_interpretations": ["NATURAL_GAS_CONSUMPTION_SUPPLIED"], "aggregation_interpretation": "MEAN"},
        ]  # fmt: skip
        groups = api.post("aggregation_runs/bulk/", {"targets": targets})
        shown = [[(run["trace_interpretation"], run["derivative_interpretation"]) for run in group] for group in groups]
        assert shown == [
            [(code, name) for code in ("E_C_S", "NG_C_S") for name in (NORMAL, PREDICTED, OBSERVED)],
            [("NG_C_S", NORMAL), ("NG_C_S", PREDICTED)],
            [],
            [("NG_C_S", NORMAL)],
        ]
        every = [run["id"] for group in groups for run in group]
        assert every == list(range(every[0], every[0] + 9))
        results = [api.aggregated(id) for id in every]
        assert [result["aggregation_interpretation"] for result in results] == ["SUM"] * 8 + ["MEAN"]
        assert results[0]["derivatives"] == [electricity.derivatives[NORMAL]["id"]]

    def test_an_invalid_field_is_reported(self, api: Api, gas: list[Metered]) -> None:
        targets = [{"projects": [gas[0].project]}, {}, {"traces": [gas[0].trace, ABSENT]}, {"derivatives": [ABSENT]}]
        problem = api.refused("POST", "aggregation_runs/bulk/", 400, json={"targets": targets})
        assert [error["pointer"] for error in problem["errors"]] == ["/targets/1", "/targets/2/traces/1"]
        problem = api.refused("POST", "aggregation_runs/bulk/", 400, json={"targets": targets[3:]})
        assert [error["pointer"] for error in problem["errors"]] == ["/targets/0/derivatives/0"]

    def test_targets_without_any_derivative_are_refused(self, api: Api, gas: list[Metered]) -> None:
        targets = [{"projects": [gas[0].project], "trace_interpretations": ["E_C_S"]}]
        problem = api.refused("POST", "aggregation_runs/bulk/", 400, json={"targets": targets})
        assert [error["pointer"] for error in problem["errors"]] == ["/targets"]
        assert f"NG_C_S {NORMAL} (1)" in problem["detail"]

    def test_more_runs_than_the_limit_of_a_request_are_refused(self, api: Api, gas: list[Metered]) -> None:
        targets = [{"traces": [gas[0].trace]}] * 70
        problem = api.refused("POST", "aggregation_runs/bulk/", 400, json={"targets": targets})
        assert "more than 200 runs" in problem["detail"]


def test_runs_and_results_are_filtered_and_paged(api: Api, gas: list[Metered]) -> None:
    requested = [
        {"traces": [gas[0].trace], "derivative_interpretation": name} for name in (NORMAL, PREDICTED, OBSERVED)
    ]
    scheduled = [api.post("aggregation_runs/", request)["id"] for request in requested]
    results = [api.aggregated(id) for id in scheduled]
    after = scheduled[0] - 1
    for resource, items in (("aggregation_runs", scheduled), ("aggregation_results", [one["id"] for one in results])):
        pages = api.pages(f"{resource}/", after=after, limit=2)
        assert [item["id"] for page in pages for item in page][:3] == items
        assert len(pages[0]) == 2
    listed = api.get("aggregation_results/", aggregation_run=scheduled[1])
    assert [one | {"aggregation_output": ""} for one in listed] == [results[1] | {"aggregation_output": ""}]
    for filters, found in (
        ({"derivative_interpretation": OBSERVED}, [2]),
        ({"trace_interpretation": "NG_C_S"}, [0, 1, 2]),
        ({"trace_interpretation": "NATURAL_GAS_CONSUMPTION_SUPPLIED", "derivative_interpretation": NORMAL}, [0]),
        ({"trace_interpretation": "E_C_S"}, []),
        ({"aggregation_interpretation": "MEAN"}, []),
    ):
        page = api.get("aggregation_results/", after=after, limit=3, **filters)
        mine = [one["id"] for one in page if one["aggregation_run"] in scheduled]
        assert mine == [results[index]["id"] for index in found], filters
    assert scheduled[0] in [run["id"] for run in api.get("aggregation_runs/", status="SUCCESS", after=after)]
    assert scheduled[0] not in [run["id"] for run in api.get("aggregation_runs/", status="FAILED", after=after)]
    assert api.get("aggregation_results/", aggregation_run=ABSENT) == []


def test_the_same_idempotency_key_schedules_once(api: Api, gas: list[Metered]) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    request = {"traces": [gas[0].trace], "derivative_interpretation": NORMAL}
    first, again = (api.call("POST", "aggregation_runs/", json=request, headers=headers) for _ in range(2))
    assert (again.status_code, again.content) == (first.status_code, first.content)
