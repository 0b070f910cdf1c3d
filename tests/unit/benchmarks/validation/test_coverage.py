"""The arithmetic of coverage."""

import math

import pytest

from benchmarks.validation.coverage import coverage, coverage_of, mean_of, wilson
from tests.unit.benchmarks.validation.simulated_runs import outcome


def test_wilson() -> None:
    assert wilson(95, 100) == pytest.approx((95, 88.82, 97.85), abs=0.01)  # Newcombe (1998)
    assert wilson(12, 12).high == pytest.approx(100)


def test_an_interval_covers_errors_up_to_its_half_width() -> None:
    found = coverage([outcome(error, 2) for error in (-3, -2, 0, 1.5, 2.5)])
    assert (found.n, found.share.value, found.half_width) == (5, 60, 2)
    assert found.needed == pytest.approx(3)
    assert found.bias.value == pytest.approx(-0.2)


def test_needed_is_the_95_percent_quantile_of_the_errors() -> None:
    assert coverage_of([(float(error), 1.0) for error in range(1, 101)]).needed == 95


def test_outcomes_without_an_interval_are_left_out() -> None:
    found = coverage([outcome(-2, 1), outcome(-2, 3), outcome(50, None)])
    assert (found.n, found.share.value, found.half_width, found.bias.value) == pytest.approx((2, 50, 2, -2))


def test_a_bias_has_the_interval_of_a_mean() -> None:
    found = mean_of([1.0, 2.0, 3.0])
    assert found == pytest.approx((2, 2 - 1.96 / math.sqrt(3), 2 + 1.96 / math.sqrt(3)), abs=1e-4)
    assert math.isnan(mean_of([1.0]).low)


def test_coverage_without_outcomes_is_nan() -> None:
    found = coverage([])
    assert found.n == 0
    assert all(map(math.isnan, (*found.share, found.half_width, found.needed, *found.bias)))
