"""Exports: accepted as an item and a job, written step by step, and published when all segments are written.

A step writes one segment, and then moves the cursor and names the segment by one conditional write. A segment of an
attempt that died before that is named by nothing, and the next attempt writes it again. So no candidate is exported
twice or left out, even if two executions do the same step at once.
"""

import time
import uuid
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from aws_lambda_powertools import Logger
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.settings import settings
from chalicelib.store import idempotency
from chalicelib.store.exports import candidates, segments
from chalicelib.store.exports.candidates import TooManyError
from chalicelib.store.exports.columns import COLUMNS
from chalicelib.store.exports.reading import Reader
from chalicelib.store.exports.rows import Row
from chalicelib.store.exports.segments import Segment
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.runs.jobs import Jobs, first_check
from chalicelib.store.shared import ids, pages
from chalicelib.store.shared.errors import Busy
from chalicelib.store.shared.retries import attempts
from chalicelib.store.shared.transactions import commit, conditional_write
from chalicelib.store.tables.base import now
from chalicelib.store.tables.exports import Export, ExportJob

logger = Logger(child=True)

RESOURCE = "exports"
SEGMENT = 16 * 2**20  # bytes of a segment of CSV
PART = 128 * 2**20  # bytes of memory of a Parquet file, which is a fraction of that
ATTEMPTS = 12  # at deleting an export while it is written
EXECUTIONS = 20  # of a job, each of which tries a step six times, before the export is FAILED
GIVEN_UP = (
    "The datastore could not write the export in {count} attempts. Export again; if it fails again, tell the operator."
)
TOO_LARGE = "The export would have more than {most:,} parts. Narrow its filters."


class Part(Protocol):
    """The rows of a segment, as `files.writing.Part` writes them."""

    rows: int

    @property
    def size(self) -> int:
        """The bytes so far."""

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows."""

    def content(self) -> bytes:
        """The bytes of the segment."""


class NewPart(Protocol):
    """Makes the part of a table with these names and types of columns."""

    def __call__(self, format: Any, columns: Sequence[tuple[str, str]], *, is_first: bool) -> Part:
        """A part without rows."""


def get(id: int) -> Export | None:
    """The export (strongly consistent), or None."""
    return pages.get(Export, id)


def page(*, after: int, limit: int, kind: Collection[str] = (), status: Collection[str] = ()) -> pages.Page[Export]:
    """A page of the exports that match the filters."""
    return pages.walk(Export, ids.allocated(RESOURCE), after, limit, pages.matches(kind=kind, status=status))


def create(kind: str, format: str, filters: dict[str, Any], group_filter: dict[str, Any] | None) -> Export:
    """Accept an export, and start its execution. group_filter: the specification of the group in `filters`.

    Raises Busy; the request has no effect in that case.
    """
    export = Export(
        ids.allocate(RESOURCE)[0],
        kind=kind,
        format=format,
        filters=filters,
        group_filter=group_filter,
        document=str(uuid.uuid4()),
    )
    job = ExportJob(export.id, document=export.document, due=first_check())

    def fill(transaction: TransactWrite) -> None:
        transaction.save(export)
        jobs.add(transaction, job)
        idempotency.record(transaction, {"resource": RESOURCE, "id": export.id})

    if not commit(fill):
        raise Busy("another request holds the Idempotency-Key")
    jobs.start(job)
    return export


def delete(id: int) -> bool:
    """Delete an export with its files, whether or not it has ended; False when there is no such export.

    A step that is under way removes what it publishes after that; the bucket's lifecycle deletes its segment. Raises
    Busy.
    """
    for _ in attempts(ATTEMPTS):
        export = get(id)
        if export is None:
            return False
        if export.status in ENDED:
            segments.remove(export)  # first, so that a request that dies here can be repeated
        unchanged = Export.version == export.version
        if conditional_write(lambda: Export(id).delete(condition=unchanged)):  # noqa: B023 (called at once)
            remove_job(id)
            segments.remove(export)
            return True
    raise Busy(f"the export went on in all {ATTEMPTS} attempts to delete it")


def advance(id: int, new_part: NewPart, until: float) -> bool:
    """Do the next step of an export; returns whether it has ended.

    until: when the step should end, on the clock of time.monotonic(). Raises Busy and DeadlineExceededError.
    """
    export = get(id)
    if export is None or export.status in ENDED:
        return True
    if export.candidates is None:
        return _choose(export)
    if export.cursor < export.total or not export.segments:
        return _write(export, new_part, until)
    return _publish(export)


def remove_job(id: int) -> None:
    """Remove the job of an export that has ended."""
    ExportJob(id).delete()


def extend(id: int) -> bool:
    """Postpone the check of an export's job, of which a step is about to begin; False if there is no such job."""
    return jobs.extend(ExportJob(id))


def reconcile() -> int:
    """Start the executions that have ended before their export has, or were never started; returns their number."""
    return jobs.reconcile()


def _choose(export: Export) -> bool:
    """Choose the candidates."""
    began, key = int(time.time()), segments.candidates_key(export)
    try:
        chosen = candidates.choose(export.kind, export.filters)
    except TooManyError as error:
        return _fail(export, str(error))
    candidates.store(key, chosen)
    actions: list[Action] = [
        Export.status.set("RUNNING"),
        Export.candidates.set(key),
        Export.chosen.set(began),
        Export.total.set(len(chosen)),
    ]
    _update(export, actions, Export.candidates.does_not_exist())
    return False


def _write(export: Export, new_part: NewPart, until: float) -> bool:
    """Write the next segment, which ends when it is large enough, or in time."""
    known = segments.of(export)
    carried = known.pop() if known and _is_too_small(export, known[-1]) else None
    most = segments.MOST[export.format]
    if len(known) >= most:
        return _fail(export, TOO_LARGE.format(most=most))
    columns = [(column.name, column.type) for column in COLUMNS[export.kind]]  # type: ignore[index]
    part = new_part(export.format, columns, is_first=not known and carried is None)
    before = b"" if carried is None else segments.content(export, carried)
    position, target = export.cursor, SEGMENT if export.format == "csv" else PART
    for block in Reader(export, candidates.load(export.candidates)).blocks(position):
        if block.rows:
            part.add(block.rows)
        if block.position is None:
            continue
        position = block.position
        if part.size >= target or time.monotonic() > until:
            break
    rows = part.rows + (0 if carried is None else carried.rows)
    known.append(segments.put(export, len(known) + 1, rows, before + part.content()))
    actions: list[Action] = [
        Export.cursor.set(position),
        Export.segments.set([list(segment) for segment in known]),
        Export.rows.set(sum(segment.rows for segment in known)),
        Export.size.set(sum(segment.size for segment in known)),
    ]
    _update(export, actions, Export.version == export.version)
    return False


def _publish(export: Export) -> bool:
    """Make the files, and end the export; if it was deleted or given up meanwhile, remove them again."""
    segments.publish(export)
    if not _update(export, [Export.status.set("SUCCESS")], Export.version == export.version):
        found = get(export.id)
        if found is None or found.status == "FAILED":
            segments.remove(export)
            return True
    try:
        segments.remove_segments(export)
    except Exception:
        logger.exception("the segments of an export remain; the bucket's lifecycle deletes them", export=export.id)
    return True


def _is_too_small(export: Export, segment: Segment) -> bool:
    """Whether a segment cannot be followed by another one, and has to be continued."""
    return export.format == "csv" and segment.size < segments.SMALLEST


def _fail(export: Export, message: str) -> bool:
    ended: list[Action] = [Export.status.set("FAILED"), Export.failure_message.set(message)]
    _update(export, ended, Export.status != "SUCCESS")
    return True


def _give_up(job: ExportJob) -> None:
    export = get(job.export)
    if export is not None and export.status not in ENDED:
        _fail(export, GIVEN_UP.format(count=job.execution))
    remove_job(job.export)


def _update(export: Export, actions: Sequence[Action], condition: Condition) -> bool:
    """Change an export that exists and has not ended; False if the condition does not hold."""
    changed = [*actions, Export.version.set(export.version + 1), Export.updated.set(now())]
    is_open = Export.status.is_in("PENDING", "RUNNING")
    return conditional_write(lambda: Export(export.id).update(actions=changed, condition=is_open & condition))


jobs = Jobs(
    ExportJob,
    machine=lambda: settings().export_state_machine_arn,
    subject=lambda job: {"export": job.export},
    give_up=_give_up,
    limit=EXECUTIONS,
)
