"""What a meter run reports: models, derivatives, intervals and series."""

import json
import random
from collections.abc import Callable

import pytest

from benchmarks.equality.samples import TOLERANCE, compare
from chalicelib.metering import DATASTORE_VERSION, EEMETER_VERSION, run_meter
from infra.local import portfolio
from tests.unit.metering.documents import Document, derivative, with_values


def test_a_run_reports_what_it_used(bills_output: Document) -> None:
    assert bills_output["model_class"] == "CaltrackBillingModel"
    assert bills_output["model_kwargs"] == {
        "balance_point_minimum": 30,
        "balance_point_maximum": 90,
        "balance_point_step": 1,
    }
    assert (bills_output["formatter_class"], bills_output["formatter_kwargs"]) == (
        "caltrack_billing",
        {"ignore_sufficiency": False, "outliers": "keep"},
    )
    assert bills_output["uncertainty"] == "regression"
    assert (bills_output["eemeter_version"], bills_output["datastore_version"]) == (EEMETER_VERSION, DATASTORE_VERSION)
    assert (bills_output["weather_station"], bills_output["weather_normal_station"]) == ("724390", "724390")
    assert bills_output["frequency"] == "billing_monthly"


def test_both_models_are_reported(bills_output: Document) -> None:
    models = bills_output["models"]
    for model in models.values():
        assert model["status"] == "SUCCESS"
        assert model["n"] == 12
        assert 0.9 < model["r2"] < 1
        assert 0 < model["cvrmse"] < 0.2
        assert model["rmse"] > 0
        assert model["disqualification"] == []
    assert (models["baseline"]["start"], models["baseline"]["end"]) == (
        "2015-12-21T06:00:00.000000Z",
        "2016-12-19T06:00:00.000000Z",
    )


def test_the_derivatives(bills_output: Document) -> None:
    normal, gross, observed = bills_output["derivatives"]
    assert [item["interpretation"] for item in (normal, gross, observed)] == [
        "annualized_weather_normal",
        "gross_predicted",
        "gross_observed",
    ]
    assert {item["unit"] for item in bills_output["derivatives"]} == {"KWH"}
    assert (normal["baseline_n"], normal["reporting_n"]) == (365, 365)
    assert (gross["baseline_n"], observed["reporting_n"]) == (364, 364)
    assert observed["baseline_value"] == gross["baseline_value"]
    # with an intercept and weights by days, the fitted bills sum to the observed ones
    assert observed["reporting_value"] == pytest.approx(gross["reporting_value"], rel=1e-12)
    assert (observed["reporting_lower"], observed["reporting_upper"]) == (0, 0)
    for item in (normal, gross):
        saved = item["baseline_value"] - item["reporting_value"]
        half_width = (item["baseline_lower"] ** 2 + item["reporting_lower"] ** 2) ** 0.5
        assert item["baseline_lower"] == item["baseline_upper"]
        assert abs(saved - 0.1 * item["baseline_value"]) < half_width
        assert 0.01 < saved / item["baseline_value"] < 0.18


def test_the_observed_energy_is_the_billed_energy(bills: Document, bills_output: Document) -> None:
    reporting = bills_output["models"]["reporting"]
    billed = [
        record["value"]
        for record in bills["trace"]["records"]
        if reporting["start"][:10] <= record["start"][:10] < reporting["end"][:10]
    ]
    assert derivative(bills_output, "gross_observed")["reporting_value"] == pytest.approx(sum(billed), rel=1e-12)
    assert bills_output["series"]["reporting"]["observed"] == pytest.approx(billed, rel=1e-12)


def test_the_series_are_columns_of_equal_length(bills_output: Document) -> None:
    for series in bills_output["series"].values():
        assert {len(column) for column in series.values()} == {12}
    assert set(bills_output["series"]["reporting"]) == {"start", "observed", "predicted", "reporting_predicted"}


def test_records_in_any_order_give_the_same_bytes(
    bills: Document, bills_output: Document, changed: Callable[..., Document]
) -> None:
    records = bills["trace"]["records"] + bills["trace"]["records"][3:7]
    random.Random(2).shuffle(records)
    again = run_meter(json.loads(json.dumps(changed(bills, "trace.records", records))))
    assert again["input_sha256"] != bills_output["input_sha256"]
    again["input_sha256"] = bills_output["input_sha256"]
    assert json.dumps(again, allow_nan=False) == json.dumps(bills_output, allow_nan=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "il-electricity-cdd-only-billing_monthly",
        "il-electricity-cdd-hdd-billing_bimonthly",
        "il-gas-intercept-only-daily",
    ],
)
def test_the_results_equal_eemeters_own(name: str) -> None:
    assert compare(name) <= TOLERANCE


@pytest.mark.parametrize("uncertainty", ["guideline14", "caltrack"])
def test_values_without_an_interval_have_a_reason(bills: Document, uncertainty: str) -> None:
    output = run_meter(with_values(bills, lambda number, value: -value) | {"uncertainty": uncertainty})
    assert output["derivatives"][0]["baseline_value"] < 0
    assert output["derivatives"][0]["baseline_lower"] is None
    for report in output["models"].values():
        assert report["status"] == "SUCCESS"
        assert "datastore.no_interval" in [warning["name"] for warning in report["warnings"]]


@pytest.mark.parametrize("name", [name for name in portfolio.names() if "billing" in name])
def test_every_billing_sample_has_both_models(name: str) -> None:
    output = run_meter(portfolio.meter_input(name))
    assert [model["status"] for model in output["models"].values()] == ["SUCCESS", "SUCCESS"]
    for saved in output["savings"]:
        assert abs(saved["percent"] - 10) < saved["percent_half_width"] < 15


def test_a_net_meter_has_an_interval(bills: Document) -> None:
    output = run_meter(with_values(bills, lambda number, value: -value))
    assert output["derivatives"][0]["baseline_value"] < 0
    assert output["derivatives"][0]["baseline_lower"] > 0


@pytest.mark.parametrize(
    ("uncertainty", "shown"), [("regression", True), ("caltrack", True), ("bootstrap", True), ("guideline14", False)]
)
def test_derivatives_include_the_numbers_behind_their_interval(bills: Document, uncertainty: str, shown: bool) -> None:
    output = run_meter(bills | {"uncertainty": uncertainty})
    assert output["uncertainty"] == uncertainty
    for found in output["derivatives"]:
        assert found["uncertainty"] == uncertainty
        assert found["systematic_error"] == pytest.approx(0.002 * found["baseline_value"])
        assert (found["baseline_standard_error"] is not None) == shown
        if shown:
            t = found["baseline_lower"] / found["baseline_standard_error"]
            assert found["baseline_degrees_of_freedom"] >= 1
            assert 1.96 < t < 13


@pytest.mark.parametrize(("uncertainty", "half_width"), [("regression", 0), ("bootstrap", 0), ("caltrack", None)])
def test_a_stopped_gas_meter_has_zero_consumption(bills: Document, uncertainty: str, half_width: float | None) -> None:
    trace = with_values(bills, lambda number, value: 0.0)["trace"]
    gas = {**bills, "trace": {**trace, "interpretation": "NG_C_S", "unit": "therm"}, "uncertainty": uncertainty}
    output = run_meter(gas)
    found = output["derivatives"][0]
    assert (found["baseline_value"], found["baseline_lower"]) == (0, half_width)
    warnings = [warning["name"] for report in output["models"].values() for warning in report["warnings"]]
    assert warnings == ([] if half_width == 0 else ["datastore.no_interval"] * 2)
