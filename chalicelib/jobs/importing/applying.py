"""The third step: store the rows of a bucket, or find out what storing them would do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from chalicelib.files import shuffling
from chalicelib.files.options import Options
from chalicelib.files.tables import Table
from chalicelib.jobs.importing import meters, normal_year, projects, rejected, stations, traces
from chalicelib.jobs.importing.outcome import Outcome
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads import steps, storage
from chalicelib.store.uploads.steps import APPLY, CHECK, PARSE, Done

READERS = 8


# By kind: the outcome of storing the rows of a bucket, which stores nothing until its `write` is called.
IMPORTS: dict[str, Callable[[Upload, Options, Table], Outcome]] = {
    "projects": projects.prepare,
    "traces": traces.prepare,
    "trace_records": meters.prepare,
    "weather_records": stations.prepare,
}


def apply(upload: Upload, options: Options, number: int, *, write: bool) -> None:
    """Store the rows of a bucket. write: false to only find out what that would do."""
    kind = APPLY if write else CHECK
    outcome = normal_year.prepare(upload, options) if upload.kind == "tmy3" else _outcome(upload, options, number)
    refused = rejected.store(upload, kind, outcome.rejected)
    done = Done(kind, number, outcome.counts, outcome.warnings, refused)
    if write:
        steps.plan(upload, done)
        outcome.write()
    steps.finish(upload, done)


def _outcome(upload: Upload, options: Options, number: int) -> Outcome:
    def read(done: Done) -> bytes:
        offsets = done.offsets or [0] * (number + 2)
        return storage.read(upload, done.rows or "", offsets[number], offsets[number + 1])

    with ThreadPoolExecutor(READERS) as pool:
        rows = shuffling.from_bucket(list(pool.map(read, steps.of(upload, PARSE))))
    return Outcome() if rows is None else IMPORTS[upload.kind](upload, options, rows)
