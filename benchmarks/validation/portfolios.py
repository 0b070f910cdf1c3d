"""How often the interval of a sum over meters covers the true sum: portfolios drawn from a pool of meter runs.

The datastore's own code computes the sums: values and systematic errors are added, half-widths added in quadrature.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from statistics import NormalDist, median
from typing import NamedTuple

import numpy as np

from benchmarks.meters.climates import CLIMATES
from benchmarks.meters.simulated_meter import simulate
from benchmarks.validation.coverage import Estimate, Z, wilson
from benchmarks.validation.plan import Numbers, Plan, pool_of
from benchmarks.validation.simulation import LOADS, Group, Outcome, Outcomes, load_of, of_derivative, processes
from chalicelib.aggregation.sums import partial_sum, total
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS, INTERPRETATIONS

SMALL, LARGE = SIZES = (50, 1000)
ONE_WEATHER = CLIMATES[0]  # Springfield as observed, 2016 and then 2017
NORMAL_YEAR, _, OBSERVED = DERIVATIVE_INTERPRETATIONS
_SEED = 0
_BATCH = 1000
_TRACE = {"KWH": INTERPRETATIONS["E_C_S"], "THERM": INTERPRETATIONS["NG_C_S"]}


class Sum(NamedTuple):
    """The sum of one portfolio, in percent of its baseline. systematic: NaN if the datastore does not know it."""

    error: float
    half_width: float
    systematic: float


class SumCoverage(NamedTuple):
    """Coverage for portfolios of one size, in percent, and the median half-width of their intervals.

    covered_with_systematic: coverage with the systematic error added in quadrature.
    """

    covered: Estimate
    covered_with_systematic: Estimate
    half_width: float


class PortfolioCoverage(NamedTuple):
    """Coverage for meters of one load, in one or all climates. pool: how many. bias: of all. of_size: by size."""

    group: Group
    load: str
    one_weather: bool
    interpretation: str
    pool: int
    bias: Estimate
    of_size: Mapping[int, SumCoverage]


def find_numbers(seed: int, meters: int) -> Numbers:
    """Find the first `meters` numbers of each load, in all climates and in ONE_WEATHER."""
    found: dict[tuple[str, bool], list[int]] = {(load, one): [] for load in LOADS for one in (False, True)}
    with processes() as executor:
        for first in itertools.count(0, 2 * _BATCH):
            batches = [range(start, start + _BATCH) for start in (first, first + _BATCH)]
            described = executor.map(partial(_described, seed=seed), batches)
            for number, load, one_weather in itertools.chain(*described):
                found[load, False].append(number)
                if one_weather:
                    found[load, True].append(number)
            if all(len(numbers) >= meters for numbers in found.values()):
                break
    return {key: numbers[:meters] for key, numbers in found.items()}


def _described(numbers: range, seed: int) -> list[tuple[int, str, bool]]:
    """Return each meter's load, and whether it is in ONE_WEATHER; neither depends on the frequency."""
    made = ((number, simulate("billing_bimonthly", number, seed=seed)) for number in numbers)
    return [(number, load_of(meter), meter.climate == ONE_WEATHER) for number, meter in made]


def portfolios(plan: Plan, numbers: Numbers, outcomes: Outcomes) -> list[PortfolioCoverage]:
    """Return the coverage by group, weather, load and derivative, for meters with sufficient data and an interval."""
    cells, pools = [], []
    for group, one_weather, load in itertools.product(plan.pools, (False, True), LOADS):
        found = [one for job in pool_of(plan, numbers, group, load, one_weather) for one in outcomes[job]]
        known = [one for one in found if one.sufficient and math.isfinite(one.half_width)]
        for interpretation in (NORMAL_YEAR, OBSERVED) if known else ():
            cells.append((group, load, one_weather, interpretation))
            pools.append(of_derivative(known, interpretation))
    with processes() as executor:
        covered = executor.map(partial(_of_sizes, draws=plan.draws), pools)
        return [
            PortfolioCoverage(*cell, len(pool), pool_bias(pool), of_size)
            for cell, pool, of_size in zip(cells, pools, covered, strict=True)
        ]


def _of_sizes(pool: Sequence[Outcome], draws: int) -> dict[int, SumCoverage]:
    return {meters: sum_coverage(list(draw_sums(pool, meters, draws)), len(pool) / meters) for meters in SIZES}


def sum_coverage(sums: Sequence[Sum], independent: float) -> SumCoverage:
    """Return the coverage of sums. independent: how many sums without common meters there can be, for the intervals."""
    errors, widths = [one.error for one in sums], [one.half_width for one in sums]
    with_systematic = [math.hypot(one.half_width, one.systematic) for one in sums]
    n = min(independent, len(sums))

    def covered(half_widths: Sequence[float]) -> Estimate:
        held = [abs(error) <= half for error, half in zip(errors, half_widths, strict=True)]
        return wilson(n * sum(held) / len(held), n)

    known = not any(map(math.isnan, with_systematic))
    return SumCoverage(covered(widths), covered(with_systematic) if known else wilson(0, 0), median(widths))


def draw_sums(pool: Sequence[Outcome], meters: int, draws: int) -> Iterator[Sum]:
    """Draw sums of meters, with replacement only if the pool is smaller. A pool always gives the same draws."""
    draw = np.random.default_rng(_SEED)
    trace = _TRACE[pool[0].derivative["unit"]]
    for _ in range(draws):
        chosen = draw.choice(len(pool), meters, replace=meters > len(pool))
        chosen_meters = [pool[at] for at in chosen.tolist()]
        added = partial_sum((one.derivative for one in chosen_meters), trace)
        found = total([added.sums], added.taken, trace, "SUM")
        baseline, systematic = found["baseline_value"] / 100, found["systematic_error"]
        yield Sum(
            (found["differential_value"] - math.fsum(one.true for one in chosen_meters)) / baseline,
            found["differential_lower"] / baseline,
            math.nan if systematic is None else systematic / baseline,
        )


def pool_bias(pool: Sequence[Outcome]) -> Estimate:
    """Return the error of the pool's sum in percent of its baseline, with the 95 % interval of a ratio of means."""
    baseline = np.array([one.derivative["baseline_value"] for one in pool])
    errors = np.array([one.error for one in pool]) * baseline
    bias = float(errors.sum() / baseline.sum())
    deviation = math.sqrt(np.sum((errors - bias * baseline) ** 2) * len(pool) / max(len(pool) - 1, 1))
    spread = Z * deviation / float(baseline.sum())
    return Estimate(bias, bias - spread, bias + spread)


def attainable_coverage(meters: int, pool: int) -> float:
    """Return the coverage (percent) of correct intervals for sums from a small pool, whose mean error they all share.

    >>> round(attainable_coverage(1000, 300))
    65
    """
    return 100 * (2 * NormalDist().cdf(Z / math.sqrt(1 + meters / pool)) - 1)
