"""A TMY3 or CZ2010 file, as it was published, to the normal year of its station."""

from functools import partial

from chalicelib.api.http.problems import Problem
from chalicelib.api.http.validation import from_text
from chalicelib.api.shared import normal_files
from chalicelib.files.options import FileError, Options
from chalicelib.jobs.importing.outcome import Outcome
from chalicelib.store.series import series
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads import storage
from chalicelib.store.uploads.steps import Counts


def prepare(upload: Upload, options: Options) -> Outcome:
    """What replacing the normal year of a station does. Raises FileError."""
    key, start, end, _ = upload.parts[0]
    try:
        station, hours = normal_files.read(from_text(storage.read(upload, key, start, end)), options.station)
    except Problem as problem:
        raise FileError(problem.errors[0]["detail"] if problem.errors else problem.detail) from None
    prefix = series.weather_prefix("normal", station)
    stored = series.read(prefix, compact=False)
    if stored == hours:
        return Outcome(Counts(rows=len(hours), unchanged=len(hours)))
    counts = Counts(rows=len(hours), created=0 if len(stored) else len(hours), updated=len(hours) if len(stored) else 0)
    return Outcome(counts, write=partial(series.replace, prefix, hours))
