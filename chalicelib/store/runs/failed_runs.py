"""Runs that repeat the FAILED runs of a batch."""

from collections.abc import Iterator
from typing import Any

from chalicelib.store.collections import projects, traces
from chalicelib.store.runs import batches, meter_runs, statuses
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.shared import pages
from chalicelib.store.tables.runs import Batch, MeterRun


def repeated(batch: Batch, after: int, arguments: dict[str, Any]) -> Iterator[tuple[int, RunSpec]]:
    """The FAILED runs of a batch with ids above `after`, ascending, each with the run that repeats it.

    arguments: of the new runs; if none of them is given, each run has those of the failed one. A run is left out if its
    trace or project has been deleted. A run that has failed in the last second may be missing.
    """
    within = [part for part in (pages.above(part, after) for part in batches.ranges_in(batch)) if part]
    given = any(value is not None for value in arguments.values())
    for part in within:
        failed = statuses.ids("FAILED", part[0], part[-1])
        for block in pages.blocks(failed):
            found = [run for _, run in sorted(meter_runs.get_many(block).items()) if run.status == "FAILED"]
            for run in _runnable(found):
                yield run.id, _again(run, arguments if given else None)


def _again(run: MeterRun, arguments: dict[str, Any] | None) -> RunSpec:
    own = {name: getattr(run, name) for name in meter_runs.ARGUMENTS} if arguments is None else arguments
    return RunSpec(project=run.project, trace=run.trace, **own)


def _runnable(found: list[MeterRun]) -> list[MeterRun]:
    """Those runs whose trace and project exist."""
    known_traces = traces.get_many(run.trace for run in found)
    known_projects = projects.get_many(run.project for run in found)
    return [run for run in found if run.trace in known_traces and run.project in known_projects]
