"""Files that clients upload, and what is promised of them."""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.store.tables.uploads import Upload
from infra.verify.declaring import Violation
from infra.verify.snapshot import Snapshot
from tests.faults.preparing import Expected, created, files_of
from tests.faults.world import World

COUNTS = ("rows", "created", "updated", "unchanged", "rejected")
TRACES = ("north", "south")  # with the ids 1 and 2


def prepare_building(world: World, expected: Expected) -> None:
    """Project 1 with the traces 1 and 2, of which the first has a record."""
    created(world, "projects/", {"project_id": "building", "timezone": "UTC"})
    for name in TRACES:
        created(world, "traces/", {"trace_id": name, "interpretation": "E_C_S", "unit": "kWh", "projects": [1]})
    record = {"trace": 1, "start": start(0), "value": 0.0}
    assert world.asked("POST", "trace_records/", [record], keyed=False).status == 201
    expected.records |= {1: {start(0): 0.0}, 2: {}}


def start(hour: int) -> str:
    """The start of a reading."""
    return f"2024-01-01T{hour:02}:00:00.000000Z"


def readings(values: Mapping[str, Sequence[float | str]]) -> bytes:
    """A CSV file with hourly readings by trace."""
    rows = [f"{trace},{start(hour)},{value}" for trace, column in values.items() for hour, value in enumerate(column)]
    return "\n".join(["trace_id,start,value", *rows, ""]).encode()


def upload(world: World, expected: Expected, body: dict[str, Any], content: bytes, **outcome: Any) -> int:
    """Upload a file, and let its import end, as which it is then expected to have ended. Returns its id."""
    answer = world.asked("POST", "uploads/", body)
    assert answer.status == 201, answer
    id = int(answer.body["id"])
    expected.uploads[id] = outcome
    packed = gzip.compress(content, mtime=0) if answer.body["format"] == "csv.gz" else content
    path, _, _ = answer.body["url"].partition("?")
    world.send_file(f"uploads/{path.partition('/uploads/')[2]}", packed)
    world.settle()
    return id


def broken_promises(
    world: World, at: Snapshot, expected: Expected, announced: Sequence[dict[str, Any]]
) -> Iterator[Violation]:
    """What is not as expected. announced: the events of ends that were sent."""
    for id, outcome in expected.uploads.items():
        found = at.uploads.get(id)
        shown = None if found is None else _outcome(world, found)
        if shown != outcome:
            reason = None if found is None else found.failure_message
            yield Violation("uploads-import-their-file", f"upload {id} should be {outcome}, and is {shown}: {reason}")
        if id in at.uploads and files_of(world, f"uploads/{id}-") == []:
            yield Violation("uploads-import-their-file", f"the file of upload {id} is gone")
    for id in at.uploads.keys() - expected.uploads.keys():
        yield Violation("one-effect-per-request", f"upload {id} was written, and no response names it")
    for id, outcome in (expected.uploads | expected.deleted_uploads).items():
        of_upload = [event for event in announced if event["upload"] == id]
        wanted = {name: value for name, value in outcome.items() if name != "lines"}
        if not of_upload or any({name: event[name] for name in wanted} != wanted for event in of_upload):
            yield Violation("ends-are-announced", f"the events of upload {id} are {of_upload}, not {wanted}")
    for id in expected.deleted_uploads:
        left = [f"upload {id}"] if id in at.uploads else []
        left += [f"steps of upload {id}"] if id in at.upload_steps else []
        left += sorted(key for key in at.objects if key.startswith(f"uploads/{id}-"))
        if left:
            yield Violation("deleted-is-gone", f"upload {id} was deleted, and there are still {left}")


def _outcome(world: World, upload: Upload) -> dict[str, Any]:
    """How an upload has ended: its status, its counts, and the lines of the rejected rows."""
    text = b"".join(files_of(world, upload.rejected_rows)) if upload.rejected_rows else b""
    lines = [int(row["line"]) for row in csv.DictReader(io.StringIO(text.decode()))]
    return {"status": upload.status, **{name: (upload.counts or {}).get(name) for name in COUNTS}, "lines": lines}
