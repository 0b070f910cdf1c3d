"""The limits that a night meets, as buckets: one for each table, index, shared key and prefix."""

import numpy as np

from benchmarks.night.buckets import Bucket, Demand, Floats, Integers
from benchmarks.night.limits import Limits
from benchmarks.night.profile import Profile


class Aws:
    """The buckets, and what each step of a run needs of them."""

    def __init__(self, profile: Profile, limits: Limits, runs: int) -> None:
        self._profile = profile

        def table(name: str) -> Bucket:
            return Bucket(name, limits.table_writes, ceiling=limits.table_quota)

        self.runs = table("runs: table")
        self.by_status = table("runs: index by status")
        self.by_project = table("runs: index by project")
        self.by_trace = table("runs: index by trace")
        self.results = table("results: table")
        self.newest = table("newest runs: table")
        self.batches = table("batches: table")
        shards = profile.status_shards
        self.pending = Bucket("runs: index by status, a PENDING key", limits.key_writes, shards)
        self.running = Bucket("runs: index by status, a RUNNING key", limits.key_writes, shards)
        self.ended = Bucket("runs: index by status, an ended key", limits.key_writes, shards)
        self.counts = Bucket("batches: a shard's key", limits.key_writes, profile.batch_shards)
        self.counts_read = Bucket("batches: a shard's key, reads", limits.key_reads, profile.batch_shards)
        self.read = Bucket("traces, projects: reads of a table", limits.table_reads)
        self.puts = Bucket("S3: puts to a prefix", limits.s3_puts, profile.s3_partitions)
        self.gets = Bucket("S3: gets of a prefix", limits.s3_gets, profile.s3_partitions)
        self.counters = Bucket("counters: the item of run ids", limits.key_writes)
        self._per_project = runs if profile.projects is None else -(-runs // profile.projects)
        projects = 1 if profile.projects is None else -(-runs // self._per_project)
        self.project = Bucket("runs: index by project, a project's key", limits.key_writes, projects)

    @property
    def all(self) -> list[Bucket]:
        """All buckets."""
        return [bucket for bucket in vars(self).values() if isinstance(bucket, Bucket)]

    def create(self, runs: Integers) -> list[Demand]:
        """Writing each of these runs as PENDING."""
        profile = self._profile
        demands = [
            self._units(runs, self.runs, profile.create_item),
            self._units(runs, self.by_status, profile.create_status),
            self._units(runs, self.by_project, profile.create_project),
            self._units(runs, self.by_trace, profile.create_trace),
            self._units(runs, self.pending, profile.create_status, runs % profile.status_shards),
        ]
        if profile.projects is not None:
            demands.append(self._units(runs, self.project, profile.create_project, runs // self._per_project))
        return demands

    def claim(self, runs: Integers) -> list[Demand]:
        """Claiming each run: its entry moves from PENDING to RUNNING."""
        shards, half = runs % self._profile.status_shards, self._profile.claim_status / 2
        return [
            self._units(runs, self.runs, self._profile.claim_item),
            self._units(runs, self.by_status, self._profile.claim_status),
            self._units(runs, self.pending, half, shards),
            self._units(runs, self.running, half, shards),
        ]

    def load(self, runs: Integers, gets: Floats) -> list[Demand]:
        """Reading the input of each run. gets: of S3."""
        return [
            self._units(runs, self.read, 1),
            Demand(self.gets, runs % self._profile.s3_partitions, gets),
        ]

    def put(self, runs: Integers) -> list[Demand]:
        """Storing a document of each run."""
        return [self._units(runs, self.puts, 1, runs % self._profile.s3_partitions)]

    def end(self, runs: Integers) -> list[Demand]:
        """Ending each run: its entry moves from RUNNING to its final status, and its shard is read afterwards."""
        profile = self._profile
        shards, half, keys = runs % profile.status_shards, profile.end_status / 2, runs % profile.batch_shards
        return [
            self._units(runs, self.runs, profile.end_run),
            self._units(runs, self.results, profile.end_result),
            self._units(runs, self.newest, profile.end_newest),
            self._units(runs, self.batches, profile.end_shard),
            self._units(runs, self.counts, profile.end_shard, keys),
            self._units(runs, self.by_status, profile.end_status),
            self._units(runs, self.running, half, shards),
            self._units(runs, self.ended, half, shards),
            self._units(runs, self.counts_read, profile.shard_reads, keys),
        ]

    @staticmethod
    def _units(runs: Integers, bucket: Bucket, units: float, keys: Integers | None = None) -> Demand:
        return Demand(bucket, None if bucket.keys == 1 else keys, np.full(runs.size, float(units)))
