"""Uploads: a file is announced, arrives in S3, and is imported by an execution of the state machine `imports`.

An upload ends in one write, after which its event is sent. The reconciler starts an import whose message was lost,
fails one whose execution has ended before it, and sends an event that was not.
"""

import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib import telemetry
from chalicelib.settings import settings
from chalicelib.store import events, idempotency
from chalicelib.store.runs import state_machine
from chalicelib.store.shared import ids, pages
from chalicelib.store.shared.errors import Busy
from chalicelib.store.shared.transactions import commit, conditional_write
from chalicelib.store.tables.base import now
from chalicelib.store.tables.indexes import DueIndex
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads import steps, storage
from chalicelib.store.uploads.steps import Counts
from chalicelib.store.uploads.storage import Part

logger = Logger(child=True)

RESOURCE = "uploads"
WAITING, PENDING, RUNNING, SUCCESS, FAILED = "WAITING", "PENDING", "RUNNING", "SUCCESS", "FAILED"
ENDED = (SUCCESS, FAILED)
IN_PARTS_ABOVE = 100_000_000  # bytes
MIN_PART = 64 * 1024 * 1024
MAX_PARTS = 1_000  # listed in one response; S3 accepts 10,000
MAX_SIZE = 20_000_000_000  # bytes; a step reads the whole file once, within the 15 minutes of a function
MAX_MESSAGE = 4_000  # characters
CHECK_INTERVAL = 5 * 60  # seconds between checks of an import
FILE_CHECK_INTERVAL = 15 * 60  # seconds between checks whether a file has arrived whose message was lost
PATIENCE = 48 * 3600  # seconds within which a file has to arrive
ANNOUNCEMENT = 60  # seconds after which the reconciler sends the event of an end
RETRY_ADVICE = (
    "The file is not at fault: upload it again; rows that were stored are then unchanged. If it fails again, give the "
    "operator the id of the upload."
)


class PartsMissing(Exception):
    """Parts of a file have not arrived, or are shorter than they should be."""

    def __init__(self, numbers: list[int]) -> None:
        super().__init__(numbers)
        self.numbers = numbers


class NotWaiting(Exception):
    """An upload does not wait for a file in parts."""


class Unfinished(Exception):
    """An upload is being imported."""


def create(fields: Mapping[str, Any]) -> Upload:
    """Create an upload, which waits for its file; one above IN_PARTS_ABOVE is received in parts.

    Raises Busy; the request has no effect in that case.
    """
    upload = Upload(
        id=ids.allocate(RESOURCE)[0],
        document=str(uuid.uuid4()),
        due=int(time.time()) + FILE_CHECK_INTERVAL,
        **fields,
    )
    upload.open_shard = upload.id % DueIndex.SHARDS
    if (upload.size or 0) > IN_PARTS_ABOVE:
        upload.multipart = storage.begin_parts(upload)
    if not commit(partial(_create, upload)):
        raise Busy("another request holds the Idempotency-Key")
    return upload


def get(id: int) -> Upload | None:
    """The upload, or None."""
    return pages.get(Upload, id)


def page(*, after: int, limit: int, kind: Collection[str] = (), status: Collection[str] = ()) -> pages.Page[Upload]:
    """A page of the uploads that match the filters."""
    keep = pages.matches(kind=kind, status=status)
    return pages.walk(Upload, ids.allocated(RESOURCE), after, limit, keep)


def parts_of(upload: Upload) -> list[Part]:
    """The parts in which the file is sent; none if it is sent as a whole."""
    if upload.multipart is None or upload.size is None:
        return []
    size = max(MIN_PART, -(-upload.size // MAX_PARTS))
    starts = range(0, upload.size, size)
    return [Part(number, start, min(start + size, upload.size)) for number, start in enumerate(starts, 1)]


def complete(upload: Upload) -> None:
    """Make one file of the parts that have arrived, so that its import starts. Raises PartsMissing and NotWaiting."""
    if upload.status != WAITING or upload.multipart is None:
        raise NotWaiting
    received = storage.received_parts(upload)
    if received is None:  # this request is a repeat, and the message of the file's arrival is on its way
        return
    missing = [
        part.number
        for part in parts_of(upload)
        if received.get(part.number, {"Size": -1})["Size"] != part.end - part.start
    ]
    if missing:
        raise PartsMissing(missing)
    storage.complete_parts(upload, received)


def has_arrived(id: int, document: str) -> bool:
    """Start the import of a file that has arrived. False if there is no such upload, and the file can be deleted.

    Does nothing for an import that has been started. Safe to repeat.
    """
    upload = get(id)
    if upload is None or upload.document != document:
        return False
    _start(upload)
    return True


def begin(upload: Upload, layout: Mapping[str, Any] | None, parts: list[Any], buckets: int) -> None:
    """Record how the file is divided, unless the import has ended."""
    divided: list[Action] = [Upload.layout.set(layout), Upload.parts.set(parts), Upload.buckets.set(buckets)]
    actions: list[Action] = [Upload.status.set(RUNNING), *divided, _due(CHECK_INTERVAL)]
    _update(upload, actions, Upload.status.is_in(PENDING, RUNNING))


def progress(upload: Upload) -> tuple[Counts, float]:
    """The counts of an upload so far, and the share of its steps that are done."""
    if upload.status in ENDED:
        return Counts(**upload.counts or {}), 1.0
    if upload.status == WAITING:
        return Counts(), 0.0
    done = steps.of(upload)
    expected = len(upload.parts or ()) + (upload.buckets or 1) * (2 if upload.strict else 1)
    return counts_of(done), min(len(done) / expected, 0.99)


def counts_of(done: list[steps.Done]) -> Counts:
    """The counts of an import from what its steps have done; what a check has counted is not stored."""
    return steps.total(step for step in done if step.kind != steps.CHECK)


def succeed(upload: Upload, counts: Counts, rejected: str | None, warnings: list[dict[str, Any]]) -> None:
    """End an upload as SUCCESS, unless it has ended. rejected: the S3 key of the rejected rows, if there are any."""
    _end(upload, SUCCESS, counts, [*_rejected(rejected), Upload.warnings.set(warnings)])


def fail(upload: Upload, message: str, counts: Counts | None = None, rejected: str | None = None) -> None:
    """End an upload as FAILED, unless it has ended."""
    _end(upload, FAILED, counts or Counts(), [Upload.failure_message.set(message[:MAX_MESSAGE]), *_rejected(rejected)])


def fail_on_machine_error(upload: Upload, reason: str) -> None:
    """End an upload as FAILED because of a machine error."""
    logger.error("an import failed", upload=upload.id, reason=reason)
    fail(upload, f"The datastore could not complete the import. {RETRY_ADVICE}", counts_of(steps.of(upload)))


def delete(id: int) -> bool:
    """Delete an upload that waits or has ended, with its file; False when there is none. Raises Unfinished."""
    upload = get(id)
    if upload is None:
        return False
    if upload.status in ENDED:
        _remove_contents(upload)  # first, so that a request that dies here can be repeated
    idle = Upload.status.is_in(WAITING, *ENDED) & (Upload.status == upload.status)
    if not conditional_write(lambda: upload.delete(condition=idle)) and get(id) is not None:
        raise Unfinished  # otherwise this or another request has deleted it
    _remove_contents(upload)
    return True


def reconcile() -> int:
    """Continue what was interrupted; returns the number of uploads. The next pass retries whatever fails."""
    repaired = 0
    for id in [id for shard in range(DueIndex.SHARDS) for id in _due_ids(shard)]:
        try:
            upload = get(id)
            repaired += upload is not None and upload.due is not None and upload.due <= time.time() and _repair(upload)
        except Exception:
            logger.exception("an upload could not be reconciled", upload=id)
    return repaired


def _remove_contents(upload: Upload) -> None:
    steps.remove(upload)
    storage.remove(upload)


def _create(upload: Upload, transaction: TransactWrite) -> None:
    transaction.save(upload)
    idempotency.record(transaction, {"resource": RESOURCE, "id": upload.id})


def _start(upload: Upload) -> None:
    if upload.status == WAITING:
        found = storage.head(upload)
        if found is None:
            return
        size, etag = found
        actions: list[Action] = [
            Upload.status.set(PENDING),
            Upload.size.set(size),
            Upload.etag.set(etag),
            _due(CHECK_INTERVAL),
        ]
        _update(upload, actions, Upload.status == WAITING)
    if upload.status not in (RUNNING, *ENDED):
        state_machine.start_named(settings().import_state_machine_arn, _name(upload), {"upload": upload.id})


def _end(upload: Upload, status: str, counts: Counts, actions: list[Action]) -> None:
    ended = [
        Upload.status.set(status),
        Upload.counts.set(asdict(counts)),
        Upload.ended.set(now()),
        _due(ANNOUNCEMENT),
        *actions,
    ]
    if _update(upload, ended, ~Upload.status.is_in(*ENDED)):
        telemetry.emit({"UploadsSucceeded" if status == SUCCESS else "UploadsFailed": 1})
    announce(upload.id)


def announce(id: int) -> None:
    """Send the event of an upload that has ended, unless that was done. At least once: a kill may repeat it."""
    upload = get(id)
    if upload is None or upload.status not in ENDED or upload.announced:
        return
    events.put(
        "Upload ended",
        {
            "upload": upload.id,
            "kind": upload.kind,
            "status": upload.status,
            **(upload.counts or {}),
            "failure_message": upload.failure_message,
        },
    )
    actions: list[Action] = [Upload.announced.set(True), Upload.open_shard.remove(), Upload.due.remove()]
    conditional_write(lambda: Upload(upload.id).update(actions=actions, condition=Upload.id.exists()))


def _repair(upload: Upload) -> bool:
    if upload.status in ENDED:
        announce(upload.id)
        return True
    if upload.status == WAITING:
        if storage.head(upload) is not None:
            _start(upload)
            return True
        if (now() - upload.added).total_seconds() > PATIENCE:
            fail(upload, "No file arrived within 48 hours. Create a new upload, and send the file to its url.")
            return True
        _update(upload, [_due(FILE_CHECK_INTERVAL)], Upload.status == WAITING)
        return False
    execution = state_machine.find_named(settings().import_state_machine_arn, _name(upload))
    if execution is not None and execution.has_ended:
        fail_on_machine_error(upload, f"The execution is {execution.status} {execution.reason}".strip())
        return True
    _update(upload, [_due(CHECK_INTERVAL)], Upload.status == upload.status)
    if execution is None:
        _start(upload)
    return execution is None


def _rejected(key: str | None) -> list[Action]:
    return [] if key is None else [Upload.rejected_rows.set(key)]


def _due_ids(shard: int) -> list[int]:
    overdue = DueIndex.due < int(time.time())
    return [upload.id for upload in Upload.due_index.query(shard, range_key_condition=overdue)]


def _due(seconds: int) -> Action:
    due: Action = Upload.due.set(int(time.time()) + seconds)
    return due


def _update(upload: Upload, actions: list[Action], condition: Condition) -> bool:
    return conditional_write(lambda: Upload(upload.id).update(actions=actions, condition=condition))


def _name(upload: Upload) -> str:
    """The id is for operators; the document name makes it unique, even if ids start again after a restore."""
    return f"upload-{upload.id}-{upload.document}"
