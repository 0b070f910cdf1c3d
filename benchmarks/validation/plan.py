"""Which simulated meters are run, and how: the plan of docs/validation.md."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmarks.meters.events import EVENTS
from benchmarks.validation.simulation import LOADS, Group, Job

MONTHLY = Group("billing_monthly", "CaltrackBillingModel", "regression")
BIMONTHLY = Group("billing_bimonthly", "CaltrackBillingModel", "regression")
DAILY = Group("daily", "DailyModel", "regression")
MAIN = (MONTHLY, BIMONTHLY, DAILY)
EEMETER_MONTHLY = Group("billing_monthly", "BillingModel", "guideline14")
EEMETER_BIMONTHLY = Group("billing_bimonthly", "BillingModel", "guideline14")
BILLING_MODELS = ((MONTHLY, EEMETER_MONTHLY), (BIMONTHLY, EEMETER_BIMONTHLY))
LITTLE_NOISE = 0.05  # as a fraction of a meter's noise
_COMPARED, _OTHERS = 300, ("guideline14", "caltrack", "bootstrap")
_MIN_METERS = 3

# the numbers of meters, by their load and whether they are in one climate
Numbers = Mapping[tuple[str, bool], Sequence[int]]


class Plan(NamedTuple):
    """How many meters to run. groups: numbered from 0. pools: for portfolios, per load and weather. draws: per pool."""

    groups: Mapping[Group, int]
    compared: int  # how many of the first meters are used to compare methods
    little_noise: int  # for each of MAIN
    event: int  # for each event and each of MAIN
    pools: Mapping[Group, int]
    draws: int


PLAN = Plan(
    groups={
        MONTHLY: 1000,
        **{MONTHLY._replace(uncertainty=method): _COMPARED for method in _OTHERS},
        EEMETER_MONTHLY: _COMPARED,
        BIMONTHLY: 1000,
        **{BIMONTHLY._replace(uncertainty=method): _COMPARED for method in _OTHERS},
        EEMETER_BIMONTHLY: _COMPARED,
        DAILY: 1000,
        **{DAILY._replace(uncertainty=method): _COMPARED for method in _OTHERS[:2]},
        Group("daily", "DailyLegacyModel", "regression"): _COMPARED,
        Group("daily", "CaltrackBillingModel", "regression"): 100,
        Group("hourly", "DailyModel", "regression"): 20,
        Group("hourly", "HourlyModel", "guideline14"): 20,
        Group("hourly", "HourlyCaltrackModel", "guideline14"): 20,
    },
    compared=_COMPARED,
    little_noise=100,
    event=100,
    pools={MONTHLY: 200, EEMETER_MONTHLY: 80, BIMONTHLY: 200, EEMETER_BIMONTHLY: 80, DAILY: 100},
    draws=200,
)


def scaled(plan: Plan, share: float) -> Plan:
    """Return the plan with a share of the meters, but at least _MIN_METERS each."""

    def scale(meters: int) -> int:
        return max(_MIN_METERS, math.ceil(share * meters))

    return Plan(
        {group: scale(meters) for group, meters in plan.groups.items()},
        scale(plan.compared),
        scale(plan.little_noise),
        scale(plan.event),
        {group: scale(meters) for group, meters in plan.pools.items()},
        scale(plan.draws),
    )


def jobs_of(plan: Plan, numbers: Numbers) -> Iterator[Job]:
    """Yield every run of a plan. numbers: of the meters in portfolios, at least as many as the plan needs."""
    for group, meters in plan.groups.items():
        yield from (Job(group, number) for number in range(meters))
    for load in LOADS:
        for one_weather in (False, True):
            yield from (job for group in plan.pools for job in pool_of(plan, numbers, group, load, one_weather))
    for group in MAIN:
        yield from (Job(group, number, noise=LITTLE_NOISE) for number in range(plan.little_noise))
        yield from (Job(group, number, event=event) for event in EVENTS for number in range(plan.event))


def pool_of(plan: Plan, numbers: Numbers, group: Group, load: str, one_weather: bool) -> list[Job]:
    """Return the runs from which portfolios are drawn."""
    return [Job(group, number) for number in numbers[load, one_weather][: plan.pools[group]]]
