"""The fractions behind systematic_error."""

import math

import numpy as np
import pytest

from benchmarks.meters.climates import CLIMATES
from benchmarks.meters.loads import GAS_HEATING
from benchmarks.validation.systematic import Cell, Shared, largest, shared, spread
from tests.unit.benchmarks.validation.simulated_runs import outcome


def test_the_noise_of_a_cell_is_subtracted() -> None:
    assert spread([Cell(1, 0.5), Cell(-1, 0.5)])[0] == pytest.approx(1.96 * math.sqrt(0.5))
    assert spread([Cell(0.1, 1), Cell(0, 1)])[0] == 0


def test_by_chance_is_exceeded_in_five_percent_of_samples() -> None:
    draw, squared_error = np.random.default_rng(0), 0.25
    sampled = [
        spread([Cell(mean, squared_error) for mean in draw.normal(0, math.sqrt(squared_error), 40)])[0]
        for _ in range(500)
    ]
    by_chance = spread([Cell(0, squared_error)] * 40)[1]
    assert np.mean(np.array(sampled) > by_chance) == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize(("percent", "fraction"), [(0.0, 0.0), (0.41, 0.005), (0.5, 0.005), (2.34, 0.024)])
def test_a_fraction_is_rounded_up_to_a_thousandth(percent: float, fraction: float) -> None:
    assert Shared(0, 0, percent, 0).fraction == pytest.approx(fraction)
    assert Shared(0, 0, 0, percent).fraction == pytest.approx(fraction)


def test_a_cell_has_one_climate_and_load() -> None:
    outcomes = [
        outcome(error, load=load, climate=climate)
        for load, climate, mean in (
            (GAS_HEATING, CLIMATES[0], 1),
            (GAS_HEATING, CLIMATES[1], -1),
            ("b", CLIMATES[0], 2),
        )
        for error in (mean - 0.1, mean + 0.1)
    ]
    found = shared(outcomes)
    assert (found.meters, found.cells) == (6, 3)
    assert found.spread == pytest.approx(1.96 * math.sqrt((1 + 1 + 4) / 3 - 0.01))


def test_the_derivative_with_the_larger_shared_error_counts() -> None:
    outcomes = [
        outcome(error, interpretation=interpretation)
        for interpretation, errors in (
            ("gross_observed", (2, 2)),
            ("annualized_weather_normal", (1, 1)),
            ("gross_predicted", (9, 9)),
        )
        for error in errors
    ]
    assert largest(outcomes).spread == pytest.approx(1.96 * 2)
