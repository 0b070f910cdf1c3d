"""The invariants of batches."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib.store.runs import batch_shards
from chalicelib.store.runs.batch_jobs import DELETION, EXPANSION
from chalicelib.store.runs.batches import DELETING, EXPANDING, ranges_in
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.tables.runs import Batch, BatchShard, MeterRun
from infra.verify.declaring import invariant
from infra.verify.history import OVERDUE, being_written, is_recorded_as_deleted
from infra.verify.snapshot import Snapshot


@invariant("batch-counts", "The counts of a batch are those of its runs; all exist that are not counted as deleted.")
def batch_counts(at: Snapshot) -> Iterator[str]:
    """Judges a batch once its runs have ended, since the counts of others change while they are read."""
    for id, shards in at.batches.items():
        first = _item(shards)
        if first is None:
            if not any(entry.batch == id for entry in at.outbox):
                yield f"batch {id} has counts, and does not exist"
            continue
        ids = [run for part in ranges_in(first) for run in part]
        if first.state == DELETING:
            left = [run for run in ids if run in at.runs and run <= (first.deleted_to or 0)]
            yield from (f"batch {id} is deleted up to run {first.deleted_to}, and run {run} exists" for run in left)
            continue
        runs = [at.runs[run] for run in ids if run in at.runs]
        deleted = sum(shard.deleted for shard in shards)
        if len(ids) - len(runs) != deleted:
            yield f"batch {id} counts {deleted} of {len(ids)} as deleted, and {len(ids) - len(runs)} do not exist"
        elif any(run.batch != id or not _is_in_its_shard(run, first) for run in runs):
            yield f"batch {id} counts runs of another batch or shard"
        elif all(run.status in ENDED for run in runs):
            yield from _differences(id, shards, runs)
    for id, run in at.runs.items():
        if run.batch is not None and run.batch not in at.batches and not being_written(at.outbox, id):
            yield f"meter run {id} belongs to batch {run.batch}, which does not exist"


def _item(shards: Sequence[Batch | BatchShard]) -> Batch | None:
    """The item of a batch among those that have its counts."""
    return next((one for one in shards if isinstance(one, Batch) and one.shard == 0), None)


def _is_in_its_shard(run: MeterRun, first: Batch) -> bool:
    """Whether a run is counted by the shard of its id; earlier versions had other shards."""
    return first.shards is None or run.batch_shard == batch_shards.shard_of(run.id, first.shards)


@invariant(
    "batches-expand",
    "Each run of a batch is in one of its blocks, and a batch that expands or is deleted has a job.",
)
def batches_expand(at: Snapshot) -> Iterator[str]:
    """Compares the blocks of a batch with its runs and shards, and its state with the jobs."""
    with_job = {(job.batch, job.kind) for job in at.jobs}
    members: dict[int, set[int]] = defaultdict(set)
    for id, run in at.runs.items():
        if run.batch is not None and not being_written(at.outbox, id):
            members[run.batch].add(id)
    for id, shards in at.batches.items():
        first = _item(shards)
        if first is None:
            continue
        parts = ranges_in(first)
        if others := members[id] - {run for part in parts for run in part}:
            yield f"batch {id} has {len(others)} runs outside its blocks, such as {min(others)}"
        if first.state == DELETING and (id, DELETION) not in with_job:
            yield f"batch {id} is {first.state}, and no job deletes it"
        if first.bounds is None:
            continue
        if sum(map(len, parts)) != first.size or sorted(set(first.bounds)) != first.bounds:
            yield f"batch {id} has {first.size} runs, and its blocks are {first.bounds}"
        if first.state == EXPANDING and (id, EXPANSION) not in with_job:
            yield f"batch {id} is {first.state}, and no job makes its runs"
        if first.state not in (EXPANDING, DELETING):
            sizes = Counter(batch_shards.shard_of(run, first.shards) for part in parts for run in part)
            if sizes != {shard.shard: shard.size for shard in shards if shard is not first and shard.size is not None}:
                yield f"batch {id} has shards with other sizes than their runs"
    for job in at.jobs:
        if job.batch not in at.batches and not is_recorded_as_deleted(at, "batches", job.batch):
            yield f"batch {job.batch} does not exist, and has a job"
        if job.due < time.time() - OVERDUE:
            yield f"the job {job.kind} of batch {job.batch} was interrupted, and nothing goes on with it"


def _differences(batch: int, shards: Sequence[Any], runs: list[MeterRun]) -> Iterator[str]:
    for number in {shard.shard for shard in shards} | {run.batch_shard for run in runs}:
        of_shard = [run for run in runs if run.batch_shard == number]
        expected = Counter(dict.fromkeys(("success", "failed"), 0))
        expected.update(run.status.lower() for run in of_shard)
        expected.update(f"failed_{run.failure_reason}" for run in of_shard if run.failure_reason)
        for name, count in expected.items():
            counted = sum(getattr(shard, name) for shard in shards if shard.shard == number)
            if counted != count:
                yield f"batch {batch}, shard {number}, counts {counted} as {name}; there are {count}"
