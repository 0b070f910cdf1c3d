"""Run every sample that eemeter ships with each model that accepts its frequency."""

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.meters import uk_samples
from benchmarks.validation.simulation import processes
from chalicelib.metering import MeterFailure, run_meter
from chalicelib.metering.models.registry import MODEL_CLASSES
from infra.local import portfolio

_BILLS = {"billing", "caltrack_billing"}
# the formatters that accept a sample, by its frequency; shorter readings are added up
FORMATTERS = {"hourly": {"hourly", "daily"} | _BILLS, "daily": {"daily"} | _BILLS, "billing": _BILLS}


class SampleRun(NamedTuple):
    """Savings with their 95 % half-width, in percent of the baseline; or why there are none.

    interpretation: annualized_weather_normal, or gross_observed if the reporting period has no model. true: the true
    annual savings of the sample, None if unknown. why: the criteria that disqualify a period.
    """

    sample: str
    model: str
    true: float | None
    interpretation: str | None = None
    found: float = math.nan
    half_width: float = math.nan
    why: str = ""

    @property
    def covers(self) -> bool | None:
        """Whether the interval covers the truth, in percent, because absolute savings depend on the year's weather."""
        if self.true is None or self.interpretation is None:
            return None
        return abs(self.found - self.true) <= self.half_width


def combinations() -> Iterator[tuple[str, str]]:
    """Yield pairs of a sample and a model that applies to it, in order."""
    for sample in portfolio.names() + uk_samples.names():
        frequency = next(name for name in FORMATTERS if name in sample)
        yield from ((sample, model.name) for model in MODEL_CLASSES if model.formatter in FORMATTERS[frequency])


def sample_run(sample: str, model: str) -> SampleRun:
    """Run one sample with one model and default settings."""
    document, true = _input(sample)
    row = SampleRun(sample, model, true)
    try:
        output = run_meter(document | {"model_class": model})
    except MeterFailure as failure:
        return row._replace(why=_criteria(str(failure)))
    savings = {one["interpretation"]: one for one in output["savings"]}
    found = savings.get("annualized_weather_normal") or savings["gross_observed"]
    disqualification = output["models"]["reporting"]["disqualification"]
    return row._replace(
        interpretation=found["interpretation"],
        found=found["percent"],
        half_width=found["percent_half_width"],
        why="; ".join(f"reporting period: {one['detail']}" for one in disqualification),
    )


def sample_runs() -> list[SampleRun]:
    """Run all combinations."""
    with processes() as pool:
        return list(pool.map(sample_run, *zip(*combinations(), strict=True)))


def _input(sample: str) -> tuple[dict[str, Any], float | None]:
    """Return a meter input and its true annual savings in percent."""
    if sample in uk_samples.names():
        return uk_samples.meter_input(sample), None
    return portfolio.meter_input(sample), portfolio.sample_meter(sample).project["metadata"]["true_savings_percent"]


def _criteria(message: str) -> str:
    """Return the criteria in a failure message, without its advice."""
    found = re.search(r"(\w+) period.*?criteria: (.*?)(?:\. Correct the data|$)", message)
    return f"{found[1]} period: {found[2]}" if found else message
