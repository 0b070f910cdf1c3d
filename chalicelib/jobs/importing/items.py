"""What projects and traces share: each row is validated as the body of a request would be, and written by its key."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter

from chalicelib.api.http.problems import ErrorItem, Problem
from chalicelib.api.http.validation import from_values
from chalicelib.files import objects, parsed
from chalicelib.files.layout import Layout
from chalicelib.files.tables import Table
from chalicelib.jobs.importing.outcome import Outcome
from chalicelib.store.collections.changes import same
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads.steps import Counts

WRITTEN_AT_ONCE = 1_000

Fields = dict[str, Any]
Status = Literal["created", "updated", "unchanged"]


@dataclass
class Row:
    """A row of the file, its key, and the fields that a request would have."""

    line: int
    key: str
    given: Fields


@dataclass(frozen=True)
class Checked:
    """The rows without those that are rejected, and for each of these its line, column, value and reason."""

    rows: list[Row]
    rejected: list[tuple[int, str, str, str]]


def checked(
    upload: Upload, rows: Table, body: type[BaseModel], before: Callable[[Row], ErrorItem | None] = lambda row: None
) -> Checked:
    """Validate rows by the schema of a body. before: changes the fields of a row first, or returns why it cannot."""
    adapter, good, rejected = TypeAdapter(body), dict[str, Row](), list[tuple[int, str, str, str]]()
    for line, key, given in objects.fields(rows, Layout.from_dict(upload.layout)):
        row = Row(line, key, given)
        earlier = good.get(key)
        try:
            found = before(row)
            if found is not None:
                rejected.append(rejection(row, found))
                continue
            row.given = from_values(adapter, row.given).given()
        except Problem as problem:
            rejected.append(rejection(row, problem.errors[0]))
            continue
        if earlier is None:
            good[key] = row
        elif earlier.given != row.given:
            reason = f"Line {earlier.line}, which counts, has the same key and other values. Use each key once."
            rejected.append((line, "", key, reason))
    return Checked(list(good.values()), rejected)


def rejection(row: Row, error: ErrorItem) -> tuple[int, str, str, str]:
    """The entry of a rejected row."""
    column = error["pointer"].split("/")[1] if error["pointer"] else ""
    value = row.given.get(column)
    return row.line, column, "" if value is None else str(value)[:100], error["detail"]


def outcome(
    read: int,
    rows: Sequence[tuple[Row, Fields]],
    existing: Mapping[str, Any],
    rejected: list[tuple[int, str, str, str]],
    sync: Callable[[list[Fields]], Any],
) -> Outcome:
    """What writing rows does. read: how many the bucket has. rows: with their fields as stored. sync: writes some."""
    statuses = [_status(existing.get(row.key), fields) for row, fields in rows]
    created, updated = statuses.count("created"), statuses.count("updated")
    counts = Counts(
        created=created,
        updated=updated,
        unchanged=read - len(rejected) - created - updated,  # with rows that repeat another one
        rejected=len(rejected),
    )
    to_write = [fields for (_, fields), status in zip(rows, statuses, strict=True) if status != "unchanged"]

    def write() -> None:
        for block in _blocks(to_write):
            sync(block)

    return Outcome(counts, parsed.rejected(rejected), write=write)


def _status(item: Any, fields: Fields) -> Status:
    if item is None:
        return "created"
    return "unchanged" if same(item, fields) else "updated"


def _blocks(fields: list[Fields]) -> Iterator[list[Fields]]:
    for first in range(0, len(fields), WRITTEN_AT_ONCE):
        yield fields[first : first + WRITTEN_AT_ONCE]
