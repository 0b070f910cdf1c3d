"""Everything that docs/validation.md is made of, and which meters each of its parts is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.validation.plan import LITTLE_NOISE, Numbers, Plan, jobs_of
from benchmarks.validation.portfolios import PortfolioCoverage, find_numbers, portfolios
from benchmarks.validation.sample_runs import SampleRun, sample_runs
from benchmarks.validation.simulation import Group, Job, Outcome, Outcomes, run


@dataclass(frozen=True)
class Results:
    """The runs of a plan with the meters of a set; numbers: those of the meters of portfolios."""

    plan: Plan
    seed: int
    numbers: Numbers
    outcomes: Outcomes
    portfolios: Sequence[PortfolioCoverage]
    samples: Sequence[SampleRun]

    def of_group(self, group: Group) -> list[Outcome]:
        """Of the meters from number 0 on, whose data need not suffice."""
        return self._of(Job(group, number) for number in range(self.plan.groups[group]))

    def sufficient(self, group: Group) -> list[Outcome]:
        """Of those whose data suffice."""
        return [one for one in self.of_group(group) if one.sufficient]

    def with_little_noise(self, group: Group) -> list[Outcome]:
        """Of the meters with a twentieth of the noise."""
        return self._of(Job(group, number, noise=LITTLE_NOISE) for number in range(self.plan.little_noise))

    def with_event(self, group: Group, event: str) -> list[Outcome]:
        """Of the meters with a non-routine event."""
        return self._of(Job(group, number, event=event) for number in range(self.plan.event))

    def compared(self, group: Group) -> list[Outcome]:
        """Of the meters on which methods are compared, whose data suffice for the group's model."""
        return [one for one in self.sufficient(group) if one.job.number < self.plan.compared]

    def of_load(self, groups: Sequence[Group], load: str) -> list[list[Outcome]]:
        """Of each group, the meters of a load under all weathers whose data suffice for all of the groups."""
        numbers = self.numbers[load, False][: min(self.plan.pools[group] for group in groups)]
        fit = [number for number in numbers if all(self._suffices(Job(group, number)) for group in groups)]
        return [self._of(Job(group, number) for number in fit) for group in groups]

    @property
    def meters(self) -> int:
        """How many there are, however often each is read and run."""
        return len({(job.number, job.noise, job.event) for job in self.outcomes})

    @property
    def refused(self) -> int:
        """The runs that came to nothing."""
        return sum(not found for found in self.outcomes.values())

    def _suffices(self, job: Job) -> bool:
        found = self.outcomes[job]
        return bool(found) and found[0].sufficient

    def _of(self, jobs: Iterable[Job]) -> list[Outcome]:
        return [one for job in jobs for one in self.outcomes[job]]


def gather(plan: Plan, seed: int) -> Results:
    """Run everything."""
    numbers = find_numbers(seed, max(plan.pools.values()))
    outcomes = run(jobs_of(plan, numbers), seed)
    return Results(plan, seed, numbers, outcomes, portfolios(plan, numbers, outcomes), sample_runs())
