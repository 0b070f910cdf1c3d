"""The step of the exports' state machine: write a part of an export, and say whether it has ended."""

import time
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib import deadline, telemetry
from chalicelib.store.exports import exports

logger = Logger()

WORKING = 60.0  # seconds after which the next part is left to another invocation
RESERVE = 30.0  # seconds of the function's timeout that no read may use


def handle(event: dict[str, Any], context: Any) -> dict[str, bool]:
    """Advance the export that the event names by `export`."""
    from chalicelib.files.writing import Part  # imported here: polars would slow down the cold starts of all functions

    export = event["export"]
    telemetry.note(export=export)
    end = time.monotonic() + WORKING
    with deadline.within(context.get_remaining_time_in_millis() / 1000 - RESERVE):
        while exports.extend(export):
            if exports.advance(export, Part, end):
                exports.remove_job(export)
                logger.info("done")
            elif time.monotonic() > end:
                logger.info("advanced")
                return {"done": False}
    return {"done": True}
