"""The tables of docs/scale.md: nights of several sizes, their hot spots, and what follows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.cost.prices import AS_OF
from benchmarks.night import costs
from benchmarks.night.limits import Limits
from benchmarks.night.outcome import CONFLICTS, Night
from benchmarks.night.profile import Profile
from benchmarks.night.recommendations import (
    FEW_CONFLICTS,
    FEW_REFUSALS,
    fitted,
    highest_concurrency,
    shards_and_conflicts,
    thresholds,
)
from benchmarks.night.simulation import simulate

DEFAULT, MOST = 100, 1_000  # the template's default for WorkerConcurrency, and its maximum
HOT = 0.1  # utilisation from which a limit is listed
SHARDS_TRIED = 8_192
TRIAL = 400_000  # runs of the nights that compare numbers of shards


@dataclass(frozen=True)
class Scenario:
    """A night to simulate."""

    name: str
    runs: int
    concurrency: int
    profile: Profile
    limits: Limits


def fitted_for_most() -> tuple[Profile, Limits, list[tuple[int, Night]]]:
    """What MOST workers need, and the nights that show how many shards a batch needs."""
    better, warm = fitted(Profile(), Limits(), MOST)

    def night(shards: int) -> Night:
        return simulate(TRIAL, MOST, replace(better, batch_shards=shards), warm)

    tried = shards_and_conflicts(night, SHARDS_TRIED)
    return replace(better, batch_shards=tried[-1][0]), warm, tried


def scenarios(sizes: Sequence[int], better: Profile, warm: Limits) -> list[Scenario]:
    """The nights of the report: as deployed, with the highest concurrency, and with what that needs."""
    profile, limits = Profile(), Limits()
    found = [Scenario("as deployed", sizes[0], DEFAULT, profile, limits)]
    for size in sizes:
        found += [
            Scenario("as deployed", size, MOST, profile, limits),
            Scenario("warm", size, MOST, profile, warm),
            Scenario("fitted", size, MOST, better, warm),
        ]
    one_project = replace(better, projects=1)
    return [*found, Scenario("fitted, but one project", sizes[0], MOST, one_project, warm)]


def row(scenario: Scenario, night: Night) -> list[str]:
    """A row of the first table."""
    refused = [f"{name} {count:,}" for name, count in list(costs.by_resource(night).items())[:3]]
    return [
        scenario.name,
        f"{night.runs:,}",
        f"{night.concurrency:,}",
        f"{night.duration / 60:,.0f}",
        f"{night.rate:,.0f}",
        night.limiter,
        "; ".join(refused) or "none",
        f"{night.redelivered:,}",
        f"{night.given_up:,}",
        f"{costs.of_retries(night):,.2f}",
    ]


def hot_spots(night: Night) -> Iterator[list[str]]:
    """The rows of a night's limits, the hottest first."""
    for spot in night.spots:
        if spot.utilisation >= HOT or spot.throttled or spot.throttled_bulk:
            share = f"{spot.utilisation:.0%}" + (" of transactions" if spot.name == CONFLICTS else "")
            refused = f"{spot.throttled:,}", f"{spot.throttled_bulk:,}"
            yield [spot.name, share, *refused, f"{spot.waited / 3600:,.1f}"]


def limit_rows(night: Night, profile: Profile) -> Iterator[list[str]]:
    """The rows of the limits of a night, with where each begins."""
    for one in thresholds(night, profile):
        yield [one.name, f"{one.units:.2f}", f"{one.capacity:,.0f}", f"{one.rate:,.0f}", f"{one.workers:,.0f}"]


def advice(better: Profile, warm: Limits) -> Iterator[str]:
    """Sentences on the highest concurrency and on what it needs."""
    profile = Profile()
    in_parts = replace(profile, s3_partitions=better.s3_partitions)
    for name, one, given in (
        ("As deployed", profile, Limits()),
        (f"With a warm throughput of {warm.table_writes:,.0f} write units for each table and index", profile, warm),
        (f"With {better.s3_partitions} partitions in S3, too", in_parts, warm),
        (f"With {better.batch_shards:,} shards, too", better, warm),
    ):
        highest, worse = highest_concurrency(one, given)
        above = "" if worse is None else f"; with more, {costs.worst(worse)!r} is throttled"
        yield f"{name}: {f'{highest:,} workers' if highest else 'none'}{above}."


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(sizes: Sequence[int]) -> None:
    """Simulate nights of these sizes, and print the tables."""
    profile = Profile()
    print(f"A run: {profile.seconds:.2f} s in a warm worker, {profile.calls} calls to AWS.")
    print(f"All figures are modelled. Retries in dollars, at prices of {AS_OF}.\n", flush=True)
    better, warm, tried = fitted_for_most()
    nights = [
        (one, simulate(one.runs, one.concurrency, one.profile, one.limits)) for one in scenarios(sizes, better, warm)
    ]
    head = ("settings", "meters = runs", "workers", "minutes", "runs/s", "limited by", "refused calls")
    print(markdown((*head, "redelivered", "given up", "retries, $"), [row(*one) for one in nights]), "\n")
    for scenario, night in nights[1:4]:
        print(f"Hot spots: {scenario.name}, {night.runs:,} runs, {night.concurrency:,} workers\n")
        print(
            markdown(("limit", "utilisation", "workers", "BatchWriteItem", "worker-hours lost"), hot_spots(night)), "\n"
        )
    scenario, night = nights[3]
    print(f"Where each limit begins: {scenario.name}\n")
    print(markdown(("limit", "units per run", "units/s", "runs/s", "workers"), limit_rows(night, better)), "\n")
    rows = [
        [f"{shards:,}", f"{costs.conflict_share(one):.1%}", f"{one.rate:,.0f}", f"{costs.of_retries(one):,.2f}"]
        for shards, one in tried
    ]
    print(f"Shards of a batch of {TRIAL:,} runs, until under {FEW_CONFLICTS:.0%} of its transactions conflict\n")
    print(markdown(("shards", "conflicts", "runs/s", "retries, $"), rows), "\n")
    print(f"The highest concurrency with under {FEW_REFUSALS:.0%} refused calls per run\n", flush=True)
    for sentence in advice(better, warm):
        print(f"- {sentence}", flush=True)
