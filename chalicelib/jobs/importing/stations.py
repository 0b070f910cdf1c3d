"""Temperatures to the series of their stations."""

from functools import partial

from chalicelib.files import weather
from chalicelib.files.options import Options
from chalicelib.files.records import bounds, change
from chalicelib.files.tables import Table
from chalicelib.jobs.importing.outcome import Outcome
from chalicelib.store.series import series
from chalicelib.store.series.series import Column
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads.steps import Counts


def prepare(upload: Upload, options: Options, rows: Table) -> Outcome:
    """What storing the temperatures of a bucket does."""
    prepared = weather.prepare(rows, options.timezone)
    columns, counts = dict[str, Column](), Counts(unchanged=prepared.repeated, rejected=prepared.rejected.height)
    for (dataset, station), part in weather.by_series(prepared.records):
        prefix = series.weather_prefix(dataset, station)
        stored = series.read(prefix, *bounds(part), compact=False)
        found = change(part, stored.starts, stored.values, stored.flags)
        counts += Counts(created=found.created, updated=found.updated, unchanged=found.unchanged)
        if found.starts:
            columns[prefix] = Column(found.starts, found.values, found.flags)
    return Outcome(counts, prepared.rejected, prepared.warnings, partial(series.append_many, columns))
