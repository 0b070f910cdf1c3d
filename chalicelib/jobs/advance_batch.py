"""The step of the batches' state machine: do a part of a job on a batch, and say whether it is done."""

import time
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import telemetry
from chalicelib.store.runs import batch_jobs, deletions, expansions

logger = Logger()

STEPS = {  # by the kind of job: does a part, and returns whether it was the last
    batch_jobs.EXPANSION: expansions.advance,
    batch_jobs.DELETION: deletions.advance,
}
WORKING = 60.0  # seconds after which the next part is left to another invocation; each of them takes seconds


def handle(event: dict[str, Any]) -> dict[str, bool]:
    """Advance the job that the event names by `batch` and `kind`."""
    batch, kind = event["batch"], event["kind"]
    telemetry.note(batch=batch)
    end = time.monotonic() + WORKING
    while batch_jobs.extend(batch, kind):
        if STEPS[kind](batch):
            batch_jobs.remove(batch, kind)
            logger.info("done", kind=kind)
        elif time.monotonic() > end:
            logger.info("advanced", kind=kind)
            return {"done": False}
    return {"done": True}
