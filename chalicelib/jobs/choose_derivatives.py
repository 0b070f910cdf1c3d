"""The second step of the state machine: choose the derivatives of a run, and the chunks in which they are summed."""

from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import telemetry
from chalicelib.aggregation import agreement
from chalicelib.store.collections import projects, trace_groups, traces
from chalicelib.store.results import choosing
from chalicelib.store.runs import aggregation_inputs, aggregation_runs, batches
from chalicelib.store.shared.rows import Rows
from chalicelib.store.tables.runs import AggregationRun

logger = Logger()

TOO_MANY = " Schedule several smaller aggregations, each with one derivative_interpretation."


class GoneError(Exception):
    """A project, trace, group or batch of the run was deleted before its derivatives were chosen."""


class MissingError(Exception):
    """A derivative that the run names does not exist."""


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of the run's chunks. If it cannot be aggregated, there are none, and the run is FAILED."""
    telemetry.note(aggregation_run=event["aggregation_run"])
    run = aggregation_runs.existing(event["aggregation_run"])
    if run.chunks is None:
        try:
            run = _with_derivatives(run)
        except (GoneError, MissingError, agreement.DisagreementError, choosing.TooManyError) as refusal:
            advice = TOO_MANY if isinstance(refusal, choosing.TooManyError) else ""
            aggregation_runs.fail(run, f"{refusal}{advice}")
            logger.info("FAILED", reason=str(refusal))
    aggregation_runs.begin(run)
    count = aggregation_runs.chunk_count(run)
    logger.info("derivatives chosen", chunks=count)
    return {"chunks": list(range(count)), "chunk_count": count}


def _with_derivatives(run: AggregationRun) -> AggregationRun:
    """Choose the derivatives of a run and store them.

    Raises GoneError, MissingError, DisagreementError or TooManyError.
    """
    spec = aggregation_runs.spec_of(run)
    if spec.after_batch is not None and batches.is_being_deleted(spec.after_batch):
        raise GoneError(
            f"Batch {spec.after_batch} was deleted before the derivatives were chosen. Schedule the aggregation again "
            "after another batch, or after none."
        )
    for item, named, found in (
        ("project", spec.projects, projects.get_many(spec.projects)),
        ("trace", spec.traces, traces.get_many(spec.traces)),
    ):
        if gone := [str(id) for id in named if id not in found]:
            them = "it" if len(gone) == 1 else "them"
            raise GoneError(
                f"Deleted before the derivatives were chosen: {item} {', '.join(gone[:20])}. Schedule the aggregation "
                f"again without {them}."
            )
    selection = spec.selection(_members(spec.group))
    choice = choosing.choose(selection, choosing.MAX_DERIVATIVES, lambda: Rows(aggregation_inputs.new_key(run)))
    if choice.missing:
        missing = ", ".join(map(str, sorted(choice.missing)[:20]))
        raise MissingError(f"These derivatives do not exist: {missing}. Schedule the aggregation again without them.")
    kind, unit = agreement.single(choice.units, choice.passed_over)
    draft = choice.drafts[kind]
    agreement.check_methods(draft.methods, mix=spec.mix_uncertainty)
    return aggregation_runs.store_choice(run, choosing.Chosen(kind, unit, draft, choice.without_result))


def _members(group: int | None) -> Iterable[trace_groups.Member]:
    if group is None:
        return ()
    found = trace_groups.get(group)
    if found is None:
        raise GoneError(
            f"Trace group {group} was deleted before the derivatives were chosen. Schedule the aggregation again with "
            "another group."
        )
    return trace_groups.members(found)
