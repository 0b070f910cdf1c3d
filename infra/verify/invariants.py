"""What holds at any time in a deployment, whatever has failed: each invariant has a name, a sentence and a check."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.aggregation.sums import partial_sum, total
from chalicelib.store.results.derivatives import derivative_ids, run_of
from chalicelib.store.runs import statuses
from chalicelib.store.runs.batch_jobs import DELETION, EXPANSION
from chalicelib.store.runs.batches import DELETING, EXPANDING, expanding_shard_of, ranges_in, shard_of
from chalicelib.store.runs.deletions import runs_of
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.runs.expansions import REQUESTS
from chalicelib.store.series import series
from chalicelib.store.shared import documents
from chalicelib.store.tables.runs import AggregationRun, BatchShard, DeletedRuns, MeterRun
from chalicelib.vocabulary import FAILURE_REASONS
from infra.verify.snapshot import Snapshot

OVERDUE = 30 * 60  # seconds after which the reconciler has certainly seen what is due

Check = Callable[[Snapshot], Iterator[str]]


@dataclass(frozen=True)
class Invariant:
    """What always holds. `check` yields a sentence for each violation."""

    name: str
    sentence: str
    check: Check


@dataclass(frozen=True, order=True)
class Violation:
    """A violated invariant, by name, and what violates it."""

    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


INVARIANTS: list[Invariant] = []


def invariant(name: str, sentence: str) -> Callable[[Check], Check]:
    """Declare a check as an invariant."""

    def declare(check: Check) -> Check:
        INVARIANTS.append(Invariant(name, sentence, check))
        return check

    return declare


def violations(snapshot: Snapshot) -> list[Violation]:
    """All violations in a snapshot, sorted."""
    return sorted({Violation(one.name, what) for one in INVARIANTS for what in one.check(snapshot)})


@invariant("runs-end", "Every accepted run has ended as SUCCESS or FAILED, or is due for a check that ends it.")
def runs_end(at: Snapshot) -> Iterator[str]:
    """A run is listed with its status; one that has not ended is due for a check, and not long overdue."""
    for kind, runs in (("meter run", at.runs), ("aggregation run", at.aggregation_runs)):
        for id, run in runs.items():
            if run.status not in (*ENDED, "PENDING", "RUNNING"):
                yield f"{kind} {id} has the status {run.status}"
            elif not _is_listed(run):
                yield f"{kind} {id} is {run.status}, and the index has it with another status"
            elif run.status in ENDED and run.due is not None:
                yield f"{kind} {id} has ended as {run.status}, but is still due for a check"
            elif run.status not in ENDED and run.due is None:
                yield f"{kind} {id} is {run.status}, but no check is due"
            elif run.status not in ENDED and run.due < time.time() - OVERDUE:
                yield f"{kind} {id} is {run.status}, and its check is overdue"


def _is_listed(run: MeterRun | AggregationRun) -> bool:
    """Whether the index by which the reconciler and lists find a run has it in its place."""
    if isinstance(run, MeterRun):
        return bool(run.status_partition == statuses.partition(run.status, run.id))
    return (run.open_shard is None) == (run.status in ENDED)


@invariant("success-has-result", "A SUCCESS has exactly one result, with its derivatives and documents; a FAILED none.")
def success_has_result(at: Snapshot) -> Iterator[str]:
    """Runs, results, derivatives and documents name each other."""
    for id, run in at.runs.items():
        result = at.results.get(id)
        found = [at.derivatives[one] for one in derivative_ids(id) if one in at.derivatives]
        if run.status == "SUCCESS":
            if result is None or run.meter_result != id or result.meter_run != id:
                yield f"meter run {id} is a SUCCESS without its result"
            elif not found or any(one.meter_result != id for one in found):
                yield f"meter result {id} has no derivatives"
            else:
                missing = {run.meter_input, result.meter_output} - at.objects
                yield from (f"meter run {id} names {key}, which does not exist" for key in missing)
                if (result.trace, result.project) != (run.trace, run.project):
                    yield f"meter result {id} is of another trace or project than its run"
        elif run.status == "FAILED":
            if result is not None or found or run.meter_result is not None:
                yield f"meter run {id} has FAILED, and has a result"
            if not run.failure_message or run.failure_reason not in FAILURE_REASONS:
                yield f"meter run {id} has FAILED without a reason"
    for id in at.results.keys() - at.runs.keys():
        yield f"meter result {id} has no run"
    of_results = {one for id in at.results for one in derivative_ids(id)}
    yield from (f"derivative {id} has no result" for id in at.derivatives.keys() - of_results)


@invariant("batch-counts", "The counts of a batch are those of its runs; all exist that are not counted as deleted.")
def batch_counts(at: Snapshot) -> Iterator[str]:
    """Judges a batch once its runs have ended, since the counts of others change while they are read."""
    for id, shards in at.batches.items():
        first = next((shard for shard in shards if shard.shard == 0), None)
        if first is None:
            if not any(entry.batch == id for entry in at.outbox):
                yield f"batch {id} has no shard 0, and no request that writes it"
            continue
        ids = [run for part in ranges_in(first) for run in part]
        if first.state == DELETING:
            left = [run for run in ids if run in at.runs and run <= (first.deleted_to or 0)]
            yield from (f"batch {id} is deleted up to run {first.deleted_to}, and run {run} exists" for run in left)
            continue
        missing = Counter(_shard_of(run, first) for run in ids if run not in at.runs)
        deleted = Counter({shard.shard: shard.deleted for shard in shards if shard.deleted})
        if missing != deleted:
            yield f"batch {id} counts {deleted.total()} of {len(ids)} as deleted, and {missing.total()} do not exist"
            continue
        runs = [at.runs[run] for run in ids if run in at.runs]
        if any(run.batch != id or run.batch_shard != _shard_of(run.id, first) for run in runs):
            yield f"batch {id} counts runs of another batch or shard"
        elif all(run.status in ENDED for run in runs):
            yield from _differences(id, shards, runs)
    for id, run in at.runs.items():
        if run.batch is not None and run.batch not in at.batches and not _being_written(at.outbox, id):
            yield f"meter run {id} belongs to batch {run.batch}, which does not exist"


def _shard_of(run: int, first: BatchShard) -> int:
    """The shard that counts a run of the batch with this shard 0."""
    return shard_of(run, first.size) if first.bounds is None else expanding_shard_of(run, first.shards)


@invariant(
    "batches-expand",
    "Each run of a batch is in one of its blocks, and a batch that expands or is deleted has a job.",
)
def batches_expand(at: Snapshot) -> Iterator[str]:
    """Compares the blocks of a batch with its runs and shards, and its state with the jobs."""
    with_job = {(job.batch, job.kind) for job in at.jobs}
    members: dict[int, set[int]] = defaultdict(set)
    for id, run in at.runs.items():
        if run.batch is not None and not _being_written(at.outbox, id):
            members[run.batch].add(id)
    for id, shards in at.batches.items():
        first = next((shard for shard in shards if shard.shard == 0), None)
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
            sizes = Counter(_shard_of(run, first) for part in parts for run in part)
            if sizes != {shard.shard: shard.size for shard in shards if shard.shard and shard.size is not None}:
                yield f"batch {id} has shards with other sizes than their runs"
    for job in at.jobs:
        if job.batch not in at.batches and not _is_recorded_as_deleted(at, "batches", job.batch):
            yield f"batch {job.batch} does not exist, and has a job"
        if job.due < time.time() - OVERDUE:
            yield f"the job {job.kind} of batch {job.batch} was interrupted, and nothing goes on with it"


def _differences(batch: int, shards: list[Any], runs: list[MeterRun]) -> Iterator[str]:
    written = {shard.shard: shard for shard in shards}
    for number in written.keys() | {run.batch_shard for run in runs}:
        of_shard = [run for run in runs if run.batch_shard == number]
        expected = Counter(dict.fromkeys(("success", "failed"), 0))
        expected.update(run.status.lower() for run in of_shard)
        expected.update(f"failed_{run.failure_reason}" for run in of_shard if run.failure_reason)
        for name, count in expected.items():
            counted = getattr(written[number], name) if number in written else 0
            if counted != count:
                yield f"batch {batch}, shard {number}, counts {counted} as {name}; there are {count}"


@invariant("newest-is-newest", "The newest run of a trace and project is the successful one with the highest id.")
def newest_is_newest(at: Snapshot) -> Iterator[str]:
    """Compares the recorded newest runs with the runs."""
    expected: dict[tuple[int, int], int] = {}
    for id, run in sorted(at.runs.items()):
        if run.status == "SUCCESS" and run.trace is not None:
            expected[run.trace, run.project] = id
    for (trace, project), id in expected.items():
        found = at.newest.get((trace, project), 0)
        if found < id:
            yield f"the newest run of trace {trace} and project {project} is {id}, and {found} is recorded"
    for (trace, project), id in at.newest.items():
        recorded = at.runs.get(id)
        if recorded is None or recorded.status != "SUCCESS":
            yield f"the newest run of trace {trace} and project {project} is recorded as {id}, which is no SUCCESS"


@invariant("aggregations-add-up", "The result of an aggregation is the sum of the derivatives that its input lists.")
def aggregations_add_up(at: Snapshot) -> Iterator[str]:
    """Adds up each input again, and compares its rows with the derivatives."""
    for id, run in at.aggregation_runs.items():
        result = at.aggregation_results.get(id)
        if run.status != "SUCCESS":
            if result is not None and run.status == "FAILED":
                yield f"aggregation run {id} has FAILED, and has a result"
            if run.status == "FAILED" and not run.failure_message:
                yield f"aggregation run {id} has FAILED without a reason"
            continue
        if result is None or run.aggregation_result != id:
            yield f"aggregation run {id} is a SUCCESS without its result"
        elif missing := {run.aggregation_input, result.aggregation_output} - at.objects:
            yield from (f"aggregation run {id} names {key}, which does not exist" for key in missing)
        else:
            yield from _wrong_sums(at, run, result)
    yield from (
        f"aggregation result {id} has no run" for id in at.aggregation_results.keys() - at.aggregation_runs.keys()
    )


def _wrong_sums(at: Snapshot, run: AggregationRun, result: Any) -> Iterator[str]:
    rows = at.rows_of(run.aggregation_input)
    if result.derivatives is not None and [row["label"] for row in rows] != result.derivatives:
        yield f"aggregation result {run.id} lists other derivatives than its input"
    for row in rows:
        derivative = at.derivatives.get(row["label"])
        if derivative is None and _was_deleted(at, run_of(row["label"])):
            continue
        if derivative is None or derivative.baseline_value != row["baseline_value"]:
            yield f"aggregation run {run.id} lists derivative {row['label']} with a value that it does not have"
    partial = partial_sum(rows, run.trace_interpretation)
    summed: Mapping[str, Any] = total(
        [partial.sums], partial.taken, run.trace_interpretation, run.aggregation_interpretation
    )
    for name, value in summed.items():
        if getattr(result, name) != value:
            yield f"aggregation result {run.id} has {getattr(result, name)} as {name}; the sum is {value}"


@invariant(
    "nothing-unreferenced", "Every object and every row belongs to something that exists, and names what exists."
)
def nothing_unreferenced(at: Snapshot) -> Iterator[str]:
    """An object belongs to the run or trace whose document or id its key contains."""
    documents_of_runs = {run.document for runs in (at.runs, at.aggregation_runs) for run in runs.values()}
    documents_of_runs |= {run.document for entry in at.deleted_runs if not entry.is_clean for run in runs_of(entry)}
    named = {run.posted_input for run in at.runs.values()}
    named |= {shard.request for shards in at.batches.values() for shard in shards}
    for key in sorted(at.objects - named):
        folder, _, rest = key.partition("/")
        if folder in (documents.INPUTS, documents.OUTPUTS):
            owned = rest.removesuffix(".json").rpartition("-")[0] in documents_of_runs
        elif folder.startswith("aggregation_") and folder != "aggregation_partials":
            owned = rest.partition("/")[0].removesuffix(".json") in documents_of_runs
        elif key.startswith("series/traces/"):
            trace = int(rest.split("/")[1])
            owned = trace in at.traces or trace in at.deleted_traces
        elif folder == REQUESTS:
            owned = False  # no batch names it
        else:  # weather belongs to no row; responses and partial sums expire
            owned = True
        if not owned:
            yield f"the object {key} belongs to nothing"
    expected = {f"project_id#{project.project_id}": project.id for project in at.projects.values()}
    expected |= {f"trace_id#{trace.trace_id}": trace.id for trace in at.traces.values()}
    for name in expected.keys() | at.unique_keys.keys():
        if expected.get(name) != at.unique_keys.get(name):
            kind = name.partition("#")[0]
            yield f"a {kind} belongs to item {expected.get(name)}, and is reserved for item {at.unique_keys.get(name)}"
    links = {(project, trace.id) for trace in at.traces.values() for project in trace.projects}
    for project, trace in links ^ at.links:
        yield f"trace {trace} and project {project} are linked on one side only"
    for project, trace in links:
        if project not in at.projects and project not in at.deleted_projects:
            yield f"trace {trace} belongs to project {project}, which does not exist"
    for waiter in at.waiters:
        run = at.aggregation_runs.get(waiter.aggregation_run)
        if run is None or run.status in ENDED:
            yield f"a waiter of batch {waiter.batch} names aggregation run {waiter.aggregation_run}, which has ended"
    for left in at.deleted_runs:
        if not left.is_clean and left.due < time.time() - OVERDUE and left.first_run != DeletedRuns.WHOLE:
            yield f"what has arrived late of deleted run {left.first_run} was not removed"
    for entry in (*at.outbox, *at.aggregation_outbox):
        if entry.due < time.time() - OVERDUE:
            yield f"the request that wrote run {entry.first_run} was interrupted, and is neither finished nor cancelled"


@invariant("named-chunks-exist", "Every chunk that a trace names exists.")
def named_chunks_exist(at: Snapshot) -> Iterator[str]:
    """Compares the names of the chunks of each trace's series with the objects."""
    for id, trace in at.traces.items():
        missing = {f"{series.trace_prefix(id)}{name}" for name in trace.chunks or ()} - at.objects
        yield from (f"trace {id} names {key}, which does not exist" for key in sorted(missing))


@invariant("ids-are-allocated", "No id is above the last one that its counter has allocated.")
def ids_are_allocated(at: Snapshot) -> Iterator[str]:
    """No item has a higher id than its counter."""
    rows: dict[str, Mapping[int, Any]] = {
        "projects": at.projects,
        "traces": at.traces,
        "trace_groups": at.groups,
        "meter_runs": at.runs,
        "aggregation_runs": at.aggregation_runs,
        "batches": at.batches,
    }
    for resource, items in rows.items():
        highest = max(items, default=0)
        if highest > at.last_ids.get(resource, 0):
            yield f"{resource} has the id {highest}, which its counter has not allocated"


@invariant("keys-answer-once", "An Idempotency-Key that was accepted names what was created, and no other key does.")
def keys_answer_once(at: Snapshot) -> Iterator[str]:
    """No two keys have created the same item."""
    seen: Counter[str] = Counter()
    lasting: dict[str, Mapping[int, Any]] = {
        "meter_runs": at.runs,
        "aggregation_runs": at.aggregation_runs,
        "batches": at.batches,
    }
    for key in at.keys:
        if key.accepted is not None:
            resource, id = key.accepted["resource"], key.accepted["id"]
            seen[f"{resource} {id}"] += 1
            if resource in lasting and id not in lasting[resource] and not _is_recorded_as_deleted(at, resource, id):
                yield f"an Idempotency-Key names {resource} {id}, which does not exist"
        if key.response is not None and key.response not in at.objects:
            yield f"the response of an Idempotency-Key is {key.response}, which does not exist"
    yield from (f"{count} Idempotency-Keys have created {what}" for what, count in seen.items() if count > 1)


def _being_written(outbox: list[Any], run: int) -> bool:
    return any(entry.first_run <= run < entry.first_run + entry.size for entry in outbox)


def _was_deleted(at: Snapshot, run: int) -> bool:
    """Whether there was a run with this id, and there is none now."""
    return run not in at.runs and run <= at.last_ids.get("meter_runs", 0)


def _is_recorded_as_deleted(at: Snapshot, resource: str, id: int) -> bool:
    """Whether a run or a batch was deleted within the last day."""
    key = {"meter_runs": (id, DeletedRuns.NO_BATCH), "batches": (DeletedRuns.WHOLE, id)}.get(resource)
    return any((entry.first_run, entry.batch) == key for entry in at.deleted_runs)
