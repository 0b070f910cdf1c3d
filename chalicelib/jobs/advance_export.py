"""The step of the exports' state machine: write a part of an export, and say whether it has ended."""

import time
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import deadline, telemetry
from chalicelib.store.exports import exports

logger = Logger()

WORKING = 60.0  # seconds after which the next part is left to another invocation
LIMIT = 14 * 60.0  # seconds of the function's 15 minutes; choosing what to export, the first step, may need them


def handle(event: dict[str, Any]) -> dict[str, bool]:
    """Advance the export that the event names by `export`."""
    export = event["export"]
    telemetry.note(export=export)
    end = time.monotonic() + WORKING
    with deadline.within(LIMIT):
        while exports.extend(export):
            if exports.advance(export, _part(), end):
                exports.remove_job(export)
                logger.info("done")
            elif time.monotonic() > end:
                logger.info("advanced")
                return {"done": False}
    return {"done": True}


def _part() -> exports.NewPart:
    """What makes the parts of files; imported here, since polars would slow down the cold starts of all functions."""
    from chalicelib.files.writing import Part

    return Part
