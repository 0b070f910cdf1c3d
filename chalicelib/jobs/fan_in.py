"""The last step of the state machine: combine the sums of the chunks into the result of the run."""

from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import telemetry
from chalicelib.aggregation.sums import NothingToAddError, total
from chalicelib.store.runs import aggregation_runs, partial_sums
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.shared.rows import Rows, text_of
from chalicelib.store.tables.runs import AggregationRun

logger = Logger()

MAX_IDS = 50_000  # that a result lists: an item holds 400 KB, a response 6 MB


def handle(event: dict[str, Any]) -> dict[str, str]:
    """Combine the sums and end the run, unless it has already ended. Returns its final status."""
    telemetry.note(aggregation_run=event["aggregation_run"])
    run = aggregation_runs.existing(event["aggregation_run"])
    if run.status not in ENDED:
        _fan_in(run)
    status = aggregation_runs.existing(run.id).status
    logger.info(status)
    return {"status": status}


def _fan_in(run: AggregationRun) -> None:
    sums, taken, derivatives, statuses = [], 0, list[int](), Rows(aggregation_runs.output_key(run))
    methods: set[str] = set()
    for partial in partial_sums.of(run, aggregation_runs.chunk_count(run)):
        sums.append(partial["sums"])
        taken += partial["taken"]
        methods.update(partial["methods"])
        for row in partial["statuses"]:
            if statuses.count < MAX_IDS:
                derivatives.append(row["derivative"])
            statuses.add(text_of(row))
    try:
        aggregated = total(sums, taken, run.trace_interpretation, run.aggregation_interpretation)
    except NothingToAddError:
        reason = (
            f"None of the {statuses.count:,} derivatives has a value, half-width and n on both sides, so there is "
            "nothing to add up. The aggregation_input lists their values; choose other derivatives."
        )
        aggregation_runs.fail(run, reason)
    else:
        ids = derivatives if statuses.count <= MAX_IDS else None
        aggregation_runs.succeed(run, aggregated, taken, sorted(methods), ids, statuses)
