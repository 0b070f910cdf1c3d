"""The invariants of uploads and exports."""

import time
from collections.abc import Iterator
from datetime import datetime

from chalicelib.store.exports import segments
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads.uploads import PENDING, RUNNING, SUCCESS, WAITING
from infra.verify.declaring import invariant
from infra.verify.history import OVERDUE
from infra.verify.snapshot import Snapshot

KEPT = 29 * 24 * 3600  # seconds for which the bucket certainly keeps files; its lifecycle deletes them after 30 days


@invariant("uploads-end", "Every upload has ended as SUCCESS or FAILED and its end is announced, or a check is due.")
def uploads_end(at: Snapshot) -> Iterator[str]:
    """An upload is in the index of the reconciler until its end is announced, and is not long overdue there."""
    for id, upload in at.uploads.items():
        if upload.status not in (WAITING, PENDING, RUNNING, *ENDED):
            yield f"upload {id} has the status {upload.status}"
        elif upload.announced and upload.status not in ENDED:
            yield f"the end of upload {id} is announced, and it is {upload.status}"
        elif upload.announced != (upload.open_shard is None) or upload.announced != (upload.due is None):
            yield f"upload {id} is {upload.status}, and the index of open uploads has it otherwise"
        elif upload.due is not None and upload.due < time.time() - OVERDUE:
            yield f"upload {id} is {upload.status}, and its check is overdue"
        elif upload.status in ENDED and (upload.ended is None or upload.counts is None):
            yield f"upload {id} has ended as {upload.status} without a time or counts"
        elif upload.status == "FAILED" and not upload.failure_message:
            yield f"upload {id} has FAILED without a reason"


@invariant(
    "uploads-add-up", "Each row of a successful upload is stored, unchanged or rejected; rejected ones are listed."
)
def uploads_add_up(at: Snapshot) -> Iterator[str]:
    """The counts of a SUCCESS add up, and the file with the rejected rows exists for as long as the bucket keeps it."""
    for id, upload in at.uploads.items():
        counts = dict(upload.counts or {})
        rows, parts = counts.pop("rows", 0), sum(counts.values())
        if upload.status == SUCCESS and rows != parts:
            yield f"upload {id} has {rows} rows, and counts {parts} by what was done with them"
        if upload.status == SUCCESS and bool(counts.get("rejected")) != (upload.rejected_rows is not None):
            yield f"upload {id} counts {counts.get('rejected')} rejected rows, and its list is {upload.rejected_rows}"
        if upload.rejected_rows is not None and upload.rejected_rows not in at.objects and _is_kept(upload):
            yield f"upload {id} names {upload.rejected_rows}, which does not exist"


@invariant("exports-end", "Every export has ended, or a job goes on with it; a SUCCESS has its files, with all rows.")
def exports_end(at: Snapshot) -> Iterator[str]:
    """Exports, their jobs, and the files that the bucket keeps name each other."""
    for id, export in at.exports.items():
        if export.status not in ENDED and id not in at.export_jobs:
            yield f"export {id} is {export.status}, and no job goes on with it"
        elif export.status == "FAILED" and not export.failure_message:
            yield f"export {id} has FAILED without a reason"
        elif export.status == "SUCCESS":
            rows = sum(segment.rows for segment in segments.of(export))
            if export.rows != rows:
                yield f"export {id} has {export.rows} rows, and its parts have {rows}"
            missing = {file.key for file in segments.files(export)} - at.objects if _within(export.updated) else set()
            yield from (f"export {id} names {key}, which does not exist" for key in sorted(missing))


def _is_kept(upload: Upload) -> bool:
    return upload.ended is not None and _within(upload.ended)


def _within(moment: datetime) -> bool:
    """Whether a file that was written then is certainly kept."""
    return moment.timestamp() > time.time() - KEPT
