"""The last step: add up what the others have done, and write the rejected rows to one file."""

from typing import Any

from chalicelib.jobs.importing import rejected
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads import steps, storage, uploads
from chalicelib.store.uploads.steps import MAX_WARNINGS, PARSE, Counts, Done


def finish(upload: Upload) -> None:
    """End an import whose rows are stored."""
    done = steps.of(upload)
    stored = [step for step in done if step.kind != steps.CHECK]
    file = rejected.write_all(upload, stored)
    uploads.succeed(upload, steps.total(stored), file, _first_warnings(stored))
    storage.remove_work(upload)


def decide(upload: Upload) -> bool:
    """Whether a strict import may store its rows; otherwise it ends FAILED."""
    done = steps.of(upload)
    counts = steps.total(done)
    if not counts.rejected:
        return True
    file = rejected.write_all(upload, done)
    rows = steps.total(step for step in done if step.kind == PARSE).rows
    message = (
        f"{counts.rejected:,} of {rows:,} rows are rejected, and the upload is strict, so nothing was stored. "
        "rejected_rows has each with its line and the reason: correct them, and upload the file again."
    )
    uploads.fail(upload, message, Counts(rows=rows, rejected=counts.rejected), file)
    storage.remove_work(upload)
    return False


def _first_warnings(done: list[Done]) -> list[dict[str, Any]]:
    found = [warning for step in done for warning in step.warnings]
    return sorted(found, key=lambda warning: int(warning["line"]))[:MAX_WARNINGS]
