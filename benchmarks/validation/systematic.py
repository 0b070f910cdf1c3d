"""The errors that meters of one kind under one weather share: the fractions behind a derivative's systematic_error.

    python -m benchmarks.validation.systematic [--share SHARE]

runs 400 meters a model (or a share of them) of the set for development, and prints each fraction beside what chance
alone would show. It is 1.96 times the standard deviation of the mean errors of the cells, each of one climate, pair of
years and kind of load, without what the noise of a cell's meters adds to it: the larger one of gross_observed and
annualized_weather_normal, and not less than what chance may hide, rounded up to 0.1 % of the baseline. BillingModel's
meters have all of their noise; those of the others a twentieth, or it would hide what they share. So these fractions do
not have what noise itself does to six bills.
"""

import argparse
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import mean, variance
from typing import NamedTuple

from benchmarks.meters.simulated_meter import DEVELOPMENT
from benchmarks.validation.plan import BIMONTHLY, DAILY, EEMETER_BIMONTHLY, EEMETER_MONTHLY, LITTLE_NOISE, MONTHLY
from benchmarks.validation.portfolios import NORMAL_YEAR, OBSERVED
from benchmarks.validation.simulation import Job, Outcome, of_derivative, run

METERS = 400
NOISE = {
    DAILY: LITTLE_NOISE,
    MONTHLY: LITTLE_NOISE,
    BIMONTHLY: LITTLE_NOISE,
    EEMETER_MONTHLY: 1.0,
    EEMETER_BIMONTHLY: 1.0,
}
UNITS = ("KWH", "THERM")
_Z = 1.96
_ONE_IN_TWENTY = 1.645  # standard deviations


class Cell(NamedTuple):
    """The mean error of some meters in percent, and its squared standard error."""

    mean: float
    squared_error: float


class Shared(NamedTuple):
    """In percent of the baseline: what meters share, and what one in twenty samples without any would show."""

    meters: int
    cells: int
    spread: float
    by_chance: float

    @property
    def fraction(self) -> float:
        """Of the baseline: the larger of the two, rounded up to 0.1 %."""
        return math.ceil(round(10 * max(self.spread, self.by_chance), 6)) / 1000


def shared(outcomes: Iterable[Outcome]) -> Shared:
    """Of one group, unit and derivative."""
    errors: dict[tuple[object, str], list[float]] = defaultdict(list)
    for outcome in outcomes:
        errors[outcome.climate, outcome.load].append(outcome.error)
    cells = [Cell(mean(one), variance(one) / len(one)) for one in errors.values() if len(one) > 1]
    return Shared(sum(map(len, errors.values())), len(cells), *spread(cells))


def spread(cells: Sequence[Cell]) -> tuple[float, float]:
    """1.96 standard deviations of the true means of cells; and what means that are all 0 exceed one time in twenty."""
    between = mean(cell.mean**2 - cell.squared_error for cell in cells)
    deviation = math.sqrt(2 * sum(cell.squared_error**2 for cell in cells)) / len(cells)
    return _Z * math.sqrt(max(0.0, between)), _Z * math.sqrt(_ONE_IN_TWENTY * deviation)


def largest(outcomes: Sequence[Outcome]) -> Shared:
    """That of the derivative that shares more."""
    of_each = (shared(of_derivative(outcomes, interpretation)) for interpretation in (NORMAL_YEAR, OBSERVED))
    return max(of_each, key=lambda found: found.spread)


def of_groups(meters: int) -> dict[tuple[str, str, str], Shared]:
    """By model, frequency and unit, from so many meters of each, of those that have sufficient data."""
    jobs = (Job(group, number, noise=noise) for group, noise in NOISE.items() for number in range(meters))
    found = run(jobs, DEVELOPMENT)
    outcomes = [one for alike in found.values() for one in alike if one.sufficient]
    return {
        (group.model, group.frequency, unit): largest(
            [one for one in outcomes if one.job.group == group and one.derivative["unit"] == unit]
        )
        for group in NOISE
        for unit in UNITS
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=float, default=1.0, help="of the meters, such as 0.2")
    share = parser.parse_args().share
    for key, found in of_groups(math.ceil(share * METERS)).items():
        measured = f"{found.spread:.2f} %, by chance {found.by_chance:.2f} %"
        print(f"{key}: {found.fraction:.3f},  # {measured}, of {found.meters} meters in {found.cells} cells")


if __name__ == "__main__":
    main()
