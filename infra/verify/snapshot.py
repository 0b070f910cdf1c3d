"""All rows and object names of a deployment, read once.

What names something else is read before it, and written after it, so that work under way rarely looks like a violation.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalicelib.settings import settings
from chalicelib.store.results.derivatives import of as derivatives_of
from chalicelib.store.shared import documents
from chalicelib.store.tables.access import IdempotencyKey
from chalicelib.store.tables.collections import DeletedProject, DeletedTrace, Link, Project, Trace, TraceGroup
from chalicelib.store.tables.exports import Export, ExportJob
from chalicelib.store.tables.keys import Counter, UniqueKey
from chalicelib.store.tables.results import AggregationResult, Derivative, MeterResult, NewestRun
from chalicelib.store.tables.runs import (
    AggregationOutbox,
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
from chalicelib.store.tables.uploads import Upload, UploadStep


@dataclass(frozen=True)
class Snapshot:
    """The rows of each table by id, and the keys of all objects. `read` returns the JSON document under a key."""

    objects: set[str] = field(default_factory=set)
    runs: dict[int, MeterRun] = field(default_factory=dict)
    aggregation_runs: dict[int, AggregationRun] = field(default_factory=dict)
    projects: dict[int, Project] = field(default_factory=dict)
    traces: dict[int, Trace] = field(default_factory=dict)
    groups: dict[int, TraceGroup] = field(default_factory=dict)
    results: dict[int, MeterResult] = field(default_factory=dict)
    derivatives: dict[int, Derivative] = field(default_factory=dict)
    aggregation_results: dict[int, AggregationResult] = field(default_factory=dict)
    newest: dict[tuple[int, int], int] = field(default_factory=dict)  # a run by trace and project
    batches: dict[int, list[Batch | BatchShard]] = field(default_factory=dict)  # all that have the counts of a batch
    links: set[tuple[int, int]] = field(default_factory=set)  # pairs of project and trace
    unique_keys: dict[str, int] = field(default_factory=dict)
    keys: list[IdempotencyKey] = field(default_factory=list)
    outbox: list[Outbox] = field(default_factory=list)
    aggregation_outbox: list[AggregationOutbox] = field(default_factory=list)
    waiters: list[BatchWaiter] = field(default_factory=list)
    deleted_traces: set[int] = field(default_factory=set)
    deleted_projects: set[int] = field(default_factory=set)
    deleted_runs: list[DeletedRuns] = field(default_factory=list)
    last_ids: dict[str, int] = field(default_factory=dict)
    jobs: list[BatchJob] = field(default_factory=list)
    announcements: list[BatchAnnouncement] = field(default_factory=list)
    uploads: dict[int, Upload] = field(default_factory=dict)
    upload_steps: set[int] = field(default_factory=set)  # the uploads of which there are steps
    exports: dict[int, Export] = field(default_factory=dict)
    export_jobs: set[int] = field(default_factory=set)  # the exports of which there are jobs
    read: Callable[[str], Any] = documents.get

    @classmethod
    def take(cls) -> "Snapshot":
        """Read the deployment that the environment names."""
        objects = _object_keys()
        batches: defaultdict[int, list[Batch | BatchShard]] = defaultdict(list)
        runs, aggregation_runs = _by_id(MeterRun), _by_id(AggregationRun)
        traces, projects, groups = _by_id(Trace), _by_id(Project), _by_id(TraceGroup)
        results, aggregation_results = _by_id(MeterResult), _by_id(AggregationResult)
        steps, exports = {step.upload for step in _all(UploadStep)}, _by_id(Export)
        stored = _by_id(Derivative)  # by earlier versions
        derivatives = {one.id: one for one in derivatives_of(results.values())} | stored
        for batch in _all(Batch):
            batches[batch.id].append(batch)
        for shard in _all(BatchShard):
            batches[shard.batch].append(shard)
        return cls(
            objects,
            runs,
            aggregation_runs,
            projects,
            traces,
            groups,
            results,
            derivatives,
            aggregation_results,
            {(entry.trace, entry.project): entry.meter_run for entry in _all(NewestRun)},
            dict(batches),
            {(entry.project, entry.trace) for entry in _all(Link)},
            {entry.key: entry.id for entry in _all(UniqueKey)},
            _all(IdempotencyKey),
            _all(Outbox),
            _all(AggregationOutbox),
            _all(BatchWaiter),
            {entry.id for entry in _all(DeletedTrace)},
            {entry.project for entry in _all(DeletedProject)},
            _all(DeletedRuns),
            {entry.resource: entry.last for entry in _all(Counter)},
            _all(BatchJob),
            _all(BatchAnnouncement),
            _by_id(Upload),
            steps,
            exports,
            {job.export for job in _all(ExportJob)},
        )

    def rows_of(self, key: str) -> list[dict[str, Any]]:
        """The derivatives that an aggregation's input lists."""
        pairs: list[dict[str, Any]] = self.read(key)["derivatives"]["derivative_pairs"]
        return pairs


def _all(table: Any) -> list[Any]:
    return list(table.scan(consistent_read=True))


def _by_id(table: Any) -> dict[int, Any]:
    return {item.id: item for item in _all(table)}


def _object_keys() -> set[str]:
    pages = documents.client().get_paginator("list_objects_v2").paginate(Bucket=settings().bucket)
    return {entry["Key"] for page in pages for entry in page.get("Contents", [])}
