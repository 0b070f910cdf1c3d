"""Derivatives: the numbers of meter results, one per interpretation, which are stored in their result."""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain, groupby
from types import SimpleNamespace
from typing import Any, Unpack

from chalicelib.store.results import selecting
from chalicelib.store.shared import lean, pages
from chalicelib.store.tables.results import Derivative, MeterResult
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS

DERIVATIVES_PER_RUN = len(DERIVATIVE_INTERPRETATIONS)
SHARED = ("id", "trace", "project", "trace_interpretation", "eemeter_version")  # with the result, except for the id
SUMMED = (*SHARED, "meter_result", *(name for name in Derivative.OWN if name != "spread"))
DEFAULTS = {name: Derivative.get_attributes()[name].default for name in Derivative.OWN}


def derivative_ids(run_id: int) -> range:
    """The ids of a run's derivatives, in the order of DERIVATIVE_INTERPRETATIONS."""
    return range(DERIVATIVES_PER_RUN * (run_id - 1) + 1, DERIVATIVES_PER_RUN * run_id + 1)


def run_of(derivative_id: int) -> int:
    """The id of the run, and of the result, that a derivative belongs to."""
    return (derivative_id - 1) // DERIVATIVES_PER_RUN + 1


def get(id: int) -> Derivative | None:
    """The derivative, or None."""
    return get_many([id]).get(id)


def get_many(wanted: Iterable[int]) -> dict[int, Derivative]:
    """The derivatives that exist among these ids, by id."""
    asked = set(wanted)
    found = of(pages.get_many(MeterResult, map(run_of, asked)).values())
    return {derivative.id: derivative for derivative in found if derivative.id in asked}


def stream(wanted: Iterable[int]) -> Iterator[Any]:
    """The derivatives that exist among ascending ids, in order, each with only the attributes that SUMMED lists.

    Few of them are in memory at a time. Raises DeadlineExceededError.
    """

    def read(block: list[tuple[int, set[int]]]) -> list[Any]:
        asked = dict(block)
        found = list(lean.batch_get(MeterResult, asked, (*SHARED, "derivatives")))
        stored = [id for result in found if result.derivatives is None for id in asked[result.id]]
        chosen = list(lean.batch_get(Derivative, stored, SUMMED)) if stored else []
        for result in found:
            shared = {name: getattr(result, name) for name in SHARED}
            for values in result.derivatives or ():
                own = dict(zip(Derivative.OWN, values, strict=False))  # older results may have fewer
                id = _id_of(result.id, own["interpretation"])
                if id in asked[result.id]:
                    chosen.append(SimpleNamespace(**(DEFAULTS | shared | own | {"id": id, "meter_result": result.id})))
        return sorted(chosen, key=lambda one: one.id)

    by_run = ((run, set(of_run)) for run, of_run in groupby(wanted, run_of))
    return chain.from_iterable(pages.in_blocks(read, by_run))


def of(results: Iterable[MeterResult]) -> list[Derivative]:
    """The derivatives of results, in the order of the results and of their ids."""
    results = list(results)
    older = [id for result in results if result.derivatives is None for id in derivative_ids(result.id)]
    stored = pages.get_many(Derivative, older) if older else {}
    found: list[Derivative] = []
    for result in results:
        if result.derivatives is None:
            found += [stored[id] for id in derivative_ids(result.id) if id in stored]
        else:
            found += sorted((_derivative(result, values) for values in result.derivatives), key=lambda one: one.id)
    return found


def page(
    *,
    after: int,
    limit: int,
    meter_result: Collection[int] = (),
    interpretation: Collection[str] = (),
    **filters: Unpack[selecting.Filters],
) -> pages.Page[Derivative]:
    """A page of the derivatives that match the filters; `interpretation`: the accepted ones, empty: all."""
    keep = pages.matches(interpretation=interpretation)

    def read(block: list[int]) -> list[Derivative]:
        found = pages.get_many(MeterResult, block)
        results = selecting.matching((found[id] for id in block if id in found), **filters)
        return [one for one in of(results) if one.id > after and keep(one)]

    candidates = selecting.run_ids(run_of(after + 1) - 1, run=meter_result, **filters)
    return pages.of_blocks(read, candidates, limit, lambda run: derivative_ids(run)[-1])


def _derivative(result: MeterResult, values: list[Any]) -> Derivative:
    """A derivative of a result, from its values of Derivative.OWN."""
    own: dict[str, Any] = dict(zip(Derivative.OWN, values, strict=False))  # older results may have fewer
    return Derivative(
        id=_id_of(result.id, own["interpretation"]),
        meter_result=result.id,
        trace=result.trace,
        project=result.project,
        trace_interpretation=result.trace_interpretation,
        eemeter_version=result.eemeter_version,
        added=result.added,
        updated=result.updated,
        **own,
    )


def _id_of(run: int, interpretation: str) -> int:
    return DERIVATIVES_PER_RUN * (run - 1) + DERIVATIVE_INTERPRETATIONS.index(interpretation) + 1
