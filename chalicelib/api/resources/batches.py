"""batches/"""

from typing import Annotated

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.collections import CollectionEndpoints
from chalicelib.api.http.endpoints import Example, Resource
from chalicelib.api.http.fields import OUTPUT, Id, Timestamp
from chalicelib.api.http.times import timestamp
from chalicelib.api.shared.data_quality import Count
from chalicelib.store.runs import batches
from chalicelib.store.runs.batches import BatchCount

resource = Resource("batches", "batch", "The progress of bulk requests.")


@with_config(OUTPUT)
class DataFailures(TypedDict):
    """The number of meter runs that fail because of their data or arguments, by reason."""

    data: Annotated[Count, Field(description="The readings, or the dates of the project.")]
    sufficiency: Annotated[Count, Field(description="A baseline that the sufficiency criteria disqualify.")]
    weather: Annotated[Count, Field(description="Temperatures that are missing or unsuitable.")]
    model: Annotated[
        Count,
        Field(description="An unknown model or argument, or a model that cannot be computed from these data."),
    ]


@with_config(OUTPUT)
class FailuresOut(DataFailures):
    """The number of FAILED meter runs, by reason."""

    machine: Annotated[Count, Field(description="The datastore could not complete the run.")]
    unknown: Annotated[Count, Field(description="FAILED before reasons were stored; their `failure_reason` is null.")]


@with_config(OUTPUT)
class BatchOut(TypedDict):
    """The number of meter runs of a bulk request, by status."""

    id: Id
    total: Count
    pending: Count
    running: Count
    success: Count
    failed: Count
    added: Timestamp
    updated: Timestamp
    failed_by_reason: Annotated[
        FailuresOut,
        Field(description="`failed` by reason. `meter_runs/?batch={id}&failure_reason={reason}` lists the runs."),
    ]


EXAMPLE = {
    "id": 1,
    "total": 4,
    "pending": 1,
    "running": 1,
    "success": 1,
    "failed": 1,
    "added": "2016-09-29T00:01:43.152522Z",
    "updated": "2016-09-29T00:02:11.802114Z",
    "failed_by_reason": {"data": 0, "sufficiency": 0, "weather": 1, "model": 0, "machine": 0, "unknown": 0},
}


def batch_out(count: BatchCount) -> BatchOut:
    """The progress of a bulk request as shown in responses."""
    return {
        "id": count.id,
        "total": count.total,
        "pending": count.pending,
        "running": count.running,
        "success": count.success,
        "failed": count.failed,
        "added": timestamp(count.added),
        "updated": timestamp(count.updated),
        "failed_by_reason": _by_reason(count),
    }


def _by_reason(count: BatchCount) -> FailuresOut:
    known = count.failed_by_reason
    return FailuresOut(
        data=known["data"],
        sufficiency=known["sufficiency"],
        weather=known["weather"],
        model=known["model"],
        machine=known["machine"],
        unknown=count.failed - sum(known.values()),
    )


collection = CollectionEndpoints[BatchCount](resource, BatchOut, batch_out)


@collection.get(examples={"in progress": Example(response=EXAMPLE)})
def get_batch(id: int) -> BatchCount | None:
    """Get the progress of a bulk request; it is done when pending and running are 0."""
    return batches.get(id)
