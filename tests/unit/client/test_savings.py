"""Savings of derivatives and aggregation results."""

import pytest

from datastore_client.savings import of_aggregation, of_derivative

DERIVATIVE = {
    "trace_interpretation": "NATURAL_GAS_CONSUMPTION_SUPPLIED",
    "baseline_value": 1000.0,
    "baseline_lower": 30.0,
    "reporting_value": 900.0,
    "reporting_lower": 40.0,
}


def test_savings_are_baseline_minus_reporting() -> None:
    assert of_derivative(DERIVATIVE) == pytest.approx((100.0, 50.0, 10.0, 5.0))


def test_savings_of_generation_are_the_reverse() -> None:
    generated = {**DERIVATIVE, "trace_interpretation": "ELECTRICITY_ON_SITE_GENERATION_TOTAL"}
    assert of_derivative(generated) == pytest.approx((-100.0, 50.0, -10.0, 5.0))


def test_there_are_none_without_a_reporting_value() -> None:
    assert of_derivative({**DERIVATIVE, "reporting_value": None, "reporting_lower": None}) is None


def test_a_baseline_of_zero_has_no_percent() -> None:
    found = of_derivative({**DERIVATIVE, "baseline_value": 0.0})
    assert found is not None
    assert found.percent is None


def test_the_savings_of_a_portfolio_are_its_differential() -> None:
    result = {"differential_value": 50.0, "differential_lower": 20.0, "baseline_value": 1000.0}
    assert of_aggregation(result) == (50.0, 20.0, 5.0, 2.0)
