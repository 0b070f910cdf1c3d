"""The dead-letter queue's Lambda: a run that the queue gave up on ends FAILED, with the reason."""

from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.store.runs import meter_runs as runs
from chalicelib.store.runs import queue

logger = Logger()


def handle(event: dict[str, Any]) -> None:
    """Bury the runs that the event's messages name; a message that names none is logged whole, and gone."""
    for record in event["Records"]:
        try:
            run_id = queue.run_id_of(record)
            runs.bury(run_id)
        except (ValueError, LookupError) as error:
            logger.error("a dead letter of no run", reason=str(error), body=record["body"])
        else:
            logger.info("buried", meter_run=run_id)
