"""What a snapshot says about runs and batches that do not exist: not yet, or no more."""

from collections.abc import Sequence

from chalicelib.store.tables.runs import DeletedRuns, Outbox
from infra.verify.snapshot import Snapshot

OVERDUE = 30 * 60  # seconds after which the reconciler has certainly seen what is due


def being_written(outbox: Sequence[Outbox], run: int) -> bool:
    """Whether a request is writing a run, or was interrupted while it did."""
    return any(entry.first_run <= run < entry.first_run + entry.size for entry in outbox)


def was_deleted(at: Snapshot, run: int) -> bool:
    """Whether there was a run with this id, and there is none now."""
    return run not in at.runs and run <= at.last_ids.get("meter_runs", 0)


def is_recorded_as_deleted(at: Snapshot, resource: str, id: int) -> bool:
    """Whether a run or a batch was deleted within the last day."""
    key = {"meter_runs": (id, DeletedRuns.NO_BATCH), "batches": (DeletedRuns.WHOLE, id)}.get(resource)
    return any((entry.first_run, entry.batch) == key for entry in at.deleted_runs)
