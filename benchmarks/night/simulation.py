"""A discrete-event simulation of one night: from the request to the end of its last run.

The events are the calls of each run to AWS. Each run and each worker is simulated, with its own times. What is
aggregated is only the acceptance of calls: time advances in steps of STEP, the calls of one step are sorted by their
times, and AWS's limits accept as many of them as a token bucket holds. So a million runs take seconds instead of
minutes, and without limits all durations are exact, since a call's time is not rounded to a step.
"""

import heapq
import math
from collections import Counter
from collections.abc import Callable

import numpy as np

from benchmarks.night.aws import Aws
from benchmarks.night.buckets import GRANTED, Demand, Floats, Integers, admit
from benchmarks.night.expansion import Expansion
from benchmarks.night.limits import (
    MAX_ATTEMPTS,
    ON_DEMAND_WINDOW,
    QUEUE_TRIES,
    RETRY_DELAY,
    S3,
    TRANSACTION,
    UPDATE,
    Limits,
    Pauses,
)
from benchmarks.night.outcome import CONFLICTS, STEP, STEPS_PER_SECOND, HotSpot, Night
from benchmarks.night.profile import Profile

IDLE, CLAIM, LOAD, PUT_INPUT, PUT_OUTPUT, END = range(-1, 5)  # what a worker does next
PAUSES: tuple[Pauses, ...] = (UPDATE, S3, S3, S3, TRANSACTION)  # of the steps from CLAIM to END


def simulate(
    runs: int, concurrency: int, profile: Profile, limits: Limits, stop: float = math.inf, seed: int = 1
) -> Night:
    """Simulate a bulk request for so many runs, or its first `stop` seconds. concurrency: WorkerConcurrency."""
    return _Simulation(runs, concurrency, profile, limits, seed).night(stop)


class _Simulation:
    def __init__(self, runs: int, concurrency: int, profile: Profile, limits: Limits, seed: int) -> None:
        self._profile, self._limits = profile, limits
        self._aws = Aws(profile, limits, runs)
        self._expansion = Expansion(runs, profile, self._aws, seed)
        self._random = np.random.default_rng(seed)
        self._night = Night(runs, concurrency, profile)
        self._workers = int(min(concurrency, limits.source_maximum, limits.account_concurrency, runs))
        # By worker: what it does next and when, the run it holds, and how often it has tried its next call.
        self._next = np.full(self._workers, IDLE)
        self._ready = np.zeros(self._workers)
        self._run = np.zeros(self._workers, dtype=np.int64)
        self._tries = np.zeros(self._workers, dtype=np.int64)
        self._done = np.zeros(self._workers)  # runs so far
        self._cpu = np.zeros(self._workers)
        self._gets = np.zeros(self._workers)
        self._started = 0  # workers
        self._since: float | None = None  # when the first message was there
        self._received = 0  # messages that were delivered at least once
        self._returned: list[tuple[float, int]] = []  # messages that wait for their next delivery: when, and the run
        self._deliveries: Counter[int] = Counter()  # of the runs that were returned
        self._claims: Counter[int] = Counter()
        self._free = np.zeros(profile.batch_shards)  # until when the last transaction on each shard holds it
        self._conflicts = self._conflict_seconds = 0.0
        self._in_flight = 0

    def night(self, stop: float) -> Night:
        """Run the simulation."""
        night, step = self._night, 0
        while night.succeeded + night.given_up < night.runs and step * STEP < stop:
            now, until = step * STEP, (step + 1) * STEP
            queued = self._expansion.queued(until)
            self._start_workers(now, queued)
            self._receive(until, queued)
            for stage in range(CLAIM, END + 1):
                self._advance(stage, until)
            self._account(until)
            for bucket in self._aws.all:
                bucket.refill(STEP)
                if (step + 1) % STEPS_PER_SECOND == 0:
                    bucket.end_second()
                    if (step + 1) % (ON_DEMAND_WINDOW * STEPS_PER_SECOND) == 0:
                        bucket.grow()
            step += 1
        for bucket in self._aws.all:
            bucket.end_second()
        night.spots = self._spots()
        return night

    def _start_workers(self, now: float, queued: int) -> None:
        """Start the workers that the event source may use by now, if there are messages for them."""
        if queued > self._received or self._returned:
            self._since = now if self._since is None else self._since
            for_source = self._limits.source_start + self._limits.source_growth * (now - self._since)
            for_function = self._limits.lambda_start + self._limits.lambda_growth * (now - self._since)
            allowed = int(min(self._workers, for_source, for_function))
            if allowed > self._started:
                self._ready[self._started : allowed] = now + self._profile.cold_start
                self._night.busy += self._profile.cold_start * (allowed - self._started)
                self._started = allowed
            self._night.unscaled += STEP * (self._night.concurrency - self._started)

    def _receive(self, until: float, queued: int) -> None:
        """Give each idle worker a message, those that were returned first."""
        idle = self._due(IDLE, until)
        messages: list[int] = []
        while self._returned and self._returned[0][0] < until and len(messages) < idle.size:
            messages.append(heapq.heappop(self._returned)[1])
        room = self._limits.in_flight - (self._started - idle.size) - len(self._returned)
        fresh = int(max(0, min(idle.size - len(messages), queued - self._received, room)))
        messages += range(self._received, self._received + fresh)
        self._received += fresh
        busy, waiting = idle[: len(messages)], idle[len(messages) :]
        self._ready[waiting] = until
        if not self._expansion.done:
            self._night.idle += STEP * waiting.size
        self._run[busy] = messages
        self._next[busy] = CLAIM
        self._tries[busy] = 0
        spread = self._profile.spread
        self._cpu[busy] = self._profile.cpu * np.exp(self._random.normal(-(spread**2) / 2, spread, busy.size))
        new_station = self._random.random(busy.size) < (1 - 1 / self._profile.stations) ** self._done[busy]
        self._gets[busy] = self._profile.s3_gets + self._profile.weather_gets * new_station
        self._done[busy] += 1

    def _due(self, stage: int, until: float) -> Integers:
        """The workers whose next call is this one, before a time, in the order of time."""
        due = np.flatnonzero((self._next[: self._started] == stage) & (self._ready[: self._started] < until))
        return due[np.argsort(self._ready[due], kind="stable")]

    def _advance(self, stage: int, until: float) -> None:
        """Make the calls of one step for all workers that are due."""
        workers = self._due(stage, until)
        if not workers.size:
            return
        demands = self._demands(stage, workers)
        outcome = admit(workers.size, demands)
        for number, demand in enumerate(demands):
            if (refused := workers[outcome == number]).size:
                demand.bucket.throttled += refused.size
                demand.bucket.waited += self._pause(refused, stage)
        granted = workers[outcome == GRANTED]
        if stage == END:
            granted = self._without_conflicts(granted)
        seconds = self._seconds(stage, granted)
        self._night.busy += float(np.sum(seconds))
        self._ready[granted] += seconds
        self._tries[granted] = 0
        if stage == END:
            self._end(granted)
        else:
            self._next[granted] = stage + 1

    def _demands(self, stage: int, workers: Integers) -> list[Demand]:
        runs = self._run[workers]
        if stage == LOAD:
            return self._aws.load(runs, self._gets[workers])
        demands: dict[int, Callable[[Integers], list[Demand]]] = {
            CLAIM: self._aws.claim,
            PUT_INPUT: self._aws.put,
            PUT_OUTPUT: self._aws.put,
            END: self._aws.end,
        }
        return demands[stage](runs)

    def _seconds(self, stage: int, workers: Integers) -> Floats:
        """How long the calls of a step take, and what the worker computes after them."""
        profile = self._profile
        seconds: Floats = np.full(workers.size, profile.latency)
        if stage == LOAD:
            seconds *= profile.table_reads + self._gets[workers]
        if stage == PUT_INPUT:
            seconds += self._cpu[workers]
        if stage == END:
            seconds *= 1 + profile.shard_reads
        return seconds

    def _without_conflicts(self, workers: Integers) -> Integers:
        """Those of these workers whose transaction meets no other one on its shard. The others pause."""
        shards = (self._run[workers] % self._profile.batch_shards).tolist()
        alone = np.empty(workers.size, dtype=bool)
        for place, (shard, at) in enumerate(zip(shards, self._ready[workers].tolist(), strict=True)):
            alone[place] = at >= self._free[shard]
            if alone[place]:
                self._free[shard] = at + self._profile.hold
        met = workers[~alone]
        self._night.transactions += workers.size
        self._night.conflicts += met.size
        self._conflict_seconds += self._pause(met, END)
        return workers[alone]

    def _pause(self, workers: Integers, stage: int) -> float:
        """Let workers wait before they repeat a call, or return their messages. Returns the seconds that this costs."""
        if not workers.size:
            return 0.0
        if PAUSES[stage] is S3:
            self._night.repeated_s3 += workers.size
        self._tries[workers] += 1
        pauses = PAUSES[stage]
        out = self._tries[workers] >= pauses.attempts
        longest = np.minimum(pauses.longest, pauses.first * 2.0 ** (self._tries[workers] - 1))
        seconds = self._profile.latency + np.where(out, 0.0, self._random.random(workers.size) * longest)
        self._ready[workers] += seconds
        for worker in workers[out].tolist():
            self._return(worker, claimed=stage > CLAIM)
        return float(seconds.sum())

    def _return(self, worker: int, *, claimed: bool) -> None:
        """Return a worker's message to the queue, or give the run up as the code and the queue do."""
        run = int(self._run[worker])
        self._deliveries[run] += 1
        self._claims[run] += claimed
        self._next[worker] = IDLE
        if self._claims[run] >= MAX_ATTEMPTS or self._deliveries[run] >= QUEUE_TRIES:
            self._night.given_up += 1
            self._night.duration = max(self._night.duration, self._ready[worker])
            return
        self._night.redelivered += 1
        heapq.heappush(self._returned, (self._ready[worker] + RETRY_DELAY * self._deliveries[run], run))

    def _end(self, workers: Integers) -> None:
        self._next[workers] = IDLE
        self._night.succeeded += workers.size
        if workers.size:
            self._night.duration = max(self._night.duration, float(self._ready[workers].max()))
            self._night.ended_in.update((self._ready[workers] // STEP).astype(int).tolist())

    def _account(self, until: float) -> None:
        busy = int(np.count_nonzero(self._next[: self._started] != IDLE))
        self._in_flight = max(self._in_flight, busy + len(self._returned))

    def _spots(self) -> list[HotSpot]:
        """All limits, the most utilised first."""
        limits, night = self._limits, self._night
        spots = [
            HotSpot(
                bucket.name,
                bucket.utilisation,
                bucket.throttled,
                bucket.throttled_bulk,
                bucket.waited,
                bucket.served,
                bucket.rate * bucket.keys,
            )
            for bucket in self._aws.all
        ]
        share = night.conflicts / max(1, night.transactions)
        spots += [
            HotSpot(CONFLICTS, share, night.conflicts, waited=self._conflict_seconds),
            HotSpot("SQS: messages in flight", self._in_flight / limits.in_flight),
            HotSpot("Lambda: concurrent executions of the account", self._started / limits.account_concurrency),
            HotSpot("CloudWatch: PutLogEvents", night.peak_rate / limits.put_log_events),
        ]
        return sorted(spots, key=lambda spot: -spot.utilisation)
