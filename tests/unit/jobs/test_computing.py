"""Hostile settings end a run at its time limit, as a failure of the model that names them; real fits by eemeter."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.jobs import computing, time_limit
from chalicelib.metering import ModelFailure, run_meter
from infra.local import portfolio

DAYS, HOURS = "il-electricity-cdd-hdd-daily", "il-gas-hdd-only-hourly"
COBYQA = {"developer_mode": True, "algorithm_choice": "scipy_cobyqa"}
LIMIT = 2.0


@pytest.fixture(autouse=True)
def _no_model_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "settings", lambda: SimpleNamespace(model_module=""))


def _document(sample: str, **given: Any) -> dict[str, Any]:
    return {**portfolio.meter_input(sample), **given}


@pytest.mark.parametrize("accelerate", [True, False])
def test_a_slow_optimizer_is_stopped_and_named(accelerate: bool) -> None:
    began = time.monotonic()
    kwargs = {**COBYQA, "split_selection": {"reduce_splits_by_gaussian": False}, "cvrmse_threshold": 1}
    with pytest.raises(ModelFailure) as failure:
        computing.compute(run_meter, _document(DAYS, model_kwargs=kwargs), seconds=LIMIT, accelerate=accelerate)
    assert time.monotonic() - began < 4 * LIMIT
    assert failure.value.reason == "model"
    assert str(failure.value) == (
        "The model was not computed within 2 seconds, the limit of this deployment, and was stopped. These settings in"
        ' model_kwargs are not the defaults: algorithm_choice = "scipy_cobyqa",'
        " split_selection.reduce_splits_by_gaussian = false. Leave them out, or choose another"
        " model_class, or ask the operator to give the worker more time or memory."
    )


@pytest.mark.slow
def test_a_slow_hourly_model_is_stopped_and_its_settings_are_named() -> None:
    kwargs = {
        "elasticnet": {"alpha": 0, "max_iter": 10_000, "tol": 1e-10},
        "temporal_cluster": {"recluster_count": 100},
    }
    document = _document(HOURS, model_class="HourlyModel", model_kwargs=kwargs)
    with pytest.raises(
        ModelFailure, match=r"temporal_cluster\.recluster_count = 100, elasticnet\.alpha = 0\.0, elasticnet\.max_iter"
    ):
        computing.compute(run_meter, document, seconds=LIMIT)


def test_a_slow_computation_with_default_settings_does_not_blame_them() -> None:
    began = time.monotonic()

    def slow(document: dict[str, Any], modules: list[Any]) -> dict[str, Any]:
        while time.monotonic() < began + 10:
            pass
        return {}

    with pytest.raises(ModelFailure) as failure:
        computing.compute(slow, _document(DAYS), seconds=0.1)
    assert "All its settings are the defaults: choose another model_class" in str(failure.value)
    assert "model_kwargs" not in str(failure.value)


def test_a_computation_after_a_stopped_one_gives_the_usual_output() -> None:
    document = _document(DAYS)
    expected = computing.compute(run_meter, document, seconds=60.0)
    for seconds in (0.05, 0.1, 0.15, 0.2):
        with pytest.raises(ModelFailure):
            computing.compute(run_meter, {**document, "model_kwargs": COBYQA}, seconds=seconds)
    assert computing.compute(run_meter, document, seconds=60.0) == expected


def test_an_optimizer_that_catches_the_alarm_does_not_turn_it_into_an_error_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time_limit, "REPEAT", 0.2)
    kwargs = {"developer_mode": True, "algorithm_choice": "nlopt_stogo"}
    with pytest.raises(ModelFailure, match=r"was not computed within 0\.3 seconds"):
        computing.compute(run_meter, _document(DAYS, model_kwargs=kwargs), seconds=0.3, accelerate=False)
