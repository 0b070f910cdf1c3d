"""Dry runs of meter runs: checks of their data. No model is fitted, and nothing is fetched or written."""

import time
from contextlib import nullcontext
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.jobs.computing import compute, freeze_imports
from chalicelib.jobs.inputs.meter_input import complete_input
from chalicelib.settings import settings
from chalicelib.store.runs.endings import MAX_MESSAGE
from chalicelib.store.tables.runs import MeterRun

logger = Logger()

MARGIN = 6_000  # milliseconds before the function's timeout; no check starts after that (each takes less than 1 s)


def handle(event: dict[str, Any], context: Any) -> list[dict[str, Any]]:
    """The findings of `check_meter` for the event's runs, in order; fewer than there are runs if time runs out.

    A run has a trace and a project, a posted_input (the key of a stored input), or a document (an input that is not
    stored). The event's arguments apply to all runs, except where a run has its own, and its seconds are how long the
    caller waits.
    """
    from chalicelib.metering.acceleration import accelerated

    end = time.monotonic() + event["seconds"]
    freeze_imports()
    found: list[dict[str, Any]] = []
    with accelerated() if settings().accelerate else nullcontext():
        for run in event["runs"]:
            left = min(context.get_remaining_time_in_millis(), (end - time.monotonic()) * 1000)
            if left < MARGIN:
                break
            found.append(_check({**run}, event["arguments"]))
    logger.info("checked", runs=len(event["runs"]), checked=len(found))
    return found


def _check(run: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    from chalicelib.metering import MeterFailure, NoHourlyModels, check_meter

    posted = run.pop("document", None)
    meter_input: dict[str, Any] = {}
    try:
        meter_input = complete_input(MeterRun(**arguments | run), posted, read_only=True)  # never saved
        found = compute(check_meter, meter_input)
    except MeterFailure as failure:
        if isinstance(failure, NoHourlyModels) and settings().hourly_queue_url:
            return {**_EMPTY, "warnings": [_NOT_CHECKED]}
        found = {**_EMPTY, "data_quality": failure.data_quality, "failure": _failure(failure.reason, str(failure))}
    return _with_fetch_warnings(found, meter_input)


def _failure(reason: str, message: str) -> dict[str, str]:
    return {"reason": reason, "message": message[:MAX_MESSAGE]}


def _with_fetch_warnings(found: dict[str, Any], meter_input: dict[str, Any]) -> dict[str, Any]:
    """The findings, with warnings instead of a failure for weather that the run would fetch."""
    warned = [
        _fetch_warning(meter_input[name])
        for name in ("weather", "weather_normal")
        if "to_fetch" in (meter_input.get(name) or {})
    ]
    if warned and found["failure"] and found["failure"]["reason"] == "weather":
        found["failure"] = None
    return {**found, "warnings": warned + found["warnings"]}


def _fetch_warning(weather: dict[str, Any]) -> dict[str, Any]:
    station, source, years = weather["station"], weather["to_fetch"]["source"], weather["to_fetch"]["years"]
    what = f"hours of {', '.join(map(str, years))}" if years else "the normal year"
    return _warning(
        "weather_not_fetched",
        "The store lacks weather that the run will fetch; a check fetches nothing.",
        {"station": station, "source": source, "years": years},
        f"The store lacks {what} of station {station}. The run will first fetch this weather from {source}; the check "
        f"does not know whether {source} has enough.",
    )


def _warning(name: str, description: str, data: dict[str, Any], detail: str) -> dict[str, Any]:
    return {"period": None, "name": f"datastore.{name}", "description": description, "data": data, "detail": detail}


_EMPTY: dict[str, Any] = {"data_quality": None, "warnings": [], "disqualification": [], "failure": None}
_NOT_CHECKED = _warning(
    "hourly_not_checked",
    "Checks support only eemeter's daily and billing models.",
    {},
    "Checks do not cover runs with an hourly model. The run itself is processed by the worker with the hourly models.",
)
