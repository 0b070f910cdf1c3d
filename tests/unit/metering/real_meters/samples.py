"""eemeter's samples with the data problems that users report, and parts of their outputs."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.metering import MeterFailure, run_meter
from infra.local import portfolio

Document = dict[str, Any]
Records = list[dict[str, Any]]
ELECTRICITY, GAS = "il-electricity-cdd-hdd-daily", "il-gas-hdd-only-daily"
BILLS = "il-electricity-cdd-hdd-billing_monthly"


def changed(sample: str, change: Callable[[Records, Document], None]) -> Document:
    document = copy.deepcopy(portfolio.meter_input(sample))
    change(document["trace"]["records"], document)
    return document


def cooling_only(records: Records, document: Document) -> None:
    """Set the readings outside the cooling season to 0."""
    for record in records:
        if record["value"] is not None and int(record["start"][5:7]) not in (5, 6, 7, 8, 9):
            record["value"] = 0.0


def saved(output: Document, interpretation: str = "annualized_weather_normal") -> float:
    (percent,) = (one["percent"] for one in output["savings"] if one["interpretation"] == interpretation)
    return float(percent)


def details(output: Document, period: str = "baseline") -> dict[str, str]:
    """Return the warnings of our own checks by name."""
    warned = output["models"][period]["warnings"]
    return {one["name"].rpartition(".")[2]: one["detail"] for one in warned if "data_quality" in one["name"]}


def failure_of(document: Document) -> MeterFailure:
    with pytest.raises(MeterFailure) as failure:
        run_meter(document)
    return failure.value
