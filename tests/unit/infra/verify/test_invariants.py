"""Each invariant finds what violates it, and nothing in a sound deployment."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.aggregation.sums import partial_sum, total
from chalicelib.store.results.derivatives import derivative_ids
from chalicelib.store.runs import statuses
from chalicelib.store.runs.batch_jobs import EXPANSION
from chalicelib.store.tables.access import IdempotencyKey
from chalicelib.store.tables.collections import Project, Trace
from chalicelib.store.tables.exports import Export
from chalicelib.store.tables.results import AggregationResult, Derivative, MeterResult
from chalicelib.store.tables.runs import (
    AggregationRun,
    Batch,
    BatchAnnouncement,
    BatchJob,
    BatchShard,
    BatchWaiter,
    DeletedRuns,
    MeterRun,
    Outbox,
)
from chalicelib.store.tables.uploads import Upload
from infra.verify.invariants import INVARIANTS, violations
from infra.verify.snapshot import Snapshot

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
GAS = "NATURAL_GAS_CONSUMPTION_SUPPLIED"
REQUEST = "batch_requests/one.json"
REJECTED = "uploads/1-a/rejected.csv"


def derivative_row(id: int) -> dict[str, Any]:
    """A derivative as an aggregation's input lists it."""
    sides = {f"{side}_{part}": 10.0 * id for side in ("baseline", "reporting") for part in ("value", "lower", "upper")}
    about = {"label": id, "uncertainty": "regression", "systematic_error": None, "trace": 1, "project": 1}
    return {**about, **sides, "baseline_n": 365, "reporting_n": 365}


def sound() -> Snapshot:
    """A batch of a successful and a failed run of one trace, another open run, and an aggregation of the successful."""
    document = {"aggregation_inputs/a/1.json": {"derivatives": {"derivative_pairs": [derivative_row(1)]}}}
    run = MeterRun(1, trace=1, project=1, status="SUCCESS", document="one", batch=1, batch_shard=1, meter_result=1)
    run.status_partition = statuses.partition("SUCCESS", 1)
    run.meter_input = "meter_inputs/one-1.json"
    failed = MeterRun(2, trace=1, project=1, status="FAILED", document="two", batch=1, batch_shard=1)
    failed.failure_message, failed.failure_reason = "No data.", "data"
    failed.status_partition = statuses.partition("FAILED", 2)
    open = MeterRun(3, trace=1, project=1, document="three", due=int(time.time()) + 60)
    open.status_partition = statuses.partition("PENDING", 3)
    batch = Batch(1, 0, first_run=1, size=2, shards=1, added=MOMENT)
    shard = BatchShard("1#1", batch=1, shard=1, success=1, failed=1, failed_data=1)
    summed = AggregationRun(1, status="SUCCESS", document="a", aggregation_interpretation="SUM", aggregation_result=1)
    summed.aggregation_input, summed.trace_interpretation = "aggregation_inputs/a/1.json", GAS
    partial = partial_sum([derivative_row(1)], GAS)
    result = AggregationResult(1, aggregation_output="aggregation_outputs/a.json", derivatives=[1])
    for name, value in total([partial.sums], partial.taken, GAS, "SUM").items():
        setattr(result, name, value)
    counts = {"rows": 4, "created": 1, "updated": 1, "unchanged": 1, "rejected": 1}
    upload = Upload(1, document="a", status="SUCCESS", counts=counts, announced=True, rejected_rows=REJECTED)
    upload.ended = datetime.fromtimestamp(time.time(), UTC)
    export = Export(1, kind="savings", format="csv", document="e", status="SUCCESS", rows=2, segments=[["a", 2, 9]])
    export.updated = upload.ended
    return Snapshot(
        objects={REJECTED, "exports/savings/csv/export=1/savings-1.csv"}
        | {"meter_inputs/one-1.json", "meter_outputs/one-1.json", "series/traces/1/0.npz", *document}
        | {"aggregation_outputs/a.json", "series/weather/observed/724390/0.npz"},
        runs={1: run, 2: failed, 3: open},
        aggregation_runs={1: summed},
        projects={1: Project(1, project_id="P")},
        traces={1: Trace(1, trace_id="T", projects=[1], chunks={"0.npz"}, changes=1)},
        results={1: MeterResult(1, meter_run=1, trace=1, project=1, meter_output="meter_outputs/one-1.json")},
        derivatives={1: Derivative(1, meter_result=1, baseline_value=10.0)},
        aggregation_results={1: result},
        newest={(1, 1): 1},
        batches={1: [batch, shard]},
        links={(1, 1)},
        unique_keys={"project_id#P": 1, "trace_id#T": 1},
        keys=[IdempotencyKey("k", accepted={"resource": "batches", "id": 1})],
        uploads={1: upload, 2: Upload(2, document="b", open_shard=2, due=int(time.time()) + 60)},
        exports={1: export, 2: Export(2, kind="savings", format="csv", document="f")},
        export_jobs={2},
        last_ids={
            "uploads": 2,
            "exports": 2,
            "projects": 1,
            "traces": 1,
            "meter_runs": 3,
            "aggregation_runs": 1,
            "batches": 1,
        },
        read=document.__getitem__,
    )


def test_a_sound_deployment_violates_nothing() -> None:
    assert violations(sound()) == []


def test_the_batch_of_an_asynchronous_request_violates_nothing() -> None:
    at = sound()
    expand(at)
    assert violations(at) == []
    shards = expand(at, state="EXPANDING")
    changed(shards[1], size=None)
    at.jobs.append(BatchJob(1, EXPANSION, due=int(time.time()) + 60))
    assert violations(at) == []


def test_the_derivatives_of_a_run_are_those_of_its_id() -> None:
    assert derivative_ids(1)[0] == 1


def changed(item: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(item, name, value)


def expand(at: Snapshot, **values: Any) -> list[Any]:
    """Make the batch that of an asynchronous request with one shard, and change its item."""
    for id in (1, 2):
        changed(at.runs[id], batch_shard=1)
    about = {"state": "ACTIVE", "shards": 1, "bounds": [1, 3], "cursor": [1, 0, 0], "version": 1, "request": REQUEST}
    counts = BatchShard("1#1", batch=1, shard=1, size=2, success=1, failed=1, failed_data=1)
    at.batches[1] = [Batch(1, 0, **{"size": 2, "added": MOMENT, **about, **values}), counts]
    at.objects.add(REQUEST)
    return at.batches[1]


BREAKS: list[tuple[str, Callable[[Snapshot], Any]]] = [
    ("runs-end", lambda at: changed(at.runs[3], due=int(time.time()) - 3600)),
    ("runs-end", lambda at: changed(at.runs[3], status_partition="RUNNING#3")),
    ("runs-end", lambda at: changed(at.runs[2], due=1)),
    ("runs-end", lambda at: changed(at.aggregation_runs[1], status="LOST")),
    ("ends-are-announced", lambda at: at.announcements.append(BatchAnnouncement(1, due=0))),
    ("ends-are-announced", lambda at: changed(at.aggregation_runs[1], open_shard=1, due=0)),
    ("ends-are-announced", lambda at: changed(at.aggregation_runs[1], due=int(time.time()) + 60)),
    ("success-has-result", lambda at: at.results.clear()),
    ("success-has-result", lambda at: at.derivatives.clear()),
    ("success-has-result", lambda at: at.objects.remove("meter_outputs/one-1.json")),
    ("success-has-result", lambda at: changed(at.results[1], trace=2)),
    ("success-has-result", lambda at: changed(at.runs[2], failure_reason=None)),
    ("success-has-result", lambda at: at.results.update({9: MeterResult(9)})),
    ("success-has-result", lambda at: at.derivatives.update({9: Derivative(9)})),
    ("batch-counts", lambda at: changed(at.batches[1][1], success=2)),
    ("batch-counts", lambda at: changed(at.batches[1][1], failed_data=0)),
    ("batch-counts", lambda at: changed(at.batches[1][0], size=3)),
    ("batch-counts", lambda at: at.runs.pop(2)),
    ("batch-counts", lambda at: changed(at.batches[1][0], shard=1)),
    ("batch-counts", lambda at: changed(at.runs[3], batch=7)),
    ("batches-expand", lambda at: changed(at.runs[3], batch=1)),
    ("batches-expand", lambda at: at.jobs.append(BatchJob(7, EXPANSION, due=int(time.time()) + 60))),
    ("batches-expand", lambda at: at.jobs.append(BatchJob(1, EXPANSION, due=0))),
    ("batches-expand", lambda at: expand(at, state="EXPANDING")),
    ("batches-expand", lambda at: expand(at, size=3)),
    ("batches-expand", lambda at: expand(at, bounds=[1, 2])),
    ("batches-expand", lambda at: changed(expand(at)[1], size=1)),
    ("batch-counts", lambda at: changed(at.batches[1][0], deleted=1)),
    ("batch-counts", lambda at: changed(at.batches[1][0], state="DELETING", deleted_to=1)),
    ("newest-is-newest", lambda at: at.newest.pop((1, 1))),
    ("newest-is-newest", lambda at: at.newest.update({(1, 1): 2})),
    ("aggregations-add-up", lambda at: changed(at.aggregation_results[1], baseline_value=11.0)),
    ("aggregations-add-up", lambda at: changed(at.aggregation_results[1], derivatives=[1, 1])),
    ("aggregations-add-up", lambda at: changed(at.derivatives[1], baseline_value=11.0)),
    ("aggregations-add-up", lambda at: at.aggregation_results.clear()),
    ("aggregations-add-up", lambda at: at.derivatives.clear()),
    ("aggregations-add-up", lambda at: at.objects.remove("aggregation_outputs/a.json")),
    ("nothing-unreferenced", lambda at: at.objects.add("meter_inputs/other-0.json")),
    ("nothing-unreferenced", lambda at: at.objects.add("aggregation_inputs/other/1.json")),
    ("nothing-unreferenced", lambda at: at.objects.add("batch_requests/other.json")),
    ("nothing-unreferenced", lambda at: at.objects.add("series/traces/2/0.npz")),
    ("nothing-unreferenced", lambda at: at.unique_keys.pop("trace_id#T")),
    ("nothing-unreferenced", lambda at: at.unique_keys.update({"project_id#Q": 2})),
    ("nothing-unreferenced", lambda at: at.links.clear()),
    ("nothing-unreferenced", lambda at: at.projects.clear()),
    ("nothing-unreferenced", lambda at: at.waiters.append(BatchWaiter(1, 1))),
    ("nothing-unreferenced", lambda at: at.outbox.append(Outbox(1, size=1, due=0))),
    ("named-chunks-exist", lambda at: at.objects.remove("series/traces/1/0.npz")),
    ("named-chunks-exist", lambda at: at.traces[1].chunks.add("1.npz")),
    ("nothing-unreferenced", lambda at: at.deleted_runs.append(DeletedRuns(4, DeletedRuns.NO_BATCH, due=0))),
    ("nothing-unreferenced", lambda at: at.upload_steps.add(3)),
    ("ids-are-allocated", lambda at: at.last_ids.update(meter_runs=2)),
    ("ids-are-allocated", lambda at: at.last_ids.update(uploads=1)),
    ("uploads-end", lambda at: changed(at.uploads[2], status="LOST")),
    ("uploads-end", lambda at: changed(at.uploads[2], due=int(time.time()) - 3600)),
    ("uploads-end", lambda at: changed(at.uploads[2], due=None)),
    ("uploads-end", lambda at: changed(at.uploads[2], announced=True)),
    ("uploads-end", lambda at: changed(at.uploads[1], open_shard=1)),
    ("uploads-end", lambda at: changed(at.uploads[1], counts=None)),
    ("uploads-end", lambda at: changed(at.uploads[1], status="FAILED")),
    ("uploads-add-up", lambda at: at.uploads[1].counts.update(created=2)),
    ("uploads-add-up", lambda at: changed(at.uploads[1], rejected_rows=None)),
    ("uploads-add-up", lambda at: at.objects.remove(REJECTED)),
    ("exports-end", lambda at: at.export_jobs.clear()),
    ("exports-end", lambda at: changed(at.exports[1], rows=3)),
    ("exports-end", lambda at: changed(at.exports[1], status="FAILED")),
    ("exports-end", lambda at: at.objects.remove("exports/savings/csv/export=1/savings-1.csv")),
    ("keys-answer-once", lambda at: at.keys.append(IdempotencyKey("l", accepted={"resource": "batches", "id": 1}))),
    ("keys-answer-once", lambda at: at.keys.append(IdempotencyKey("l", accepted={"resource": "meter_runs", "id": 9}))),
    ("keys-answer-once", lambda at: at.keys.append(IdempotencyKey("l", response="idempotency/l/1.json"))),
]


@pytest.mark.parametrize(("name", "violate"), BREAKS)
def test_what_is_broken_is_found(name: str, violate: Callable[[Snapshot], Any]) -> None:
    at = sound()
    violate(at)
    assert name in {violation.invariant for violation in violations(at)}


def test_every_invariant_is_broken_by_some_test() -> None:
    assert {one.name for one in INVARIANTS} == {name for name, _ in BREAKS}


def test_work_in_progress_violates_nothing() -> None:
    at = sound()
    at.runs[4] = MeterRun(4, trace=1, document="four", batch=2, due=int(time.time()) + 60)
    at.runs[4].status_partition = statuses.partition("PENDING", 4)
    at.last_ids["meter_runs"] = 4
    at.outbox.append(Outbox(4, size=1, batch=2, due=int(time.time()) + 60))
    at.objects.add("series/traces/5/0.npz")
    at.deleted_traces.add(5)
    assert violations(at) == []


def test_files_that_the_lifecycle_has_deleted_violate_nothing() -> None:
    at = sound()
    long_ago = datetime.fromtimestamp(time.time() - 30 * 24 * 3600, UTC)
    changed(at.uploads[1], ended=long_ago)
    changed(at.exports[1], updated=long_ago)
    at.objects.difference_update([key for key in at.objects if key.startswith(("uploads/", "exports/"))])
    assert violations(at) == []


def test_what_was_deleted_is_missed_by_nothing() -> None:
    at = sound()
    for rows in (at.runs, at.results, at.derivatives, at.newest):
        rows.clear()
    at.objects.remove("meter_inputs/one-1.json")
    at.objects.remove("meter_outputs/one-1.json")
    shard = at.batches[1][1]
    changed(shard, success=0, failed=0, failed_data=0, deleted=2)
    at.keys.append(IdempotencyKey("l", accepted={"resource": "meter_runs", "id": 3}))
    at.deleted_runs.append(DeletedRuns(3, DeletedRuns.NO_BATCH, is_clean=True, due=0))
    assert violations(at) == []
    at.deleted_runs.clear()
    assert {violation.invariant for violation in violations(at)} == {"keys-answer-once"}
