"""Derivatives: the numbers of meter results, one per interpretation."""

from collections.abc import Iterable, Iterator

from chalicelib.store.shared import ids, pages
from chalicelib.store.tables.results import Derivative
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS

DERIVATIVES_PER_RUN = len(DERIVATIVE_INTERPRETATIONS)


def derivative_ids(run_id: int) -> range:
    """The ids of a run's derivatives, in the order of DERIVATIVE_INTERPRETATIONS.

    They are fixed from the start, so that a retry overwrites the first attempt.
    """
    return range(DERIVATIVES_PER_RUN * (run_id - 1) + 1, DERIVATIVES_PER_RUN * run_id + 1)


def get(id: int) -> Derivative | None:
    """The derivative, or None."""
    return pages.get(Derivative, id)


def get_many(wanted: Iterable[int]) -> dict[int, Derivative]:
    """The derivatives that exist among these ids, by id."""
    return pages.get_many(Derivative, wanted)


def stream(wanted: Iterable[int]) -> Iterator[Derivative]:
    """The derivatives that exist among ascending ids, in order."""
    return pages.stream(Derivative, wanted)


def page(
    *,
    after: int,
    limit: int,
    project: int | None = None,
    trace: int | None = None,
    meter_result: int | None = None,
    interpretation: str | None = None,
) -> pages.Page[Derivative]:
    """A page of the derivatives that match the filters."""
    keep = pages.matches(project=project, trace=trace, meter_result=meter_result, interpretation=interpretation)
    if meter_result is not None:
        return pages.walk(Derivative, derivative_ids(meter_result), after, limit, keep)
    if trace is not None:
        return pages.query(Derivative.trace_index, trace, after, limit, keep)
    if project is not None:
        return pages.query(Derivative.project_index, project, after, limit, keep)
    every = range(1, derivative_ids(ids.last("meter_runs")).stop)
    return pages.walk(Derivative, every, after, limit, keep)
