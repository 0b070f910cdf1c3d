"""All results for docs/validation.md, and the selection of meters for each of its parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.validation.plan import LITTLE_NOISE, Numbers, Plan, jobs_of
from benchmarks.validation.portfolios import PortfolioCoverage, find_numbers, portfolios
from benchmarks.validation.sample_runs import SampleRun, sample_runs
from benchmarks.validation.simulation import Group, Job, Outcome, Outcomes, run


@dataclass(frozen=True)
class Results:
    """The runs of a plan with the meters of a set. numbers: of the meters in portfolios."""

    plan: Plan
    seed: int
    numbers: Numbers
    outcomes: Outcomes
    portfolios: Sequence[PortfolioCoverage]
    samples: Sequence[SampleRun]

    def of_group(self, group: Group) -> list[Outcome]:
        """Return the outcomes of a group's meters from number 0, with or without sufficient data."""
        return self._of(Job(group, number) for number in range(self.plan.groups[group]))

    def sufficient(self, group: Group) -> list[Outcome]:
        """Return the outcomes of a group's meters with sufficient data."""
        return [one for one in self.of_group(group) if one.sufficient]

    def with_little_noise(self, group: Group) -> list[Outcome]:
        """Return the outcomes of the meters with LITTLE_NOISE."""
        return self._of(Job(group, number, noise=LITTLE_NOISE) for number in range(self.plan.little_noise))

    def with_event(self, group: Group, event: str) -> list[Outcome]:
        """Return the outcomes of the meters with a non-routine event."""
        return self._of(Job(group, number, event=event) for number in range(self.plan.event))

    def compared(self, group: Group) -> list[Outcome]:
        """Return the outcomes of the meters for comparing methods that have sufficient data for the group's model."""
        return [one for one in self.sufficient(group) if one.job.number < self.plan.compared]

    def of_load(self, groups: Sequence[Group], load: str) -> list[list[Outcome]]:
        """Return, by group, the outcomes of a load's meters, in all climates, with sufficient data in every group."""
        numbers = self.numbers[load, False][: min(self.plan.pools[group] for group in groups)]
        suitable = [number for number in numbers if all(self._suffices(Job(group, number)) for group in groups)]
        return [self._of(Job(group, number) for number in suitable) for group in groups]

    @property
    def meters(self) -> int:
        """The number of different meters, regardless of how often each is read and run."""
        return len({(job.number, job.noise, job.event) for job in self.outcomes})

    @property
    def refused(self) -> int:
        """The number of runs without a result."""
        return sum(not found for found in self.outcomes.values())

    def _suffices(self, job: Job) -> bool:
        found = self.outcomes[job]
        return bool(found) and found[0].sufficient

    def _of(self, jobs: Iterable[Job]) -> list[Outcome]:
        return [one for job in jobs for one in self.outcomes[job]]


def gather(plan: Plan, seed: int) -> Results:
    """Run the whole plan."""
    numbers = find_numbers(seed, max(plan.pools.values()))
    outcomes = run(jobs_of(plan, numbers), seed)
    return Results(plan, seed, numbers, outcomes, portfolios(plan, numbers, outcomes), sample_runs())
