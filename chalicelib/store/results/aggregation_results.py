"""Aggregation results: the results of successful aggregation runs."""

from collections.abc import Collection

from chalicelib.store.shared import ids, pages
from chalicelib.store.tables.results import AggregationResult


def get(id: int) -> AggregationResult | None:
    """The result, or None."""
    return pages.get(AggregationResult, id)


def page(
    *, after: int, limit: int, aggregation_run: Collection[int] = (), **wanted: Collection[str]
) -> pages.Page[AggregationResult]:
    """A page of the results that match the filters. `wanted` gives accepted attribute values; empty: all."""
    candidates = sorted(set(aggregation_run)) or ids.allocated("aggregation_runs")
    return pages.walk(AggregationResult, candidates, after, limit, pages.matches(**wanted))
