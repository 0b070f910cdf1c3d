"""The expansion of the request: a chain of invocations that write the runs, chunk by chunk, and queue them."""

import random

import numpy as np

from benchmarks.night.aws import Aws
from benchmarks.night.buckets import Bucket, Demand
from benchmarks.night.limits import BULK
from benchmarks.night.profile import WRITERS, WRITTEN, Profile


class Expansion:
    """How many runs have been written and queued so far."""

    def __init__(self, runs: int, profile: Profile, aws: Aws, seed: int) -> None:
        self._runs, self._profile, self._aws = runs, profile, aws
        self._random = random.Random(seed)
        self._written = 0
        self._chunk_from = self._chunk_to = 0  # the runs of the current chunk
        self._ready = [0.0] * WRITERS  # when each thread can send its next BatchWriteItem
        self._tries = [0] * WRITERS
        self._sending: float | None = None  # since when the current chunk has been queued
        self._begin(0.0)

    @property
    def done(self) -> bool:
        """Whether all runs are queued."""
        return self._written == self._runs and self._sending is None

    def queued(self, until: float) -> int:
        """The number of runs whose messages have been sent by a time, in the order of their ids."""
        while not self.done:
            if self._sending is None:
                thread = min(range(WRITERS), key=self._ready.__getitem__)
                if self._ready[thread] >= until:
                    return self._chunk_from
                self._write(thread)
                if self._written == self._chunk_to:
                    self._sending = max(self._ready)
                continue
            if until <= self._sending:
                return self._chunk_from
            size = self._chunk_to - self._chunk_from
            seconds = self._profile.chunk_send * size / self._profile.chunk
            if until < self._sending + seconds:
                return self._chunk_from + int(size * (until - self._sending) / seconds)
            self._begin(self._sending + seconds + self._profile.chunk_other)
        return self._runs

    def _begin(self, now: float) -> None:
        """Begin the next chunk, if there is one, by allocating the ids of its runs."""
        self._sending, self._chunk_from = None, self._chunk_to
        if self.done:
            return
        self._aws.counters.take(None, np.ones(1))
        self._chunk_to = min(self._runs, self._chunk_from + self._profile.chunk)
        self._ready = [now] * WRITERS

    def _write(self, thread: int) -> None:
        """Write the next runs, or pause if that is throttled."""
        ids = np.arange(self._written, min(self._written + WRITTEN, self._chunk_to))
        refused = _refused_by(self._aws.create(ids))
        if refused is None:
            self._written += ids.size
            self._tries[thread] = 0
            self._ready[thread] += self._profile.chunk_write * WRITTEN * WRITERS / self._profile.chunk
            return
        refused.throttled_bulk += 1
        # When the code's attempts are used up, the invocation fails and is repeated, which goes on where it was.
        self._tries[thread] = min(self._tries[thread] + 1, BULK.attempts)
        pause = self._random.uniform(0, min(BULK.longest, BULK.first * 2 ** (self._tries[thread] - 1)))
        self._ready[thread] += self._profile.latency + pause


def _refused_by(demands: list[Demand]) -> Bucket | None:
    """Serve a BatchWriteItem as a whole; else return the bucket that throttles it."""
    for bucket, keys, units in demands:
        if bucket.refused(keys, units).any():
            bucket.request(keys, units)
            return bucket
    for bucket, keys, units in demands:
        bucket.request(keys, units)
        bucket.take(keys, units)
    return None
