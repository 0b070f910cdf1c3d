"""Readings to the series of their traces."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from chalicelib import vocabulary
from chalicelib.files import records
from chalicelib.files.options import Options
from chalicelib.files.records import Change, Series
from chalicelib.files.tables import Table
from chalicelib.jobs.importing.outcome import Outcome
from chalicelib.store.collections import projects, trace_series, traces
from chalicelib.store.series.series import Column
from chalicelib.store.tables.collections import Project, Trace
from chalicelib.store.tables.uploads import Upload
from chalicelib.store.uploads.steps import Counts

READERS = 8


def prepare(upload: Upload, options: Options, rows: Table) -> Outcome:
    """What storing the readings of a bucket does."""
    found = _traces(rows)
    known = projects.get_many({project for trace in found.values() for project in trace.projects})
    series = {key: _series(trace, known) for key, trace in found.items()}
    prepared = records.prepare(rows, series, options.timezone)
    by_trace = [(found[key], part) for key, part in records.by_key(prepared.records)]
    with ThreadPoolExecutor(READERS) as pool:
        changes = list(pool.map(_change, *zip(*by_trace, strict=True))) if by_trace else []
    counts = Counts(
        created=sum(change.created for change in changes),
        updated=sum(change.updated for change in changes),
        unchanged=sum(change.unchanged for change in changes) + prepared.repeated,
        rejected=prepared.rejected.height,
    )
    columns = {
        trace.id: Column(change.starts, change.values, change.flags)
        for (trace, _), change in zip(by_trace, changes, strict=True)
        if change.starts
    }

    def write() -> None:
        trace_series.append_many(columns)  # what is left of traces that are deleted meanwhile, the reconciler deletes

    return Outcome(counts, prepared.rejected, prepared.warnings, write)


def _traces(rows: Table) -> dict[str, Trace]:
    """The traces that the rows name, by key."""
    names, ids = records.keys(rows)
    by_id = {str(id): trace for id, trace in traces.get_many(ids).items()}
    return by_id | traces.find_many(names)


def _series(trace: Trace, known: dict[int, Project]) -> Series:
    zones = {known[project].timezone for project in trace.projects if project in known}
    if len(zones) == 1:
        why = ""
    elif zones:
        listed = " and ".join(sorted(zones))
        why = (
            f"The projects of trace {trace.trace_id} are in different time zones, {listed}: give the upload a timezone."
        )
    else:
        why = f"Trace {trace.trace_id} belongs to no project, so its time zone is unknown: give the upload a timezone."
    return Series(zones.pop() if len(zones) == 1 else None, why, partial(_factor, trace))


def _factor(trace: Trace, unit: str | None) -> float:
    """The factor from a unit to the trace's own. Raises ValueError."""
    if unit is None:
        return trace.unit_multiplier
    posted = trace.posted_unit or trace.unit
    heat_content = trace.heat_content if vocabulary.is_volume(unit) and vocabulary.same_unit(unit, posted) else None
    return vocabulary.normalized_unit(unit, trace.interpretation, heat_content)[1]


def _change(trace: Trace, part: Table) -> Change:
    stored = trace_series.read(trace, *records.bounds(part), read_only=True)
    return records.change(part, stored.starts, stored.values, stored.flags)
