"""Meter runs from the POST to the derivatives, including failures of data and model."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from chalicelib.vocabulary import UNCERTAINTY_METHODS
from infra.local import portfolio
from infra.local.stack import LocalStack
from tests.stack.client import Api
from tests.stack.conftest import SAMPLE

INTERPRETATIONS = {"annualized_weather_normal", "gross_predicted", "gross_observed"}
NUMBERS = [f"{side}_{part}" for side in ("baseline", "reporting") for part in ("value", "lower", "upper", "n")]


def numbers(derivatives: dict[str, dict[str, Any]]) -> dict[str, list[float | None]]:
    return {name: [derivative[key] for key in NUMBERS] for name, derivative in derivatives.items()}


@pytest.fixture(scope="module")
def run(api: Api, trace: int) -> dict[str, Any]:
    """A run that succeeded."""
    scheduled = api.post("meter_runs/", {"trace": trace})
    assert scheduled["status"] == "PENDING"
    return api.succeeded(scheduled["id"])


def test_a_run_ends_with_its_result_and_derivatives(api: Api, run: dict[str, Any], trace: int) -> None:
    result = api.get(f"meter_results/{run['meter_result']}/")
    assert (result["trace"], result["project"], result["meter_run"]) == (trace, run["project"], run["id"])
    assert result["model_class"] == "CaltrackBillingModel"
    assert (run["uncertainty"], result["uncertainty"]) == (None, "regression")
    assert result["weather_station"] == portfolio.STATION
    for model in result["models"].values():
        assert model["cvrmse"] > 0
        assert model["n"] >= 9  # bills
    derivatives = api.derivatives(run)
    assert set(derivatives) == INTERPRETATIONS
    for derivative in derivatives.values():
        assert derivative["unit"] == "THERM"
        assert derivative["baseline_value"] > derivative["reporting_value"] > 0
        assert derivative["trace_interpretation"] == "NATURAL_GAS_CONSUMPTION_SUPPLIED"
        assert derivative["uncertainty"] == "regression"
        assert derivative["baseline_standard_error"] > 0
        assert derivative["baseline_degrees_of_freedom"] > 0


def test_input_and_output_can_be_read_without_a_token(api: Api, run: dict[str, Any]) -> None:
    result = api.get(f"meter_results/{run['meter_result']}/")
    meter_input, meter_output = (requests.get(url).json() for url in (run["meter_input"], result["meter_output"]))
    assert len(meter_input["trace"]["records"]) > 20
    assert len(meter_input["weather_normal"]["records"]) == 8760
    assert meter_input["uncertainty"] is None
    assert (meter_output["model_class"], meter_output["uncertainty"]) == ("CaltrackBillingModel", "regression")


@pytest.mark.parametrize("form", ["object", "string", "url"])
def test_posting_the_input_back_gives_the_same_result_to_the_last_bit(api: Api, run: dict[str, Any], form: str) -> None:
    document = requests.get(run["meter_input"]).json()
    body = {"object": document, "string": json.dumps(document), "url": run["meter_input"]}[form]
    again = api.succeeded(api.post("meter_runs/", {"meter_input": body})["id"])
    assert (again["project"], again["trace"]) == (None, None)
    assert numbers(api.derivatives(again)) == numbers(api.derivatives(run))


def test_an_input_without_weather_is_completed_from_the_store(api: Api, weather: None) -> None:
    document = portfolio.meter_input(SAMPLE)
    del document["weather"], document["weather_normal"]
    document["project"]["zipcode"] = "62707"
    run = api.ended(api.post("meter_runs/", {"meter_input": document})["id"])
    completed = requests.get(run["meter_input"]).json() if run["status"] == "SUCCESS" else None
    # The TMY3 station matched to the ZIP code may differ from the sample's, and then its normal year is missing.
    assert completed or "normal temperatures" in run["failure_message"]


@pytest.mark.parametrize("method", UNCERTAINTY_METHODS)
def test_a_run_has_the_requested_intervals(api: Api, run: dict[str, Any], trace: int, method: str) -> None:
    requested = api.post("meter_runs/", {"trace": trace, "uncertainty": method})
    assert requested["uncertainty"] == method
    ended = api.succeeded(requested["id"])
    assert ended["uncertainty"] == method
    assert api.get(f"meter_results/{ended['meter_result']}/")["uncertainty"] == method
    assert requests.get(ended["meter_input"]).json()["uncertainty"] == method
    values = [f"{side}_value" for side in ("baseline", "reporting")]
    for name, derivative in api.derivatives(run).items():
        other = api.derivatives(ended)[name]
        assert other["uncertainty"] == method
        assert [other[key] for key in values] == [derivative[key] for key in values]
        assert (other["baseline_upper"] == derivative["baseline_upper"]) == (method == "regression")


@pytest.mark.parametrize(("window", "bills"), [("latest_year", 12), ({"start": "2017-02-25", "end": "2018-01-24"}, 11)])
def test_a_run_models_the_requested_reporting_window(
    api: Api, run: dict[str, Any], trace: int, window: Any, bills: int
) -> None:
    assert run["reporting_window"] is None
    first = api.get(f"meter_results/{run['meter_result']}/")
    assert first["reporting_window"] == "first_year"
    requested = api.post("meter_runs/", {"trace": trace, "reporting_window": window})
    assert requested["reporting_window"] == window
    ended = api.succeeded(requested["id"])
    assert ended["reporting_window"] == window
    assert requests.get(ended["meter_input"]).json()["reporting_window"] == window
    result = api.get(f"meter_results/{ended['meter_result']}/")
    assert result["reporting_window"] == window
    assert result["models"]["baseline"] == first["models"]["baseline"]
    reporting = result["models"]["reporting"]
    assert (reporting["n"], reporting["end"]) == (bills, first["models"]["reporting"]["end"])


def test_a_window_before_the_reporting_period_fails_the_run_with_both_dates(api: Api, trace: int) -> None:
    window = {"start": "2016-12-01", "end": "2017-12-01"}
    run = api.ended(api.post("meter_runs/", {"trace": trace, "reporting_window": window})["id"])
    assert (run["status"], run["failure_reason"]) == ("FAILED", "model")
    for date in ("2016-12-01", "2017-01-04"):
        assert date in run["failure_message"]


def test_an_unknown_model_is_accepted_and_fails_with_a_list_of_the_known_ones(api: Api, trace: int) -> None:
    scheduled = api.post("meter_runs/", {"trace": trace, "model_class": "MyModel"})
    run = api.ended(scheduled["id"])
    assert run["status"] == "FAILED"
    assert "MyModel" in run["failure_message"]
    assert "DailyModel" in run["failure_message"]
    assert "BillingModel" in run["failure_message"]
    assert "ModelFailure" in run["traceback"]
    assert (run["failure_reason"], run["data_quality"]) == ("model", None)
    assert run["meter_result"] is None


def test_a_trace_without_weather_fails_with_the_station(api: Api, make_trace: Callable[..., int]) -> None:
    run = api.ended(api.post("meter_runs/", {"trace": make_trace(weather_station="722880")})["id"])
    assert run["status"] == "FAILED"
    assert "722880" in run["failure_message"]


def test_a_trace_without_records_fails(api: Api, make_trace: Callable[..., int]) -> None:
    project = api.post("projects/", {**portfolio.sample_meter(SAMPLE).project, "project_id": uuid.uuid4().hex})["id"]
    body = {"trace_id": uuid.uuid4().hex, "interpretation": "NG_C_S", "unit": "therms", "projects": [project]}
    run = api.ended(api.post("meter_runs/", {"trace": api.post("traces/", body)["id"]})["id"])
    assert run["status"] == "FAILED"
    assert run["failure_message"]


def test_an_insufficient_baseline_fails_unless_ignored(api: Api, make_trace: Callable[..., int]) -> None:
    # Half a year of bills before the measure is too little by eemeter's criteria.
    trace = make_trace(baseline_period_end="2016-07-01T05:00:00Z")
    run = api.ended(api.post("meter_runs/", {"trace": trace})["id"])
    assert run["status"] == "FAILED"
    assert "baseline" in run["failure_message"].lower()
    assert any(character.isdigit() for character in run["failure_message"])
    assert run["failure_reason"] == "sufficiency"
    forced = {"trace": trace, "formatter_kwargs": {"ignore_sufficiency": True}}
    result = api.get(f"meter_results/{api.succeeded(api.post('meter_runs/', forced)['id'])['meter_result']}/")
    assert result["models"]["baseline"]["disqualification"]
    assert result["formatter_kwargs"]["ignore_sufficiency"] is True


def test_a_bulk_request_is_counted_by_its_batch(api: Api, trace: int, make_trace: Callable[..., int]) -> None:
    good, bad = api.get(f"traces/{trace}/"), api.get(f"traces/{make_trace(weather_station='722880')}/")
    targets = [{"project": good["projects"][0]}, {"trace": bad["id"]}, {"trace": trace, "project": bad["projects"][0]}]
    response = api.call("POST", "meter_runs/bulk/", json={"targets": targets})
    groups = response.json()
    assert [[run["trace"] for run in group] for group in groups] == [[trace], [bad["id"]], [trace]]
    statuses = [api.ended(run["id"])["status"] for group in groups for run in group]
    assert statuses == ["SUCCESS", "FAILED", "FAILED"]
    batch = api.get(response.headers["Location"].partition("/api/v1/")[2])
    assert {key: batch[key] for key in ("total", "pending", "running", "success", "failed")} == {
        "total": 3,
        "pending": 0,
        "running": 0,
        "success": 1,
        "failed": 2,
    }
    others = dict.fromkeys(("data", "sufficiency", "model", "machine", "unknown"), 0)
    assert batch["failed_by_reason"] == {"weather": 2, **others}
    failed = [run["id"] for run in api.get("meter_runs/", batch=batch["id"], failure_reason="weather")]
    assert failed == [groups[1][0]["id"], groups[2][0]["id"]]
    assert len(api.get("meter_runs/", batch=batch["id"])) == 3
    assert [run["id"] for run in api.get("meter_runs/", batch=batch["id"], status="SUCCESS")] == [groups[0][0]["id"]]


def test_the_same_idempotency_key_schedules_once(api: Api, trace: int) -> None:
    key = uuid.uuid4().hex
    first = api.call("POST", "meter_runs/", json={"trace": trace}, headers={"Idempotency-Key": key})
    again = api.call("POST", "meter_runs/", json={"trace": trace}, headers={"Idempotency-Key": key})
    assert (again.status_code, again.content) == (first.status_code, first.content)
    api.refused("POST", "meter_runs/", 409, json={"trace": trace, "project": None}, headers={"Idempotency-Key": key})


def test_a_deployment_can_add_its_own_models(tmp_path: Path) -> None:
    with LocalStack(tmp_path, {"ModelModule": "chalicelib.metering.example"}) as running:
        api = Api(running.url, running.token)
        arguments = {"model_class": "MyModel", "model_kwargs": {"parameter_1": 1.5, "parameter_2": [0.8, 0.2]}}
        document = {**portfolio.meter_input("il-gas-intercept-only-daily"), **arguments}
        run = api.succeeded(api.post("meter_runs/", {"meter_input": document, "formatter_class": "MyFormatter"})["id"])
        result = api.get(f"meter_results/{run['meter_result']}/")
    assert {name: result[name] for name in arguments} == arguments
    assert result["formatter_class"] == "MyFormatter"
