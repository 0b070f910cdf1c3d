"""Meter results: the results of successful meter runs, each with its derivatives."""

from collections.abc import Collection
from typing import Any, Unpack

from chalicelib.store.results import selecting
from chalicelib.store.shared import pages
from chalicelib.store.tables.results import Derivative, MeterResult
from chalicelib.store.tables.runs import MeterRun
from chalicelib.vocabulary import SPREAD_NUMBERS

COPIED = (
    "eemeter_version",
    "datastore_version",
    "model_class",
    "formatter_class",
    "uncertainty",
    "weather_station",
    "weather_normal_station",
)


def of(run: MeterRun, meter_output: str, outcome: dict[str, Any], trace_interpretation: str) -> MeterResult:
    """The result of a run. `outcome` is the return value of `metering.run_meter`; `meter_output` is its S3 key."""
    spread = [{**fields, "spread": [fields[name] for name in SPREAD_NUMBERS]} for fields in outcome["derivatives"]]
    return MeterResult(
        id=run.id,
        meter_run=run.id,
        meter_output=meter_output,
        trace=run.trace,
        project=run.project,
        trace_interpretation=trace_interpretation,
        details={name: outcome[name] for name in MeterResult.DETAILS},
        derivatives=[[fields[name] for name in Derivative.OWN] for fields in spread],
        **{name: outcome[name] for name in COPIED},
    )


def opened(result: MeterResult) -> MeterResult:
    """The result with its details as attributes, as an older item has them."""
    for name, value in (result.details or {}).items():
        setattr(result, name, value)
    return result


def get(id: int) -> MeterResult | None:
    """The result, or None."""
    found = pages.get(MeterResult, id)
    return None if found is None else opened(found)


def page(
    *, after: int, limit: int, meter_run: Collection[int] = (), **filters: Unpack[selecting.Filters]
) -> pages.Page[MeterResult]:
    """A page of the results that match the filters."""
    candidates = selecting.run_ids(after, run=meter_run, **filters)
    found = pages.of_ids(MeterResult, candidates, limit, lambda block: selecting.matching(block, **filters))
    return pages.Page([opened(result) for result in found.items], found.next)
