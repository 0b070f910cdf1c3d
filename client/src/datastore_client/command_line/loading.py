"""`datastore load`"""

import csv
import hashlib
import json as json_module
from collections.abc import Mapping
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.progress import DownloadColumn, Progress, TaskID, TaskProgressColumn

from datastore_client._sync.client import Client
from datastore_client.command_line import session, settings
from datastore_client.command_line.session import Json, connected, out, say
from datastore_client.command_line.tables import table
from datastore_client.errors import Problem
from datastore_client.files import Format, Kind, found, recognized

SHOWN = 10  # rejected rows
COUNTS = ("rows", "created", "updated", "unchanged", "rejected")
CONTINUES = "The same command continues: what has arrived is not sent again."


class File(NamedTuple):
    """A file to load, and how."""

    path: Path
    kind: str
    format: str
    columns: Mapping[str, str]
    options: Mapping[str, Any]
    strict: bool


class Rejected(NamedTuple):
    """A row that was not stored, and why."""

    file: str
    line: str
    column: str
    value: str
    reason: str


def load(
    files: Annotated[list[Path], typer.Argument(help="Files, or directories of files.", exists=True, readable=True)],
    kind: Annotated[Kind | None, typer.Option(help="What the files hold, if their columns do not say it.")] = None,
    format: Annotated[Format | None, typer.Option(help="By default by the file's name; espi is Green Button.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", "-c", metavar="NAME=COLUMN", help='Which column is which: --column start="Read from".'
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            "-o",
            metavar="NAME=VALUE",
            help="How to read the files: timezone, date_format, decimal, delimiter, encoding, unit, interpretation, "
            "trace_id, station or dataset.",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Store nothing of a file if a row of it is rejected.")
    ] = False,
    rejected: Annotated[Path | None, typer.Option(help="A CSV file to which to write all rejected rows.")] = None,
    json: Json = False,
) -> None:
    """Load projects, traces (meters), their readings, and temperatures from files. Exit code 3: rows were rejected.

    Files may be given in any order, and loaded again: what is stored already is left as it is. An interrupted load
    continues with the same command.
    """
    columns, options = session.named_values(column or [], "--column"), session.named_values(option or [], "--option")
    with connected(CONTINUES) as client:
        todo = [File(path, *recognized(path, kind, format, columns), columns, options, strict) for path in found(files)]
        todo.sort(key=lambda file: list(Kind).index(Kind(file.kind)))
        ended: list[tuple[File, dict[str, Any]]] = []
        for _, alike in groupby(todo, lambda file: file.kind):
            ended += _loaded(client, list(alike))
            if any(upload["status"] == "FAILED" for _, upload in ended):
                break  # what follows refers to it
        rows = [
            row for file, upload in ended for row in _rejected(client, file, upload, everything=rejected is not None)
        ]
        if rejected is not None:
            _write(rejected, rows)
        if json:
            session.print_json([upload for _, upload in ended])
        else:
            _show(ended, rows, rejected)
    _exit(todo, ended)


def _loaded(client: Client, files: list[File]) -> list[tuple[File, dict[str, Any]]]:
    """Send files of one kind, and wait until they are imported."""
    kind, uploads = files[0].kind, list[dict[str, Any]]()
    with session.progress(DownloadColumn()) as bar:
        sending = bar.add_task(f"Sending {_noun(kind)}", total=sum(file.path.stat().st_size for file in files))
        arrived = 0
        for file in files:
            upload = _started(client, file)
            client.send_upload(upload, file.path, partial(_advance_to, bar, sending, arrived))
            arrived += file.path.stat().st_size
            bar.update(sending, completed=arrived)
            uploads.append(upload)
    with session.progress(TaskProgressColumn()) as bar:
        importing = bar.add_task(f"Importing {_noun(kind)}", total=float(len(files)))
        for index, file in enumerate(files):
            uploads[index] = client.follow_upload(
                uploads[index]["id"], partial(_advance_by_progress, bar, importing, index)
            )
            bar.update(importing, completed=index + 1)
            settings.store_unfinished(_key(client, file), None)
    return list(zip(files, uploads, strict=True))


def _advance_to(bar: Progress, task: TaskID, before: int, count: int) -> None:
    bar.update(task, completed=before + count)


def _advance_by_progress(bar: Progress, task: TaskID, before: int, upload: dict[str, Any]) -> None:
    bar.update(task, completed=before + upload["progress"])


def _started(client: Client, file: File) -> dict[str, Any]:
    """The upload of a file: the one that an interrupted command has started, or else a new one."""
    key = _key(client, file)
    if before := settings.unfinished(key):
        try:
            return client.get_upload(before)
        except Problem as problem:
            if problem.status != 404:
                raise
    created = client.create_upload(**file._asdict())
    settings.store_unfinished(key, created["id"])
    return created


def _key(client: Client, file: File) -> str:
    """What identifies a file and how it is loaded; it changes with the file."""
    status = file.path.stat()
    parts = [client.url, str(file.path.resolve()), status.st_size, status.st_mtime_ns, *file[1:]]
    return hashlib.sha256(json_module.dumps(parts).encode()).hexdigest()


def _rejected(client: Client, file: File, upload: dict[str, Any], everything: bool) -> list[Rejected]:
    if not upload["rejected_rows"]:
        return []
    text = client.get_text(upload["rejected_rows"])
    rows = list(csv.DictReader(text.splitlines()))
    return [
        Rejected(file.path.name, row["line"], row["column"], row["value"], row["reason"])
        for row in (rows if everything else rows[:SHOWN])
    ]


def _write(path: Path, rows: list[Rejected]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(Rejected._fields)
        writer.writerows(rows)


def _show(ended: list[tuple[File, dict[str, Any]]], rows: list[Rejected], rejected: Path | None) -> None:
    shown = table("", ["File", "Kind"], [name.capitalize() for name in COUNTS])
    for file, upload in ended:
        shown.add_row(file.path.name, file.kind, *(f"{upload[name]:,}" for name in COUNTS))
    out().print(shown)
    for file, upload in ended:
        for warning in upload["warnings"]:
            say(f"{file.path.name}, line {warning['line']}: {warning['detail']}")
    if not rows:
        return
    reasons = table("Rejected rows", ["File", "Line", "Column", "Value", "Reason"], [])
    for row in rows[:SHOWN]:
        reasons.add_row(*row)
    out().print(reasons)
    count = sum(upload["rejected"] for _, upload in ended)
    if rejected is not None:
        say(f"All {count:,} rejected rows are in {rejected}.")
    elif count > SHOWN:
        say(f"These are {min(len(rows), SHOWN)} of {count:,} rejected rows; --rejected FILE writes all of them.")


def _exit(todo: list[File], ended: list[tuple[File, dict[str, Any]]]) -> None:
    failed = [(file, upload) for file, upload in ended if upload["status"] == "FAILED"]
    for file, upload in failed:
        say(f"Error: {file.path} was not imported: {upload['failure_message']}")
    for file in todo[len(ended) :]:
        say(f"{file.path} was not sent, since what it refers to is missing.")
    if failed:
        raise typer.Exit(session.FAILED)
    if any(upload["rejected"] for _, upload in ended):
        raise typer.Exit(session.PARTIAL)


def _noun(kind: str) -> str:
    return {"trace_records": "readings", "weather_records": "weather", "tmy3": "weather"}.get(kind, kind)
