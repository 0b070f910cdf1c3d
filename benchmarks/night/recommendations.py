"""What follows from the model: where each limit begins, and the settings with which no limit is met."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from benchmarks.night.limits import Limits
from benchmarks.night.outcome import Night
from benchmarks.night.profile import Profile
from benchmarks.night.simulation import simulate

FEW_CONFLICTS = 0.01  # of the transactions
FEW_REFUSALS = 1 / 100  # calls per run below which a night counts as not throttled
HEADROOM = 1.5  # of a limit over the mean rate, for seconds with more than the mean
LARGE = 1_000_000  # runs of the request in a trial, whose creation lasts longer than the trial
FULL = 60  # seconds that a trial lasts at its full concurrency
SMALLEST = 2  # WorkerConcurrency's minimum


class Threshold(NamedTuple):
    """A limit: units of a run, units per second over all keys, and the runs per second and workers that reach it."""

    name: str
    units: float
    capacity: float
    rate: float
    workers: float


def thresholds(night: Night, profile: Profile) -> list[Threshold]:
    """Where each limit begins, if its keys are used evenly; the lowest first. night: one without throttling."""
    used = [spot for spot in night.spots if spot.served]
    found = []
    for spot in used:
        units = spot.served / night.runs
        rate = spot.capacity / units
        found.append(Threshold(spot.name, units, spot.capacity, rate, rate * profile.seconds))
    return sorted(found, key=lambda threshold: threshold.rate)


def fitted(profile: Profile, limits: Limits, concurrency: int) -> tuple[Profile, Limits]:
    """The profile and the tables' warm throughput with which so many workers meet no limit.

    Follows from the mean rate of the runs, workers / seconds of a run, and HEADROOM. The number of the batch's shards
    stays as it is: `shards_and_conflicts` shows which is enough.
    """
    rate = HEADROOM * concurrency / profile.seconds
    creating = profile.chunk / profile.chunk_write
    by_status = rate * (profile.claim_status + profile.end_status) + creating * profile.create_status
    by_table = rate * max(profile.claim_item + profile.end_run, profile.end_result) + creating * profile.create_item
    pending = creating * profile.create_status + rate * profile.claim_status / 2
    running = rate * (profile.claim_status + profile.end_status) / 2
    better = replace(
        profile,
        status_shards=max(profile.status_shards, math.ceil(max(pending, running) / limits.key_writes)),
        s3_partitions=max(profile.s3_partitions, math.ceil(2 * rate / limits.s3_puts)),
    )
    warm = min(limits.table_quota, max(limits.table_writes, 1_000 * math.ceil(max(by_status, by_table) / 1_000)))
    return better, replace(limits, table_writes=warm)


def highest_concurrency(profile: Profile, limits: Limits) -> tuple[int, Night | None]:
    """The highest WorkerConcurrency whose night is not throttled (0: none is), and a night with more that is.

    The second is None if that of the event source is not too much. A trial is the beginning of a large request, in
    which runs are still being created, up to FULL seconds at the full concurrency.
    """

    def night(concurrency: int) -> Night:
        growing = max(0.0, concurrency - limits.source_start) / limits.source_growth
        return simulate(LARGE, concurrency, profile, limits, stop=growing + FULL)

    return _highest(night, int(limits.source_maximum))


def _highest(night: Callable[[int], Night], most: int) -> tuple[int, Night | None]:
    good, bad = 0, most + 1
    worse: Night | None = None
    trial = most
    while bad - good > max(1, good // 20):  # to 5%
        tried = night(trial)
        if tried.throttled < FEW_REFUSALS * tried.succeeded:
            good = trial
        else:
            bad, worse = trial, tried
        if bad <= SMALLEST:
            return 0, worse
        trial = max(SMALLEST, (good + bad) // 2)
    return good, worse


def shards_and_conflicts(night: Callable[[int], Night], most: int) -> list[tuple[int, Night]]:
    """Nights with more and more shards, from 64, until few transactions conflict."""
    found: list[tuple[int, Night]] = []
    shards = 64
    while shards <= most:
        found.append((shards, night(shards)))
        if found[-1][1].conflicts < FEW_CONFLICTS * found[-1][1].transactions:
            break
        shards *= 2
    return found
