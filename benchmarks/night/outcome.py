"""The outcome of a simulated night."""

from collections import Counter
from dataclasses import dataclass, field

from benchmarks.night.profile import Profile

STEP = 0.1  # seconds of a step of the simulation; shorter than a fit
STEPS_PER_SECOND = round(1 / STEP)
EXPANSION, SCALING, WORKERS = "the expansion of the request", "the scaling of the event source", "WorkerConcurrency"
CONFLICTS = "batches: transactions on a shard"


@dataclass(frozen=True)
class HotSpot:
    """A limit: its highest utilisation (peak rate / limit), the calls it refused, and the worker-seconds this cost.

    served: units in total; capacity: units per second, over all keys. Both 0 if it is not a rate.
    """

    name: str
    utilisation: float
    throttled: int = 0
    throttled_bulk: int = 0
    waited: float = 0.0
    served: float = 0.0
    capacity: float = 0.0


@dataclass
class Night:
    """What happened in a night. Times are in seconds after the request."""

    runs: int
    concurrency: int
    profile: Profile
    duration: float = 0.0
    succeeded: int = 0
    given_up: int = 0  # runs that ended FAILED with the reason `machine`
    transactions: int = 0
    conflicts: int = 0  # transactions that another one on the same shard cancelled
    redelivered: int = 0  # messages
    repeated_s3: int = 0  # calls to S3 that were made again
    busy: float = 0.0  # worker-seconds of work
    idle: float = 0.0  # while runs were still being created
    unscaled: float = 0.0  # of workers that had not been started yet, while runs were waiting
    spots: list[HotSpot] = field(default_factory=list)
    ended_in: Counter[int] = field(default_factory=Counter)  # runs by the step in which they ended

    @property
    def rate(self) -> float:
        """Runs per second, over the whole night."""
        return self.runs / self.duration

    @property
    def peak_rate(self) -> int:
        """Runs that ended in the second with most of them."""
        seconds: Counter[int] = Counter()
        for step, count in self.ended_in.items():
            seconds[step // STEPS_PER_SECOND] += count
        return max(seconds.values(), default=0)

    def ended_by(self, at: float) -> int:
        """How many runs had ended by a time."""
        return sum(count for step, count in self.ended_in.items() if (step + 1) * STEP <= at)

    @property
    def throttled(self) -> int:
        """Calls of workers that a limit refused, without conflicts."""
        return sum(spot.throttled for spot in self.spots if spot.name != CONFLICTS)

    @property
    def waited(self) -> float:
        """Worker-seconds lost to refused calls and conflicts."""
        return sum(spot.waited for spot in self.spots)

    @property
    def limiter(self) -> str:
        """What cost most of the worker-seconds that the concurrency offers; WORKERS if nothing cost a tenth of them."""
        lost = {spot.name: spot.waited for spot in self.spots} | {EXPANSION: self.idle, SCALING: self.unscaled}
        name = max(lost, key=lost.__getitem__)
        return name if lost[name] > 0.1 * self.concurrency * self.duration else WORKERS
