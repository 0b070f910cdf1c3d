"""The demo's tables: the savings of each meter and of the portfolio, and the true savings of the samples."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich import box
from rich.console import RenderableType
from rich.table import Table

HEADLINE = "annualized_weather_normal"
TRUTH = 10.0  # percent, the true savings of eemeter's samples
FUELS = {"E_C_S": "electricity", "NG_C_S": "gas"}


class Value(NamedTuple):
    """A value with the half-width of its 95% interval."""

    value: float
    half_width: float


@dataclass(frozen=True)
class Meter:
    """A meter run as the API returns it, with its project, result, and derivatives by interpretation."""

    project: dict[str, Any]
    run: dict[str, Any]
    result: dict[str, Any] | None
    derivatives: dict[str, dict[str, Any]]

    @property
    def headline(self) -> dict[str, Any] | None:
        """The derivative that the table shows, if it has both baseline and reporting values; otherwise None."""
        derivative = self.derivatives.get(HEADLINE)
        needed = [f"{side}_{part}" for side in ("baseline", "reporting") for part in ("value", "upper")]
        return derivative if derivative and all(derivative[key] is not None for key in needed) else None

    @property
    def is_sufficient(self) -> bool:
        """Whether both models passed their sufficiency criteria."""
        return self.result is not None and all(
            not model["disqualification"] for model in self.result["models"].values()
        )


class Sum(NamedTuple):
    """An aggregation result as the API returns it, and how many of its derivatives are in the sum."""

    result: dict[str, Any]
    accepted: int


def sides(derivative: dict[str, Any]) -> tuple[Value, Value]:
    """Return a derivative's baseline and reporting values."""
    baseline = Value(derivative["baseline_value"], derivative["baseline_upper"])
    return baseline, Value(derivative["reporting_value"], derivative["reporting_upper"])


def saved(baseline: Value, reporting: Value) -> Value:
    """Return baseline minus reporting; half-widths add in quadrature."""
    return Value(baseline.value - reporting.value, math.hypot(baseline.half_width, reporting.half_width))


def report(meters: list[Meter], sums: list[Sum]) -> Iterator[RenderableType]:
    """Yield what to print: a table for each fuel, why runs failed, then the sums."""
    yield f"\n{HEADLINE}, ± the half-width of the 95% interval."
    yield "True is the savings with which eemeter simulated the sample.\n"
    for fuel, unit in (("electricity", "KWH"), ("gas", "THERM")):
        yield _table(fuel, unit, [meter for meter in meters if meter.project["metadata"]["fuel"] == fuel])
    for meter in meters:
        if meter.result is None:
            yield f"{meter.project['project_id']} FAILED: {meter.run['failure_message']}\n"
        elif not meter.is_sufficient:
            yield f"* {meter.project['project_id']}: {_shortcomings(meter.result['models'])}\n"
    yield _sums(sums)
    yield "A sum contains each building four times, read at four frequencies. Their errors are correlated, but the sum"
    yield "treats them as independent, so this interval is too narrow. It is meant for sums of different buildings."


def _shortcomings(models: dict[str, Any]) -> str:
    return "; ".join(
        f"the {period} period is disqualified by sufficiency criteria: {criterion['detail']}"
        for period, model in models.items()
        for criterion in model["disqualification"]
    )


def _table(fuel: str, unit: str, meters: list[Meter]) -> Table:
    prefix = f"il-{fuel}-"
    table = _empty(f"Savings of {fuel} in {unit}, traces {prefix}...", "Trace", "Model", "CVRMSE")
    for meter in meters:
        name = meter.project["project_id"].removeprefix(prefix)
        if meter.result is None:
            table.add_row(name, meter.run["status"])
            continue
        cvrmse, headline = meter.result["models"]["baseline"]["cvrmse"], meter.headline
        model = meter.result["model_class"] + ("" if meter.is_sufficient else " *")
        if headline is None:
            baseline = meter.derivatives[HEADLINE]["baseline_value"]
            table.add_row(name, model, f"{cvrmse:.3f}", f"{baseline:,.0f}", "none")
            continue
        truth = meter.project["metadata"]["true_savings_percent"]
        before, after = sides(headline)
        cells = _cells(before, after, saved(before, after))
        table.add_row(name, model, f"{cvrmse:.3f}", *cells, f"{truth:.1f}")
    return table


def _sums(sums: list[Sum]) -> Table:
    table = _empty("Savings of the portfolio, by the datastore's aggregations", "Fuel", "Meters")
    for result, accepted in sorted(sums, key=lambda one: str(one.result["trace_interpretation"])):
        fuel = f"{FUELS[result['trace_interpretation']]} in {result['unit']}"
        savings = Value(result["differential_value"], result["differential_upper"])
        meters = f"{accepted} of {len(result['derivatives'])}"
        table.add_row(fuel, meters, *_cells(*sides(result), savings), f"{TRUTH:.1f}")
    return table


def _empty(title: str, *headings: str) -> Table:
    """Return a table without rows, whose last columns are those of `_cells` and the true savings."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 0, 0, 1),
    )
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    for heading in ("Baseline", "Reporting", "Saved", "Saved %", "True %"):
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _cells(baseline: Value, reporting: Value, savings: Value) -> list[str]:
    percent = [100 * part / baseline.value for part in savings]
    return [
        f"{baseline.value:,.0f}",
        f"{reporting.value:,.0f}",
        f"{savings.value:,.0f} ± {savings.half_width:,.0f}",
        f"{percent[0]:.1f} ± {percent[1]:.1f}",
    ]
