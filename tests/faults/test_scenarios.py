"""A sample of all faults; `python -m tests.faults` injects every one."""

from collections.abc import Sequence

import pytest

from tests.faults.injection import Mode
from tests.faults.scenarios import SCENARIOS
from tests.faults.search import Point, search

SAMPLE = 40  # faults of each scenario, at most
LARGE = {"a bulk of 30 with one bad trace": 12, "an asynchronous batch": 20}  # each takes a second or more


def sampled(points: Sequence[Point], sample: int = SAMPLE) -> Sequence[Point]:
    """Faults spread over all calls; the stride and the number of modes share no factor, so the modes take turns."""
    stride = max(1, len(points) // sample)
    while stride > 1 and (stride % 2 == 0 or stride % 3 == 0):
        stride += 1
    return points[::stride]


def test_every_mode_is_sampled() -> None:
    points = [Point(number, "", mode) for number in range(500) for mode in Mode]
    assert {point.mode for point in sampled(points)} == set(Mode)
    assert len(sampled(points)) <= SAMPLE + 1


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_fault_breaks_a_promise(name: str) -> None:
    sample = LARGE.get(name, SAMPLE)
    outcomes = list(search(name, lambda points: sampled(points, sample)))
    assert len(outcomes) > sample // 2
    broken = {
        str(outcome.point): [str(one) for one in outcome.violations] for outcome in outcomes if outcome.violations
    }
    assert broken == {}
