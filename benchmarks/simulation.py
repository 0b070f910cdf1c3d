"""How often does the 95 % interval of savings cover the truth? Made-up meters with known savings, run by the product.

    python -m benchmarks.simulation [--meters N]

runs 1,000 meters (docs/validation.md says which), or N of bills by the month, through `run_meter`, and prints how often
the interval of each derivative covers what the load without noise saves.
"""

import argparse
import math
import multiprocessing
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from statistics import mean, median
from typing import NamedTuple

from benchmarks.formulas import half_widths
from benchmarks.simulated_meter import simulate
from chalicelib.metering import run_meter

PROCESSES = 2
LOW_AUTOCORRELATION = 0.3
AS_SHIPPED = "as shipped"
LEVEL = 0.95


class Group(NamedTuple):
    """Meters of one frequency, run with one model."""

    frequency: str
    model: str


PLAN = {
    Group("daily", "DailyModel"): 240,
    Group("billing_monthly", "BillingModel"): 300,
    Group("billing_bimonthly", "BillingModel"): 300,
    Group("hourly", "DailyModel"): 60,
    Group("hourly", "HourlyModel"): 60,
    Group("hourly", "HourlyCaltrackModel"): 40,
}


class Outcome(NamedTuple):
    """One derivative of a meter: savings found, true, and their half-widths by formula, in percent of the baseline.

    number, kind: the meter's. sufficient: whether eemeter's sufficiency criteria pass both periods.
    """

    group: Group
    number: int
    kind: str
    interpretation: str
    sufficient: bool
    autocorrelation: float
    found: float
    true: float
    half_widths: dict[str, float]

    def covers(self, formula: str = AS_SHIPPED) -> bool:
        """Whether the interval holds the truth."""
        return abs(self.found - self.true) <= self.half_widths[formula]


class Misfit(NamedTuple):
    """What a model cannot follow where there is hardly any noise.

    cvrmse: of the baseline, in percent. error: of annualized savings, in percent of the baseline's sum.
    """

    group: Group
    cvrmse: float
    error: float


class Coverage(NamedTuple):
    """How often intervals cover, as a fraction; and in percent of the baseline, how wide they are and should be.

    low, high: the 95 % interval of the fraction (Wilson 1927). half_width: the median. needed: the half-width that,
    the same for all, covers 95 %, which is that quantile of the errors. bias: the mean error. n: those with an
    interval; a formula can leave none.
    """

    n: int
    fraction: float
    low: float
    high: float
    half_width: float
    needed: float
    bias: float


def coverage(outcomes: Sequence[Outcome], formula: str = AS_SHIPPED) -> Coverage:
    """Of outcomes that are alike."""
    known = [outcome for outcome in outcomes if math.isfinite(outcome.half_widths[formula])]
    n, covered = len(known), sum(outcome.covers(formula) for outcome in known)
    errors = [outcome.found - outcome.true for outcome in known]
    return Coverage(
        n,
        covered / n,
        *wilson(covered, n),
        median(outcome.half_widths[formula] for outcome in known),
        sorted(map(abs, errors))[math.ceil(LEVEL * n) - 1],
        mean(errors),
    )


def wilson(successes: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a binomial fraction.

    >>> [round(edge, 3) for edge in wilson(95, 100)]
    [0.888, 0.978]
    """
    z = 1.959964
    centre, spread = successes + z**2 / 2, z * math.sqrt(successes * (n - successes) / n + z**2 / 4)
    return (centre - spread) / (n + z**2), (centre + spread) / (n + z**2)


def outcomes_of(group: Group, number: int) -> list[Outcome]:
    """Run a meter, whether or not its data suffice. Three outcomes."""
    meter = simulate(group.frequency, number)
    document = meter.document | {"model_class": group.model, "formatter_kwargs": {"ignore_sufficiency": True}}
    output = run_meter(document)
    reports = output["models"].values()
    others = half_widths(document, output) if group.frequency != "hourly" else {}
    outcomes = []
    for derivative in output["derivatives"]:
        name, baseline = derivative["interpretation"], derivative["baseline_value"]
        half_width = math.hypot(derivative["baseline_lower"], derivative["reporting_lower"])
        truth = meter.truth(name, output["models"]["reporting"]["start"], output["models"]["reporting"]["end"])
        widths = {AS_SHIPPED: half_width} | {formula: of[name] for formula, of in others.items()}
        outcomes.append(
            Outcome(
                group,
                number,
                meter.kind,
                name,
                not any(report["disqualification"] for report in reports),
                meter.autocorrelation,
                100 * (baseline - derivative["reporting_value"]) / baseline,
                100 * truth / baseline,
                {formula: 100 * width / baseline for formula, width in widths.items()},
            )
        )
    return outcomes


def with_little_noise(group: Group, number: int) -> Misfit:
    """Run a meter with a twentieth of its noise: 0.5 to 2 % CVRMSE."""
    meter = simulate(group.frequency, number, noise=0.05)
    document = meter.document | {"model_class": group.model, "formatter_kwargs": {"ignore_sufficiency": True}}
    output = run_meter(document)
    annualized = output["derivatives"][0]
    truth = meter.truth(annualized["interpretation"], "2017-01-04T06:00Z", "2018-01-04T06:00Z")
    error = annualized["baseline_value"] - annualized["reporting_value"] - truth
    cvrmse = output["models"]["baseline"]["cvrmse"]
    return Misfit(group, 100 * cvrmse, 100 * error / annualized["baseline_value"])


def misfits(groups: Iterable[Group], meters: int = 12) -> list[Misfit]:
    """So many meters with hardly any noise of each group."""
    of_each = [group for group in groups for _ in range(meters)]
    with _pool() as pool:
        return list(pool.map(with_little_noise, of_each, list(range(meters)) * (len(of_each) // meters)))


def run(plan: dict[Group, int]) -> list[Outcome]:
    """The outcomes of that many meters of each group, in order; each group has meters of its own."""
    groups = [group for group, meters in plan.items() for _ in range(meters)]
    with _pool() as pool:
        found: list[Outcome] = []
        for at, outcomes in enumerate(pool.map(outcomes_of, groups, range(len(groups)), chunksize=4)):
            found += outcomes
            if at % 100 == 99:
                print(f"{at + 1} of {len(groups)} meters", flush=True)
    return found


def _pool() -> ProcessPoolExecutor:
    os.environ["OMP_NUM_THREADS"] = "1"
    return ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--meters", type=int, help="so many meters with monthly bills instead of all groups")
    meters = parser.parse_args().meters
    outcomes = run({Group("billing_monthly", "BillingModel"): meters} if meters else PLAN)
    for key in dict.fromkeys((outcome.group, outcome.interpretation) for outcome in outcomes):
        found = coverage([outcome for outcome in outcomes if (outcome.group, outcome.interpretation) == key])
        print(
            f"{key[0].frequency:18}{key[0].model:20}{key[1]:26}{found.n:5} meters, covered {found.fraction:.1%}"
            f" ({found.low:.1%} to {found.high:.1%}), half-width {found.half_width:.1f} %, bias {found.bias:+.2f} %"
        )


if __name__ == "__main__":
    main()
