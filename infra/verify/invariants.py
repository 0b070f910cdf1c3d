"""What holds at any time in a deployment, whatever has failed. `batches` and `files` have others."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.aggregation.sums import partial_sum, total
from chalicelib.store.results.derivatives import derivative_ids, run_of
from chalicelib.store.runs import statuses
from chalicelib.store.runs.deletions import runs_of
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.runs.expansions import REQUESTS
from chalicelib.store.series import series
from chalicelib.store.shared import documents
from chalicelib.store.tables.runs import AggregationRun, Batch, DeletedRuns, MeterRun
from chalicelib.vocabulary import FAILURE_REASONS
from infra.verify import batches, files
from infra.verify.declaring import INVARIANTS, Violation, invariant
from infra.verify.history import OVERDUE, is_recorded_as_deleted, was_deleted
from infra.verify.snapshot import Snapshot

__all__ = ["INVARIANTS", "Violation", "batches", "files", "violations"]


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
            elif isinstance(run, MeterRun) and run.status in ENDED and run.due is not None:
                yield f"{kind} {id} has ended as {run.status}, but is still due for a check"
            elif run.status not in ENDED and run.due is None:
                yield f"{kind} {id} is {run.status}, but no check is due"
            elif run.status not in ENDED and run.due < time.time() - OVERDUE:
                yield f"{kind} {id} is {run.status}, and its check is overdue"


def _is_listed(run: MeterRun | AggregationRun) -> bool:
    """Whether the index by which the reconciler and lists find a run has it in its place."""
    if isinstance(run, MeterRun):
        return bool(run.status_partition == statuses.partition(run.status, run.id))
    return run.open_shard is not None or run.status in ENDED


@invariant("ends-are-announced", "The end of a batch or an aggregation run is announced, or is due to be.")
def ends_are_announced(at: Snapshot) -> Iterator[str]:
    """What is due for an announcement is not long overdue, and the reconciler can find it."""
    for left in at.announcements:
        if left.due < time.time() - OVERDUE:
            yield f"batch {left.batch} is not checked for whether its end has to be announced"
    for id, run in at.aggregation_runs.items():
        if run.status in ENDED and (run.open_shard is None) != (run.due is None):
            yield f"aggregation run {id} has ended, and the index has it in another place"
        elif run.status in ENDED and run.due is not None and run.due < time.time() - OVERDUE:
            yield f"aggregation run {id} has ended, and its end has not been announced"


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
        if derivative is None and was_deleted(at, run_of(row["label"])):
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
    named |= {one.request for counts in at.batches.values() for one in counts if isinstance(one, Batch)}
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
    for upload in at.upload_steps - at.uploads.keys():
        yield f"there are steps of upload {upload}, which does not exist"
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
        "uploads": at.uploads,
        "exports": at.exports,
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
            if resource in lasting and id not in lasting[resource] and not is_recorded_as_deleted(at, resource, id):
                yield f"an Idempotency-Key names {resource} {id}, which does not exist"
        if key.response is not None and key.response not in at.objects:
            yield f"the response of an Idempotency-Key is {key.response}, which does not exist"
    yield from (f"{count} Idempotency-Keys have created {what}" for what, count in seen.items() if count > 1)
