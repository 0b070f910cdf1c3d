"""Missed bounds are reported, with the size of the miss."""

import math

import pytest

from benchmarks.validation.bounds import Bound, bounds_table, verdict
from benchmarks.validation.coverage import Estimate


def of(*values: float, spread: float = 0.0) -> dict[str, Estimate]:
    return {f"number {at}": Estimate(value, value - spread, value + spread) for at, value in enumerate(values, 1)}


def test_a_bound_that_is_met() -> None:
    bound = Bound("covered", 93, 97, of(93, 95.2, 97))
    assert bound.missed() == {}
    assert verdict(bound) == "met"


@pytest.mark.parametrize("value", [91.6, 98.4])
def test_a_bound_that_is_missed_on_either_side(value: float) -> None:
    assert verdict(Bound("covered", 93, 97, of(95, value))) == "**missed by 1.4 points**: number 2"


def test_the_worst_is_named_and_the_others_are_counted() -> None:
    bound = Bound("bias", -0.5, 0.5, of(-0.9, 0.7, 0.1))
    assert bound.missed() == pytest.approx({"number 1": 0.4, "number 2": 0.2})
    assert verdict(bound) == "**missed by 0.4 points**: number 1; and 1 more"


def test_a_miss_that_chance_may_explain_is_marked() -> None:
    assert verdict(Bound("covered", 93, 97, of(92.5, spread=1))).endswith("number 1; within its 95% interval")
    assert "within" not in verdict(Bound("covered", 93, 97, of(92.5, spread=0.4)))


def test_a_small_miss_is_not_rounded_to_zero() -> None:
    assert verdict(Bound("half-width", 0, 5, of(5.04))) == "**missed by 0.04 points**: number 1"


def test_a_bound_that_was_not_measured_is_not_met() -> None:
    assert verdict(Bound("covered", 93, 97, {})) == "not measured"
    assert verdict(Bound("covered", 93, 97, of(math.nan))) == "not measured"


def test_the_table_shows_accepted_and_found_values() -> None:
    found = [
        Bound("covered", 93, 97, of(92, 95)),
        Bound("half-width", 0, 5.5, of(4, 5)),
        Bound("bias", -0.5, 0.5, of(-0.1, 0.2)),
    ]
    rows = bounds_table(found).splitlines()[2:]
    assert rows == [
        "| covered | 93 to 97 | 92.0 to 95.0 | **missed by 1.0 points**: number 1 |",
        "| half-width | at most 5.5 | 4.0 to 5.0 | met |",
        "| bias | within ± 0.5 | -0.1 to +0.2 | met |",
    ]
