"""Aggregations of meters, and the sums that they should have."""

import math
from typing import Any, NamedTuple

from benchmarks.shared import synthetic
from chalicelib.store.tables.results import Derivative
from tests.stack.client import Api

NORMAL, PREDICTED, OBSERVED = "annualized_weather_normal", "gross_predicted", "gross_observed"
SIDES = ("baseline", "reporting")
NUMBERS = [f"{side}_{part}" for side in SIDES for part in ("value", "lower", "upper", "n")]


class Metered(NamedTuple):
    """A trace, its project, and the derivatives of its newest run by interpretation."""

    trace: int
    project: int
    derivatives: dict[str, dict[str, Any]]


def meter(api: Api, trace: int, **arguments: Any) -> Metered:
    run = api.succeeded(api.post("meter_runs/", {"trace": trace, **arguments})["id"])
    return Metered(trace, run["project"], api.derivatives(run))


def aggregate(api: Api, **request: Any) -> dict[str, Any]:
    """The result of an aggregation."""
    return api.aggregated(api.post("aggregation_runs/", request)["id"])


def change(derivative: Derivative, **values: Any) -> None:
    """Change a simulated derivative in its result, as if the meter had found these values."""
    for name, value in values.items():
        setattr(derivative, name, value)
    synthetic.result(derivative).save()


def make_older(derivative: Derivative, *missing: str) -> None:
    """Store a simulated derivative as an earlier version did: as an item, here without some attributes."""
    result = synthetic.result(derivative)
    result.derivatives = None
    result.save()
    derivative.save()
    derivative.update(actions=[getattr(Derivative, name).remove() for name in missing])


def independent_sum(derivatives: list[dict[str, Any]]) -> dict[str, float]:
    """The sums that an evaluator's own script computes from the derivatives that the API returns."""
    found: dict[str, float] = {}
    for name in NUMBERS:
        column = [derivative[name] for derivative in derivatives]
        quadrature = name.endswith(("lower", "upper"))
        found[name] = math.sqrt(math.fsum(h**2 for h in column)) if quadrature else math.fsum(column)
    found["differential_value"] = found["baseline_value"] - found["reporting_value"]
    for end in ("lower", "upper"):
        found[f"differential_{end}"] = math.sqrt(found[f"baseline_{end}"] ** 2 + found[f"reporting_{end}"] ** 2)
    found["differential_n"] = found["baseline_n"] + found["reporting_n"]
    return found
