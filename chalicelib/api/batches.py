"""batches/"""

from typing import Annotated

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.endpoints import READ, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.fields import OUTPUT, Id, Timestamp
from chalicelib.api.times import timestamp
from chalicelib.store import batches

resource = Resource("batches", "batch", "The progress of bulk requests.")

Count = Annotated[int, Field(ge=0)]


@with_config(OUTPUT)
class BatchOut(TypedDict):
    """How many meter runs of a bulk request have which status."""

    id: Id
    total: Count
    pending: Count
    running: Count
    success: Count
    failed: Count
    added: Timestamp
    updated: Timestamp


EXAMPLE = {
    "id": 1,
    "total": 3,
    "pending": 1,
    "running": 1,
    "success": 1,
    "failed": 0,
    "added": "2016-09-29T00:01:43.152522Z",
    "updated": "2016-09-29T00:02:11.802114Z",
}


@resource.endpoint(
    "GET", "/batches/{id}/", scope=READ, returns=BatchOut, examples={"under way": Example(response=EXAMPLE)}
)
def get_batch(call: Call[None, NoQuery]) -> Reply:
    """Get the progress of a bulk request; it is done when pending and running are 0."""
    count = batches.get(call.id)
    if count is None:
        raise call.not_found()
    return Reply(
        BatchOut(
            id=count.id,
            total=count.total,
            pending=count.pending,
            running=count.running,
            success=count.success,
            failed=count.failed,
            added=timestamp(count.added),
            updated=timestamp(count.updated),
        )
    )
