"""batches/"""

from typing import Annotated, Any

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.collections import CollectionEndpoints
from chalicelib.api.http.endpoints import WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import OUTPUT, Id, Timestamp
from chalicelib.api.http.problems import AWAITED, Problem
from chalicelib.api.http.times import timestamp
from chalicelib.api.http.urls import base_path
from chalicelib.api.shared.data_quality import Count
from chalicelib.store.runs import batches, deletions
from chalicelib.store.runs.batches import BatchCount, State
from chalicelib.store.runs.deletions import Awaited

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
    total: Annotated[Count, Field(description="The runs that were made and not deleted.")]
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
    state: Annotated[
        State,
        Field(
            description="EXPANDING: the runs of an asynchronous request are still being made, and `total` grows. "
            "ACTIVE: all of them have been made. DELETING: the batch is being deleted; `total` says how many runs are "
            "left, and the other counts are 0."
        ),
    ]
    failure_message: Annotated[
        str | None,
        Field(description="Why an asynchronous request has made no runs, or no more than these, and how to fix it."),
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
    "state": "ACTIVE",
    "failure_message": None,
}
EXPANDING_EXAMPLE = {
    "id": 2,
    "total": 20_000,
    "pending": 19_800,
    "running": 100,
    "success": 98,
    "failed": 2,
    "added": "2016-09-29T00:03:00.152522Z",
    "updated": "2016-09-29T00:03:11.802114Z",
    "failed_by_reason": {"data": 2, "sufficiency": 0, "weather": 0, "model": 0, "machine": 0, "unknown": 0},
    "state": "EXPANDING",
    "failure_message": None,
}
DELETING_EXAMPLE = EXAMPLE | {
    "pending": 0,
    "running": 0,
    "success": 0,
    "failed": 0,
    "updated": "2016-10-02T09:12:30.416071Z",
    "failed_by_reason": dict.fromkeys(("data", "sufficiency", "weather", "model", "machine", "unknown"), 0),
    "state": "DELETING",
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
        "state": count.state,
        "failure_message": count.failure_message,
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


@collection.get(
    examples={"in progress": Example(response=EXAMPLE), "a million runs": Example(response=EXPANDING_EXAMPLE)}
)
def get_batch(id: int) -> BatchCount | None:
    """Get the progress of a bulk request.

    It is done when `state` is not EXPANDING, and `pending` and `running` are 0.
    """
    return batches.get(id)


@resource.endpoint(
    "DELETE",
    "/batches/{id}/",
    scope=WRITE,
    returns=BatchOut,
    status=202,
    headers={"Location": "The path of the batch, which is a 404 once all of it is deleted."},
    errors={409: "An aggregation run waits for the batch."},
    examples={"accepted": Example(response=DELETING_EXAMPLE)},
)
def delete_batch(call: Call[Any, NoQuery]) -> Reply:
    """Delete a batch with its runs.

    The runs are deleted after the response, with their results, derivatives and documents, and then the batch. Runs
    that have not ended never do. Aggregations that have added up their derivatives stay as they are.
    """
    try:
        exists = deletions.begin(call.id)
    except Awaited as awaited:
        detail = (
            f"Aggregation run {awaited.aggregation_run} waits for batch {call.id}. Delete the batch once the "
            "aggregation run has ended."
        )
        raise Problem(AWAITED, detail, headers={"Retry-After": "60"}) from None
    count = batches.get(call.id) if exists else None
    if count is None:
        raise call.not_found()
    return Reply(batch_out(count), {"Location": f"{base_path(call.request)}/batches/{call.id}/"})
