"""All models under one interface, their names in the original datastore, and a deployment's own model."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.metering import MeterFailure, example, run_meter
from infra.local import portfolio

Document = dict[str, Any]


@pytest.fixture(scope="session")
def hours() -> Document:
    return portfolio.meter_input("il-gas-hdd-only-hourly")


@pytest.fixture(scope="session")
def hourly_output(hours: Document) -> Document:
    return run_meter({**hours, "model_class": "HourlyModel"})


@pytest.mark.slow
def test_the_hourly_model_fits_hours_and_counts_days(hourly_output: Document) -> None:
    assert (hourly_output["model_class"], hourly_output["formatter_class"]) == ("HourlyModel", "hourly")
    for model in hourly_output["models"].values():
        assert model["status"] == "SUCCESS"
        assert model["n"] == 8760
    for derivative in hourly_output["derivatives"]:
        assert derivative["baseline_n"] == derivative["reporting_n"] == 365
    saved = hourly_output["savings"][0]
    assert abs(saved["percent"] - 10) < saved["percent_half_width"] < 10
    assert len(hourly_output["series"]["reporting"]["start"]) == 365


@pytest.mark.slow
def test_the_hourly_model_is_reproducible(hours: Document, hourly_output: Document) -> None:
    again = run_meter({**hours, "model_class": "HourlyModel"})
    assert json.dumps(again) == json.dumps(hourly_output)
    assert again["model_kwargs"]["seed"] == 0


def test_the_legacy_model_differs_from_the_current_one(days: Document) -> None:
    current, legacy = (run_meter({**days, "model_class": name}) for name in ("DailyModel", "DailyLegacyModel"))
    assert legacy["model_class"] == "DailyLegacyModel"
    assert legacy["model_kwargs"] != current["model_kwargs"]
    assert legacy["derivatives"] != current["derivatives"]


@pytest.mark.parametrize(
    ("given", "ran"),
    [
        ({"model_class": "CaltrackMonthlyModel"}, ("CaltrackBillingModel", "caltrack_billing")),
        ({"model_class": "BillingElasticNetCVModel"}, ("CaltrackBillingModel", "caltrack_billing")),
        ({"formatter_class": "ModelDataBillingFormatter"}, ("CaltrackBillingModel", "caltrack_billing")),
    ],
)
def test_the_original_names_run_their_replacements(bills: Document, given: Document, ran: tuple[str, str]) -> None:
    output = run_meter({**bills, **given})
    assert (output["model_class"], output["formatter_class"]) == ran


def test_a_deployments_own_model_runs_as_in_the_reference_document(days: Document) -> None:
    asked = {
        "model_class": "MyModel",
        "model_kwargs": {"parameter_1": 1.5, "parameter_2": [0.8, 0.2]},
        "formatter_class": "MyFormatter",
        "formatter_kwargs": {},
    }
    with pytest.raises(MeterFailure, match="'MyFormatter' is unknown"):
        run_meter({**days, **asked})
    output = run_meter({**days, **asked}, [example])
    assert {name: output[name] for name in ("model_class", "model_kwargs", "formatter_class")} == {
        name: asked[name] for name in ("model_class", "model_kwargs", "formatter_class")
    }
    assert len(output["fitted_models"]["baseline"]["by_month"]) == 12
    assert output["savings"][0]["percent"] == pytest.approx(10, abs=5)
    with pytest.raises(MeterFailure, match="has no argument 'parameter_3'; use one of parameter_1, parameter_2"):
        run_meter({**days, **asked, "model_kwargs": {"parameter_3": 1}}, [example])


@pytest.mark.parametrize("model", ["HourlyModel", "HourlyCaltrackModel"])
def test_days_are_too_coarse_for_the_hourly_models(days: Document, model: str) -> None:
    with pytest.raises(MeterFailure, match=r"needs readings of an hour or less, .* frequency is daily"):
        run_meter({**days, "model_class": model})


def test_the_output_has_the_hash_of_its_input(
    bills: Document, bills_output: Document, changed: Callable[..., Document]
) -> None:
    shuffled = dict(reversed(bills.items()))
    assert run_meter(shuffled)["input_sha256"] == bills_output["input_sha256"]
    other = changed(bills, "project.zipcode", "60601")
    assert run_meter(other)["input_sha256"] != bills_output["input_sha256"]
