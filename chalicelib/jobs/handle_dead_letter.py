"""The consumer of the dead-letter queue: a run whose message ends there is marked FAILED, with the reason."""

from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.store.runs import meter_runs, outcomes, queue

logger = Logger()


def handle(event: dict[str, Any]) -> None:
    """Mark the runs in the event's messages as FAILED, unless they were deleted.

    A message that names no run is logged in full and then deleted.
    """
    for record in event["Records"]:
        try:
            run_id = queue.run_id_of(record)
            _fail(run_id)
        except (ValueError, LookupError) as error:
            logger.error(
                "a dead-letter message names no existing meter run; it will be deleted",
                reason=str(error),
                body=record["body"],
            )
        else:
            logger.info("dead letter handled", meter_run=run_id)


def _fail(run_id: int) -> None:
    """Mark a run as FAILED unless it was deleted. Raises LookupError when there has never been such a run."""
    try:
        outcomes.fail_exhausted(run_id)
    except LookupError:
        if not meter_runs.was_allocated(run_id):
            raise
