"""Portfolios are added up as the datastore does it, and their coverage is computed correctly."""

import math

import numpy as np
import pytest

from benchmarks.validation.portfolios import Sum, attainable_coverage, draw_sums, pool_bias, sum_coverage
from tests.unit.benchmarks.validation.simulated_runs import outcome


def test_a_sum_adds_values_and_adds_half_widths_in_quadrature() -> None:
    pool = [outcome(2, 4, systematic_error=1) for _ in range(16)]
    for found in draw_sums(pool, 16, 3):
        assert found == pytest.approx((2, 4 / math.sqrt(16), 1))


def test_large_meters_weigh_more() -> None:
    pool = [outcome(3, 1, baseline=300), outcome(-1, 1, baseline=100)]
    assert [found.error for found in draw_sums(pool, 2, 3)] == pytest.approx([2, 2, 2])
    assert pool_bias(pool).value == pytest.approx(2)


def test_meters_are_different_if_there_are_enough() -> None:
    pool = [outcome(2.0**number) for number in range(10)]
    for found in draw_sums(pool, 4, 20):
        assert bin(round(4 * found.error)).count("1") == 4
    assert len({found.error for found in draw_sums(pool, 4, 20)}) > 10
    assert len(list(draw_sums(pool, 11, 2))) == 2


def test_draws_from_a_pool_are_reproducible() -> None:
    pool = [outcome(error) for error in range(10)]
    assert list(draw_sums(pool, 5, 4)) == list(draw_sums(pool, 5, 4))


def test_coverage_with_and_without_the_shared_error() -> None:
    found = sum_coverage([Sum(1, 0.5, 1.5), Sum(0, 0.5, 1.5), Sum(-2, 0.5, 1.5), Sum(1.5, 0.5, 1.5)], 4)
    assert (found.covered.value, found.covered_with_systematic.value, found.half_width) == (25, 75, 0.5)


def test_an_unknown_systematic_error_is_not_zero() -> None:
    found = sum_coverage([Sum(0.1, 1, math.nan)] * 5, 5)
    assert found.covered.value == 100
    assert math.isnan(found.covered_with_systematic.value)


def test_the_interval_of_a_share_depends_on_the_number_of_independent_portfolios() -> None:
    sums = [Sum(error, 1, 0) for error in [0.0] * 190 + [2.0] * 10]
    few, many = (sum_coverage(sums, independent).covered for independent in (6, 1000))
    assert few.value == many.value == 95
    assert few.low < 70
    assert many.low > 90


def test_a_bias_has_the_interval_of_its_pool() -> None:
    draw = np.random.default_rng(0)
    biases = [pool_bias([outcome(error) for error in draw.normal(1, 3, 40)]) for _ in range(300)]
    assert np.mean([bias.low <= 1 <= bias.high for bias in biases]) == pytest.approx(0.95, abs=0.03)
    assert biases[0].high - biases[0].low == pytest.approx(2 * 1.96 * 3 / math.sqrt(40), rel=0.3)


def test_bias_spoils_the_coverage_of_large_portfolios_unless_it_is_added() -> None:
    pool = [outcome(error + 1, 10, systematic_error=1.5) for error in (-4, -2, 0, 2, 4)]
    found = sum_coverage(list(draw_sums(pool, 1000, 50)), 5)
    assert found.covered.value == 0
    assert found.covered_with_systematic.value == 100
    assert found.half_width == pytest.approx(10 / math.sqrt(1000))


def test_attainable_coverage_is_the_coverage_of_correct_intervals() -> None:
    draw, meters, pool = np.random.default_rng(0), 1000, 300
    means = draw.normal(0, 1 / math.sqrt(pool), 20_000)
    errors = means + draw.normal(0, 1 / math.sqrt(meters), len(means))
    covered = 100 * np.mean(np.abs(errors) <= 1.96 / math.sqrt(meters))
    assert covered == pytest.approx(attainable_coverage(meters, pool), abs=1)
