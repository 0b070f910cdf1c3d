"""What the steps of an import do: a row for each.

A step that stores rows first records what it is about to do. If it is killed and repeated, it finds a part of the rows
stored, and the record of its first attempt says how many it has created and updated.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from chalicelib.store.shared import bulk
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.uploads import Upload, UploadStep

MAX_WARNINGS = 20
PARSE, CHECK, APPLY = "parse", "check", "apply"


@dataclass(frozen=True)
class Counts:
    """Numbers of rows: of the file, and of those by what was done with them."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(**{name: value + getattr(other, name) for name, value in asdict(self).items()})


@dataclass(frozen=True)
class Done:
    """What a step has done.

    rejected: the S3 key of the rows that it rejected. rows: that of the rows that it passes on, and offsets: where
    those of each bucket start in it, and where the last ones end.
    """

    kind: str
    number: int
    counts: Counts
    warnings: list[dict[str, Any]] = field(default_factory=list)  # line and detail
    rejected: str | None = None
    rows: str | None = None
    offsets: list[int] | None = None


def plan(upload: Upload, done: Done) -> None:
    """Record what a step is about to do, unless an earlier attempt has recorded it."""
    row = _row(upload, done)
    conditional_write(lambda: row.save(condition=UploadStep.upload.does_not_exist()))


def finish(upload: Upload, done: Done) -> None:
    """Record that a step is done, which is the first record of one that was not planned."""
    row = _row(upload, done)
    row.is_done = True
    if not conditional_write(lambda: row.save(condition=UploadStep.upload.does_not_exist())):
        UploadStep(row.upload, row.step).update(actions=[UploadStep.is_done.set(True)])


def of(upload: Upload, kind: str | None = None) -> list[Done]:
    """What the steps of an import, or those of one kind, have done, in order of kind and number."""
    only = None if kind is None else UploadStep.step.between(f"{kind}#", f"{kind}#~")
    rows = UploadStep.query(upload.id, range_key_condition=only, consistent_read=True)
    return [_done(row) for row in rows if row.is_done]


def total(steps: Iterable[Done]) -> Counts:
    """The sum of the counts of steps."""
    return sum((done.counts for done in steps), Counts())


def remove(upload: Upload) -> None:
    """Delete the rows of all steps."""
    bulk.delete_all(UploadStep, list(UploadStep.query(upload.id, consistent_read=True)))


def _row(upload: Upload, done: Done) -> UploadStep:
    return UploadStep(
        upload.id,
        f"{done.kind}#{done.number:06d}",
        counts=asdict(done.counts),
        rejected=done.rejected,
        warnings=done.warnings[:MAX_WARNINGS],
        rows=done.rows,
        offsets=done.offsets,
    )


def _done(row: UploadStep) -> Done:
    kind, _, number = row.step.partition("#")
    return Done(kind, int(number), Counts(**row.counts), row.warnings, row.rejected, row.rows, row.offsets)
