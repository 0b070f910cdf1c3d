"""The errors that similar meters in the same weather share: the fractions behind a derivative's systematic_error.

    python -m benchmarks.validation.systematic [--share SHARE]

runs 400 meters of the development set per model (or a share of them), and prints each fraction next to what chance
alone would give. A cell is one climate, pair of years and kind of load. The fraction is 1.96 times the standard
deviation of the cells' mean errors, after subtracting the contribution of the meters' noise. It is the larger one of
gross_observed and annualized_weather_normal, at least what chance could hide, and rounded up to 0.1 % of the baseline.
BillingModel's meters have their full noise; the others have a twentieth of it, because full noise would hide the shared
errors. So these fractions do not include the effect of noise on a fit to six bills.
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
_ONE_IN_TWENTY = 1.645  # standard deviations, the one-sided 95 % quantile


class Cell(NamedTuple):
    """The mean error of a cell's meters in percent, and its squared standard error."""

    mean: float
    squared_error: float


class Shared(NamedTuple):
    """spread: shared error in percent of the baseline. by_chance: exceeded in 5 % of samples without shared errors."""

    meters: int
    cells: int
    spread: float
    by_chance: float

    @property
    def fraction(self) -> float:
        """The larger of the two as a fraction of the baseline, rounded up to 0.1 %."""
        return math.ceil(round(10 * max(self.spread, self.by_chance), 6)) / 1000


def shared(outcomes: Iterable[Outcome]) -> Shared:
    """Return the shared error of one group, unit and derivative."""
    errors: dict[tuple[object, str], list[float]] = defaultdict(list)
    for outcome in outcomes:
        errors[outcome.climate, outcome.load].append(outcome.error)
    cells = [Cell(mean(one), variance(one) / len(one)) for one in errors.values() if len(one) > 1]
    return Shared(sum(map(len, errors.values())), len(cells), *spread(cells))


def spread(cells: Sequence[Cell]) -> tuple[float, float]:
    """Return 1.96 standard deviations of the cells' true means, and its 95 % quantile if all true means are 0."""
    between = mean(cell.mean**2 - cell.squared_error for cell in cells)
    deviation = math.sqrt(2 * sum(cell.squared_error**2 for cell in cells)) / len(cells)
    return _Z * math.sqrt(max(0.0, between)), _Z * math.sqrt(_ONE_IN_TWENTY * deviation)


def largest(outcomes: Sequence[Outcome]) -> Shared:
    """Return the shared error of the derivative that has more of it."""
    of_each = (shared(of_derivative(outcomes, interpretation)) for interpretation in (NORMAL_YEAR, OBSERVED))
    return max(of_each, key=lambda found: found.spread)


def of_groups(meters: int) -> dict[tuple[str, str, str], Shared]:
    """Return shared errors by model, frequency and unit, from `meters` meters each, if their data are sufficient."""
    jobs = (Job(group, number, noise=noise) for group, noise in NOISE.items() for number in range(meters))
    found = run(jobs, DEVELOPMENT)
    outcomes = [one for matching in found.values() for one in matching if one.sufficient]
    return {
        (group.model, group.frequency, unit): largest(
            [one for one in outcomes if one.job.group == group and one.derivative["unit"] == unit]
        )
        for group in NOISE
        for unit in UNITS
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=float, default=1.0, help="fraction of the meters to run, such as 0.2")
    share = parser.parse_args().share
    for key, found in of_groups(math.ceil(share * METERS)).items():
        measured = f"{found.spread:.2f} %, by chance {found.by_chance:.2f} %"
        print(f"{key}: {found.fraction:.3f},  # {measured}, of {found.meters} meters in {found.cells} cells")


if __name__ == "__main__":
    main()
