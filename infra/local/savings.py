"""The demo's tables: what each meter saved, what each fuel saved, and what the samples are built to save."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich import box
from rich.console import RenderableType
from rich.table import Table

HEADLINE = "annualized_weather_normal"
TRUTH = 10.0  # percent, by which eemeter's samples are built to save


class Value(NamedTuple):
    """A number with the half-width of its 95 % interval."""

    value: float
    half_width: float


@dataclass(frozen=True)
class Meter:
    """A meter run as the API shows it, with its project, its result and its derivatives by interpretation."""

    project: dict[str, Any]
    run: dict[str, Any]
    result: dict[str, Any] | None
    derivatives: dict[str, dict[str, Any]]

    @property
    def headline(self) -> dict[str, Any] | None:
        """The derivative that the table shows, when it has both of its sides."""
        derivative = self.derivatives.get(HEADLINE)
        needed = [f"{side}_{part}" for side in ("baseline", "reporting") for part in ("value", "upper")]
        return derivative if derivative and all(derivative[key] is not None for key in needed) else None

    @property
    def is_sufficient(self) -> bool:
        """Whether both models passed eemeter's sufficiency criteria."""
        return self.result is not None and all(
            not model["disqualification"] for model in self.result["models"].values()
        )


def added(values: list[Value]) -> Value:
    """The sum of independent values: half-widths add in quadrature."""
    return Value(math.fsum(one.value for one in values), math.hypot(*(one.half_width for one in values)))


def sides(derivative: dict[str, Any]) -> tuple[Value, Value]:
    """A derivative's baseline and reporting values."""
    baseline = Value(derivative["baseline_value"], derivative["baseline_upper"])
    return baseline, Value(derivative["reporting_value"], derivative["reporting_upper"])


def saved(baseline: Value, reporting: Value) -> Value:
    """Baseline minus reporting."""
    return added([baseline, Value(-reporting.value, reporting.half_width)])


def report(meters: list[Meter]) -> Iterator[RenderableType]:
    """What to print: a table for each fuel, then why any run failed."""
    yield f"\n{HEADLINE}, ± the half-width of the 95 % interval by ASHRAE Guideline 14."
    yield "Built is what eemeter made the sample to save.\n"
    for fuel, unit in (("electricity", "KWH"), ("gas", "THERM")):
        yield _table(fuel, unit, [meter for meter in meters if meter.project["metadata"]["fuel"] == fuel])
    for meter in meters:
        if meter.result is None:
            yield f"{meter.project['project_id']} FAILED: {meter.run['failure_message']}\n"
        elif not meter.is_sufficient:
            yield f"* {meter.project['project_id']}: {_shortcomings(meter.result['models'])}\n"


def _shortcomings(models: dict[str, Any]) -> str:
    return "; ".join(
        f"the {period} period is disqualified by eemeter's sufficiency criteria: {criterion['detail']}"
        for period, model in models.items()
        for criterion in model["disqualification"]
    )


def _table(fuel: str, unit: str, meters: list[Meter]) -> Table:
    prefix = f"il-{fuel}-"
    table = Table(
        title=f"Savings of {fuel} in {unit}, traces {prefix}...",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 0, 0, 1),
    )
    table.add_column("Trace", no_wrap=True)
    table.add_column("Model", no_wrap=True)
    for heading in ("CVRMSE", "Baseline", "Reporting", "Saved", "Saved %", "Built %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for meter in meters:
        name = meter.project["project_id"].removeprefix(prefix)
        if meter.headline is None or meter.result is None:
            table.add_row(name, meter.run["status"])
            continue
        cvrmse = meter.result["models"]["baseline"]["cvrmse"]
        truth = meter.project["metadata"]["true_savings_percent"]
        model = meter.result["model_class"] + ("" if meter.is_sufficient else " *")
        table.add_row(name, model, f"{cvrmse:.3f}", *_cells(*sides(meter.headline)), f"{truth:.1f}")
    table.add_section()
    complete = [meter for meter in meters if meter.headline]
    sufficient = [meter for meter in complete if meter.is_sufficient]
    if complete:
        _add_sum(table, f"all {len(complete)}", complete)
    if 0 < len(sufficient) < len(complete):
        _add_sum(table, f"the {len(sufficient)} without *", sufficient)
    return table


def _add_sum(table: Table, name: str, meters: list[Meter]) -> None:
    pairs = [sides(meter.headline) for meter in meters if meter.headline]
    sums = [added(list(side)) for side in zip(*pairs, strict=True)]
    table.add_row(name, "", "", *_cells(*sums), f"{TRUTH:.1f}", style="bold")


def _cells(baseline: Value, reporting: Value) -> list[str]:
    savings = saved(baseline, reporting)
    percent = [100 * part / baseline.value for part in savings]
    return [
        f"{baseline.value:,.0f}",
        f"{reporting.value:,.0f}",
        f"{savings.value:,.0f} ± {savings.half_width:,.0f}",
        f"{percent[0]:.1f} ± {percent[1]:.1f}",
    ]
