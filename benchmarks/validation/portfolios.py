"""How often the interval of a sum over meters holds the true sum: portfolios drawn from a pool of meter runs.

Sums are the product's: values by addition, half-widths in quadrature, systematic errors by addition.
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
from benchmarks.validation.coverage import Estimate, wilson
from benchmarks.validation.plan import Numbers, Plan, pool_of
from benchmarks.validation.simulation import LOADS, Group, Outcome, Outcomes, load_of, of_derivative, processes
from chalicelib.aggregation.sums import partial_sum, total
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS, INTERPRETATIONS

SMALL, LARGE = SIZES = (50, 1000)
ONE_WEATHER = CLIMATES[0]  # Springfield as it was measured, 2016 and then 2017
NORMAL_YEAR, _, OBSERVED = DERIVATIVE_INTERPRETATIONS
_SEED = 0
_BATCH = 1000
_TRACE = {"KWH": INTERPRETATIONS["E_C_S"], "THERM": INTERPRETATIONS["NG_C_S"]}
_Z = NormalDist().inv_cdf(0.975)


class Sum(NamedTuple):
    """Of one portfolio, in percent of its baseline; systematic: NaN where the product does not know it."""

    error: float
    half_width: float
    systematic: float


class SumCoverage(NamedTuple):
    """Of portfolios of one size, in percent: how many intervals hold the truth, and their median half-width.

    covered_with_shared: with the systematic error in quadrature.
    """

    covered: Estimate
    covered_with_shared: Estimate
    half_width: float


class PortfolioCoverage(NamedTuple):
    """Of meters of one load, under one weather or all. pool: how many there are. bias: of all of them. By size."""

    group: Group
    load: str
    one_weather: bool
    interpretation: str
    pool: int
    bias: Estimate
    of_size: Mapping[int, SumCoverage]


def find_numbers(seed: int, meters: int) -> Numbers:
    """The first meters of each load, so many of all weathers and so many of ONE_WEATHER."""
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
    """The load of each, and whether it is under ONE_WEATHER: the same however it is read."""
    made = ((number, simulate("billing_bimonthly", number, seed=seed)) for number in numbers)
    return [(number, load_of(meter), meter.climate == ONE_WEATHER) for number, meter in made]


def portfolios(plan: Plan, numbers: Numbers, outcomes: Outcomes) -> list[PortfolioCoverage]:
    """Of each group, weather, load and derivative, from the meters that have sufficient data and an interval."""
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
    """independent: how many of the sums there can be without a meter in common, for the intervals of the shares."""
    errors, widths = [one.error for one in sums], [one.half_width for one in sums]
    with_shared = [math.hypot(one.half_width, one.systematic) for one in sums]
    n = min(independent, len(sums))

    def covered(half_widths: Sequence[float]) -> Estimate:
        held = [abs(error) <= half for error, half in zip(errors, half_widths, strict=True)]
        return wilson(n * sum(held) / len(held), n)

    known = not any(map(math.isnan, with_shared))
    return SumCoverage(covered(widths), covered(with_shared) if known else wilson(0, 0), median(widths))


def draw_sums(pool: Sequence[Outcome], meters: int, draws: int) -> Iterator[Sum]:
    """Portfolios of so many meters, all different if there are as many; the same numbers of a pool each time."""
    draw = np.random.default_rng(_SEED)
    trace = _TRACE[pool[0].derivative["unit"]]
    for _ in range(draws):
        chosen = draw.choice(len(pool), meters, replace=meters > len(pool))
        alike = [pool[at] for at in chosen.tolist()]
        added = partial_sum((one.derivative for one in alike), trace)
        found = total([added.sums], added.taken, trace, "SUM")
        baseline, systematic = found["baseline_value"] / 100, found["systematic_error"]
        yield Sum(
            (found["differential_value"] - math.fsum(one.true for one in alike)) / baseline,
            found["differential_lower"] / baseline,
            math.nan if systematic is None else systematic / baseline,
        )


def pool_bias(pool: Sequence[Outcome]) -> Estimate:
    """The error of the sum of all in percent of its baseline, with the 95 % interval of a ratio of means."""
    baseline = np.array([one.derivative["baseline_value"] for one in pool])
    errors = np.array([one.error for one in pool]) * baseline
    bias = float(errors.sum() / baseline.sum())
    deviation = math.sqrt(np.sum((errors - bias * baseline) ** 2) * len(pool) / max(len(pool) - 1, 1))
    spread = _Z * deviation / float(baseline.sum())
    return Estimate(bias, bias - spread, bias + spread)


def at_best(meters: int, pool: int) -> float:
    """The percentage of right intervals that hold where a pool has fewer meters, whose mean error is in all sums.

    >>> round(at_best(1000, 300))
    65
    """
    return 100 * (2 * NormalDist().cdf(_Z / math.sqrt(1 + meters / pool)) - 1)
