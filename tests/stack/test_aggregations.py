"""Aggregations from the POST to the result: their sums, outputs, filters and pages."""

import math
import uuid

import pytest
import requests

from benchmarks.shared import synthetic
from tests.stack.aggregations import (
    NORMAL,
    NUMBERS,
    OBSERVED,
    PREDICTED,
    Metered,
    aggregate,
    change,
    independent_sum,
    make_older,
)
from tests.stack.client import Api
from tests.stack.names import ABSENT

pytestmark = pytest.mark.usefixtures("store")


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


def test_a_mean_is_the_sum_divided_by_the_number_of_derivatives(api: Api, gas: list[Metered]) -> None:
    request = {"projects": [one.project for one in gas], "derivative_interpretation": NORMAL}
    summed, mean = aggregate(api, **request), aggregate(api, **request, aggregation_interpretation="MEAN")
    for name in NUMBERS:
        assert mean[name] == (summed[name] if name.endswith("_n") else summed[name] / 2)


def test_systematic_errors_are_added_separately_from_the_intervals(api: Api) -> None:
    portfolio = synthetic.write(1, 4)
    without, *others = portfolio.derivatives
    change(without, systematic_error=None)
    result = aggregate(api, projects=portfolio.projects)
    expected = math.fsum(derivative.systematic_error for derivative in others)
    assert (result["systematic_error"], result["systematic_error_n"]) == (expected, 3)
    listed = [api.get(f"derivatives/{id}/") for id in result["derivatives"]]
    assert {name: result[name] for name in independent_sum(listed)} == independent_sum(listed)
    mean = aggregate(api, projects=portfolio.projects, aggregation_interpretation="MEAN")
    assert (mean["systematic_error"], mean["systematic_error_n"]) == (expected / 4, 3)
    for derivative in others:
        change(derivative, systematic_error=None)
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
    make_older(derivative, "uncertainty", "systematic_error")
    shown = api.get(f"derivatives/{derivative.id}/")
    assert (shown["uncertainty"], shown["systematic_error"]) == ("guideline14", None)
    assert aggregate(api, projects=portfolio.projects)["uncertainty"] == ["guideline14"]


def test_a_derivative_with_an_incomplete_side_is_rejected(api: Api) -> None:
    portfolio = synthetic.write(1, 3)
    broken = portfolio.derivatives[1]
    change(broken, reporting_upper=None)
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
        change(derivative, baseline_value=None)
    run = api.ended(api.post("aggregation_runs/", {"projects": portfolio.projects})["id"], "aggregation_runs")
    assert (run["status"], run["aggregation_result"]) == ("FAILED", None)
    assert "None of the 2 derivatives has a value, half-width and n on both sides" in run["failure_message"]


def test_generation_saves_in_the_opposite_direction_and_its_missing_baseline_is_zero(api: Api) -> None:
    portfolio = synthetic.write(1, 2, "ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED")
    first, second = portfolio.derivatives
    change(first, **dict.fromkeys(("baseline_value", "baseline_lower", "baseline_upper", "baseline_n")))
    result = aggregate(api, projects=portfolio.projects)
    assert result["trace_interpretation"] == "E_OSG_U"
    assert result["baseline_value"] == second.baseline_value
    assert result["differential_direction"] == "REPORTING_MINUS_BASELINE"
    assert result["differential_value"] == result["reporting_value"] - result["baseline_value"]
    statuses = requests.get(result["aggregation_output"]).json()["status"]
    assert [row["baseline_status"] for row in statuses] == ["DEFAULT", "ACCEPTED"]


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
