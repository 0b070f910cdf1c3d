"""The state machine's second step: the derivatives of a run, and the chunks in which they are added up."""

from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.aggregation import agreement
from chalicelib.store import aggregation_runs, choosing
from chalicelib.store.tables import AggregationRun

logger = Logger()


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """The numbers of the run's chunks; none when it cannot be added up, and is FAILED with the reason."""
    run = aggregation_runs.existing(event["aggregation_run"])
    if run.chunks is None:
        try:
            run = _chosen(run)
        except (agreement.DisagreementError, choosing.TooManyError) as refusal:
            aggregation_runs.fail(run, str(refusal))
            logger.info("FAILED", aggregation_run=run.id, reason=str(refusal))
    aggregation_runs.begin(run)
    count = aggregation_runs.chunk_count(run)
    logger.info("chosen", aggregation_run=run.id, chunks=count)
    return {"chunks": list(range(count)), "chunk_count": count}


def _chosen(run: AggregationRun) -> AggregationRun:
    """The run with its derivatives. Raises DisagreementError or TooManyError."""
    choice = choosing.choose(aggregation_runs.spec_of(run).selection)
    kind, unit = agreement.single(choice.units, choice.passed_over)
    return aggregation_runs.choose(run, choosing.Chosen(kind, unit, choice.drafts[kind]))
