"""The map step of the state machine: sum one chunk of a run's derivatives."""

from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import telemetry
from chalicelib.aggregation.sums import partial_sum
from chalicelib.store.runs import aggregation_runs, partial_sums

logger = Logger()


def handle(event: dict[str, Any]) -> int:
    """Sum the chunk, store the sum and return the chunk's number. Idempotent: a retry writes the same bytes."""
    telemetry.note(aggregation_run=event["aggregation_run"])
    run, number = aggregation_runs.existing(event["aggregation_run"]), event["chunk"]
    try:
        partial = partial_sum(aggregation_runs.chunk(run, number), run.trace_interpretation)
        partial_sums.put(run, number, partial._asdict())
    except Exception as error:
        aggregation_runs.record_error(run, f"Chunk {number}: {type(error).__name__}: {error}")
        raise
    logger.info("summed", chunk=number, derivatives=len(partial.statuses))
    return int(number)
