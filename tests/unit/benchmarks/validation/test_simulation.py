"""Runs of simulated meters, and their outcomes."""

import math
from typing import Any

import pytest

from benchmarks.meters.simulated_meter import DEVELOPMENT, simulate
from benchmarks.validation import simulation
from benchmarks.validation.plan import BIMONTHLY, LITTLE_NOISE, MAIN, MONTHLY, PLAN, jobs_of, scaled
from benchmarks.validation.simulation import LOADS, Group, Job, load_of, outcomes_of
from chalicelib.metering import MeterFailure

NUMBERS = {(load, one_weather): range(400) for load in LOADS for one_weather in (False, True)}


def test_an_outcome_holds_the_datastores_results() -> None:
    outcomes = outcomes_of(Job(MONTHLY, 3), DEVELOPMENT)
    meter = simulate("billing_monthly", 3)
    assert [one.interpretation for one in outcomes] == [
        "annualized_weather_normal",
        "gross_predicted",
        "gross_observed",
    ]
    for one in outcomes:
        assert (one.load, one.climate, one.autocorrelation) == (load_of(meter), meter.climate, meter.autocorrelation)
        assert one.derivative["uncertainty"] == "regression"
        assert one.derivative["label"] == meter.document["trace"]["trace_id"]
        assert one.derivative["baseline_standard_error"] > 0
        assert abs(one.error) < 30
        assert 0 < one.half_width < 50


@pytest.mark.slow
def test_savings_are_accurate_with_little_noise() -> None:
    for group in MAIN:
        errors = [one.error for one in outcomes_of(Job(group, 1, noise=LITTLE_NOISE), DEVELOPMENT)]
        assert errors == pytest.approx([0, 0, 0], abs=1)


def test_an_event_changes_the_error_but_not_the_truth() -> None:
    usual, changed = (outcomes_of(Job(BIMONTHLY, 2, event=event), DEVELOPMENT) for event in (None, "occupancy"))
    assert [one.true for one in usual] == [one.true for one in changed]
    assert abs(changed[0].error - usual[0].error) > 1


def test_a_refused_run_has_no_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(document: dict[str, Any]) -> None:
        raise MeterFailure("no")

    monkeypatch.setattr(simulation, "run_meter", refuse)
    assert outcomes_of(Job(MONTHLY, 0), DEVELOPMENT) == []


def test_methods_are_run_on_the_same_meters() -> None:
    jobs = list(jobs_of(PLAN, NUMBERS))
    for method in ("guideline14", "caltrack", "bootstrap"):
        other = Group("billing_monthly", "CaltrackBillingModel", method)
        assert [job.number for job in jobs if job.group == other] == list(range(300))
    assert {job.number for job in jobs if job.group == MONTHLY} >= set(range(1000))


def test_a_scaled_plan_has_a_minimum_of_each() -> None:
    short = scaled(PLAN, 0.001)
    assert set(short.groups.values()) == set(short.pools.values()) == {3}
    jobs = list(jobs_of(short, NUMBERS))
    assert {job.event for job in jobs} == {None, "occupancy", "vacancy", "outliers"}
    assert {job.noise for job in jobs} == {1, LITTLE_NOISE}
    assert len(set(jobs)) < 120
    assert scaled(PLAN, 0.1).groups[BIMONTHLY] == 100
    assert math.ceil(0.1 * PLAN.event) == scaled(PLAN, 0.1).event
