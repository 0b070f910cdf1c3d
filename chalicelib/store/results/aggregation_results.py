"""Aggregation results: the results of successful aggregation runs."""

from chalicelib.store.shared import ids, pages
from chalicelib.store.tables.results import AggregationResult


def get(id: int) -> AggregationResult | None:
    """The result, or None."""
    return pages.get(AggregationResult, id)


def page(
    *, after: int, limit: int, aggregation_run: int | None = None, **wanted: str | None
) -> pages.Page[AggregationResult]:
    """A page of the results that match the filters. `wanted` gives attribute values."""
    candidates = ids.allocated("aggregation_runs") if aggregation_run is None else [aggregation_run]
    return pages.walk(AggregationResult, candidates, after, limit, pages.matches(**wanted))
