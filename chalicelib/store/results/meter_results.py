"""Meter results: the results of successful meter runs."""

from chalicelib.store.shared import ids, pages
from chalicelib.store.tables.results import MeterResult


def get(id: int) -> MeterResult | None:
    """The result, or None."""
    return pages.get(MeterResult, id)


def page(
    *, after: int, limit: int, project: int | None = None, trace: int | None = None, meter_run: int | None = None
) -> pages.Page[MeterResult]:
    """A page of the results that match the filters."""
    keep = pages.matches(project=project, trace=trace, meter_run=meter_run)
    if meter_run is not None:
        return pages.walk(MeterResult, [meter_run], after, limit, keep)
    if trace is not None:
        return pages.query(MeterResult.trace_index, trace, after, limit, keep)
    if project is not None:
        return pages.query(MeterResult.project_index, project, after, limit, keep)
    return pages.walk(MeterResult, ids.allocated("meter_runs"), after, limit, keep)
