"""Choosing the derivatives of aggregation runs, and the errors if they cannot be added up."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from chalicelib.aggregation import agreement
from chalicelib.api.http.problems import ErrorItem, error, invalid, raise_if_any
from chalicelib.api.schemas.aggregation_runs import AggregationRunIn, AggregationTarget, Members, Sources
from chalicelib.store.collections import projects, trace_groups, traces
from chalicelib.store.results import choosing
from chalicelib.store.results import derivatives as stored_derivatives
from chalicelib.store.results.choosing import Choice, Chosen, Selection, TooManyError
from chalicelib.store.runs import batches
from chalicelib.store.runs.aggregation_inputs import AggregationSpec
from chalicelib.store.tables.collections import TraceGroup

MAX_SEARCHED = 50_000  # traces that a request searches for the members of groups; the execution searches any number


def known_groups(sources: Sequence[tuple[tuple[str | int, ...], Sources]]) -> list[TraceGroup]:
    """The groups among the sources, which come with the path to each.

    Raises the 400 Problem for projects, traces and groups that do not exist, and for sources that are empty.
    """
    known: dict[str, Any] = {
        "projects": projects.get_many({id for _, one in sources for id in one.projects}),
        "traces": traces.get_many({id for _, one in sources for id in one.traces}),
    }
    groups = trace_groups.get_many({one.group for _, one in sources if one.group is not None})
    errors = []
    for at, one in sources:
        if not any(one.sources().values()):
            errors.append(error("There is nothing to add up; give projects, traces, derivatives or a group.", *at))
        for name, found in known.items():
            errors += _missing(getattr(one, name), found, name.removesuffix("s"), *at, name)
        if one.group is not None and one.group not in groups:
            errors.append(error(f"There is no trace group {one.group}.", *at, "group"))
    raise_if_any(errors)
    return list(groups.values())


def members_of(groups: list[TraceGroup], sources: Sequence[tuple[tuple[str | int, ...], Sources]]) -> Members:
    """The members of the groups of the sources.

    Raises the 400 Problem for groups that are empty, and TooManyError if the search would take a request too long.
    """
    if groups and (size := trace_groups.search_size()) > MAX_SEARCHED:
        raise TooManyError(f"The members of the groups are found among {size:,} traces; the limit is {MAX_SEARCHED:,}.")
    members = trace_groups.members_of(groups)
    raise_if_any(
        [
            error(
                f"No trace matches trace group {one.group}; change its filter_specification, or use another group.",
                *at,
                "group",
            )
            for at, one in sources
            if one.group is not None and not members[one.group]
        ]
    )
    return members


def _missing(named: Sequence[int], found: Any, item: str, *at: str | int) -> list[ErrorItem]:
    return [error(f"There is no {item} {id}.", *at, index) for index, id in enumerate(named) if id not in found]


def check_deferred(body: AggregationRunIn) -> None:
    """Raise the 400 Problem if a batch or derivative does not exist; `choice_of` checks runs without a batch."""
    batch = batches.get(body.after_batch or 0)
    if batch is None:
        raise invalid(error(f"There is no batch {body.after_batch}.", "after_batch"))
    if batch.state == batches.DELETING:
        detail = f"Batch {batch.id} is being deleted; name another one, or none."
        raise invalid(error(detail, "after_batch"))
    raise_if_any(_missing(body.derivatives, stored_derivatives.get_many(body.derivatives), "derivative", "derivatives"))


def choice_of(selection: Selection, *at: str | int) -> Choice:
    """The derivatives of a selection.

    Raises the 400 Problem for unknown derivatives, and TooManyError if there are too many for a request.
    """
    choice = choosing.choose(selection, choosing.MAX_IN_REQUEST)
    unknown = [index for index, id in enumerate(selection.derivatives) if id in choice.missing]
    raise_if_any(
        [
            error(f"There is no derivative {selection.derivatives[index]}.", *at, "derivatives", index)
            for index in unknown
        ]
    )
    return choice


def chosen_of(selection: Selection, *, mix: bool) -> Chosen:
    """The derivatives of a selection, which must agree; with `mix`, methods may differ.

    Raises the 400 Problem, and TooManyError.
    """
    choice = choice_of(selection)
    try:
        kind, unit = agreement.single(choice.units, choice.passed_over)
        draft = choice.drafts[kind]
        agreement.check_methods(draft.methods, mix=mix)
    except agreement.DisagreementError as problem:
        raise _disagreement(problem) from None
    return Chosen(kind, unit, draft, choice.without_result)


def combinations(target: AggregationTarget, choice: Choice, index: int) -> list[tuple[AggregationSpec, Chosen]]:
    """A run for each kind of derivative of a target, in the order of the vocabulary. Raises the 400 Problem."""
    runs = []
    for kind in sorted(choice.drafts, key=lambda kind: kind.order):
        draft = choice.drafts[kind]
        try:
            unit = agreement.unit_of(kind, draft.units)
            agreement.check_methods(draft.methods, mix=target.mix_uncertainty)
        except agreement.DisagreementError as problem:
            raise _disagreement(problem, "targets", index) from None
        spec = AggregationSpec(
            **target.sources(),
            **kind._asdict(),
            aggregation_interpretation=target.aggregation_interpretation,
            mix_uncertainty=target.mix_uncertainty,
        )
        runs.append((spec, Chosen(kind, unit, draft, choice.without_result)))
    return runs


@contextmanager
def refusing_too_many(*at: str | int) -> Iterator[None]:
    """Raise the 400 Problem in place of TooManyError, in a bulk request, whose runs cannot choose later."""
    try:
        yield
    except TooManyError as problem:
        limit = f"{choosing.MAX_DERIVATIVES:,} derivatives"
        advice = f"Split the target, or schedule it as a single aggregation run, which may have up to {limit}."
        raise invalid(error(f"{problem} {advice}", *at)) from None


def _disagreement(problem: agreement.DisagreementError, *at: str | int) -> Exception:
    return invalid(*(error(sentence, *at, *([field] if field else [])) for field, sentence in problem.problems))
