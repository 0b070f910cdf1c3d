"""A sample of all faults; `python -m tests.faults` injects every one."""

from functools import partial

import pytest

from tests.faults.injection import Mode
from tests.faults.scenarios import SCENARIOS, WITH_POLARS
from tests.faults.search import Point, sampled, search, search_apart

SAMPLE = 40  # faults of each scenario, at most
LARGE = {"a bulk of 30 with one bad trace": 12, "an asynchronous batch": 20}  # each takes a second or more
LARGE |= dict.fromkeys(WITH_POLARS, 20)  # each runs the whole scenario


def test_every_mode_is_sampled() -> None:
    points = [Point(number, "", mode) for number in range(500) for mode in Mode]
    assert {point.mode for point in sampled(points, SAMPLE)} == set(Mode)
    assert len(sampled(points, SAMPLE)) <= SAMPLE + 1


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_fault_breaks_a_promise(name: str) -> None:
    sample = LARGE.get(name, SAMPLE)
    run = search_apart if name in WITH_POLARS else search
    outcomes = list(run(name, partial(sampled, sample=sample)))
    assert len(outcomes) > sample // 2
    broken = {
        str(outcome.point): [str(one) for one in outcome.violations] for outcome in outcomes if outcome.violations
    }
    assert broken == {}
