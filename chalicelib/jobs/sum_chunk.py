"""A step of the state machine's map: the sum of one chunk of a run's derivatives."""

from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import telemetry
from chalicelib.aggregation.sums import partial_sum
from chalicelib.store import aggregation_runs

logger = Logger()


def handle(event: dict[str, Any]) -> int:
    """Add the chunk up and keep its sum, of which a second time gives the same bytes; the chunk's number."""
    telemetry.note(aggregation_run=event["aggregation_run"])
    run, number = aggregation_runs.existing(event["aggregation_run"]), event["chunk"]
    try:
        partial = partial_sum(aggregation_runs.chunk(run, number), run.trace_interpretation)
        aggregation_runs.put_partial(run, number, partial._asdict())
    except Exception as error:
        aggregation_runs.record_error(run, f"Chunk {number}: {type(error).__name__}: {error}")
        raise
    logger.info("added up", chunk=number, derivatives=len(partial.statuses))
    return int(number)
