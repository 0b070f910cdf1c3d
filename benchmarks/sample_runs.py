"""Every sample that eemeter ships, run with each model that takes readings as often as it has them."""

import math
import multiprocessing
import os
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

from benchmarks import uk_samples
from chalicelib.metering import MeterFailure, run_meter
from chalicelib.metering.registry import MODEL_CLASSES
from infra.local import portfolio

PROCESSES = 2
# which rows a model takes, by how often the sample is read; shorter readings are added up
ROWS = {"hourly": {"hourly", "daily", "billing"}, "daily": {"daily", "billing"}, "billing": {"billing"}}


class SampleRun(NamedTuple):
    """Savings with their 95 % half-width, in the unit and in percent of the baseline; or why there are none.

    interpretation: annualized_weather_normal, or where the reporting period has no model, gross_observed. true, its
    true_percent: what the sample is built to save in a year, None where it does not say. why: eemeter's criteria.
    """

    sample: str
    model: str
    true: float | None
    true_percent: float | None
    unit: str
    cvrmse: float | None = None
    interpretation: str | None = None
    saved: float = math.nan
    half_width: float = math.nan
    percent: float = math.nan
    percent_half_width: float = math.nan
    why: str = ""

    @property
    def covers(self) -> bool | None:
        """Whether the interval in percent holds the truth in percent; the units are those of another year's weather."""
        if self.true_percent is None or self.interpretation is None:
            return None
        return abs(self.percent - self.true_percent) <= self.percent_half_width


def combinations() -> Iterator[tuple[str, str]]:
    """Samples with the models that apply to them, in the order of both."""
    for sample in portfolio.names() + uk_samples.names():
        frequency = next(name for name in ROWS if name in sample)
        yield from ((sample, model.name) for model in MODEL_CLASSES if model.formatter in ROWS[frequency])


def sample_run(sample: str, model: str) -> SampleRun:
    """One sample with one model, in its default settings."""
    document, true, true_percent = _input(sample)
    row = SampleRun(sample, model, true, true_percent, document["trace"]["unit"])
    try:
        output = run_meter(document | {"model_class": model})
    except MeterFailure as failure:
        return row._replace(why=_criteria(str(failure)))
    savings = {one["interpretation"]: one for one in output["savings"]}
    found = savings.get("annualized_weather_normal") or savings["gross_observed"]
    disqualification = output["models"]["reporting"]["disqualification"]
    return row._replace(
        cvrmse=output["models"]["baseline"]["cvrmse"],
        interpretation=found["interpretation"],
        saved=found["value"],
        half_width=found["half_width"],
        percent=found["percent"],
        percent_half_width=found["percent_half_width"],
        why="; ".join(f"reporting period: {one['detail']}" for one in disqualification),
    )


def sample_runs() -> list[SampleRun]:
    """All combinations."""
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(sample_run, *zip(*combinations(), strict=True)))


def _input(sample: str) -> tuple[dict[str, Any], float | None, float | None]:
    """A meter input, and its true savings a year, in its unit and in percent."""
    if sample in uk_samples.names():
        return uk_samples.meter_input(sample), None, None
    about = portfolio.sample_meter(sample).project["metadata"]
    true = about["true_annual_baseline"] - about["true_annual_reporting"]
    return portfolio.meter_input(sample), true, about["true_savings_percent"]


def _criteria(message: str) -> str:
    """What eemeter found, without the advice to whoever asked for the run."""
    found = re.search(r"(\w+) period.*?criteria: (.*?)(?:\. Mend|$)", message)
    return f"{found[1]} period: {found[2]}" if found else message
