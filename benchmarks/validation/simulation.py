"""Meter runs by the product of made-up meters whose savings are known: what each found, and what is true."""

import math
import multiprocessing
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from benchmarks.meters.climates import Climate
from benchmarks.meters.loads import BASE_LOAD, KINDS
from benchmarks.meters.simulated_meter import SimulatedMeter, simulate
from chalicelib.metering import MeterFailure, run_meter
from chalicelib.metering.poor_fits import WARNING as POOR_FIT

PROCESSES = 2
GAS_BASE_LOAD, ELECTRIC_BASE_LOAD = "gas base load", "electric base load"
LOADS = (*(kind for kind in KINDS if kind != BASE_LOAD), GAS_BASE_LOAD, ELECTRIC_BASE_LOAD)


class Group(NamedTuple):
    """How a meter is read and run; uncertainty: the method of its intervals."""

    frequency: str
    model: str
    uncertainty: str


class Job(NamedTuple):
    """The run of one meter; number, noise, event: as `simulate` takes them."""

    group: Group
    number: int
    noise: float = 1.0
    event: str | None = None


@dataclass(frozen=True)
class Outcome:
    """One derivative of a meter run, as the product has it, and the true savings in its unit.

    load: one of LOADS. autocorrelation: of the noise, as it was drawn. sufficient: whether both periods pass the
    criteria of the run. poor_fit: whether a model's search is warned of. error, half_width: of savings, in percent of
    the baseline's sum.
    """

    job: Job
    load: str
    climate: Climate
    noise_law: str
    autocorrelation: float
    sufficient: bool
    poor_fit: bool
    derivative: dict[str, Any]
    true: float

    @property
    def interpretation(self) -> str:
        """Of the derivative."""
        return str(self.derivative["interpretation"])

    @property
    def error(self) -> float:
        """Found minus true."""
        baseline, reporting = (float(self.derivative[f"{side}_value"]) for side in ("baseline", "reporting"))
        return 100 * (baseline - reporting - self.true) / baseline

    @property
    def half_width(self) -> float:
        """Of the 95 % interval, NaN without one."""
        halves = [self.derivative[f"{side}_lower"] for side in ("baseline", "reporting")]
        return math.nan if None in halves else 100 * math.hypot(*halves) / float(self.derivative["baseline_value"])


Outcomes = dict[Job, list[Outcome]]


def outcomes_of(job: Job, seed: int) -> list[Outcome]:
    """Of the three derivatives, whether or not the meter's data suffice; none where the product refuses the run."""
    meter = simulate(job.group.frequency, job.number, noise=job.noise, seed=seed, event=job.event)
    asked = {"model_class": job.group.model, "uncertainty": job.group.uncertainty}
    try:
        output = run_meter(meter.document | asked | {"formatter_kwargs": {"ignore_sufficiency": True}})
    except MeterFailure:
        return []
    before, after = (output["models"][period] for period in ("baseline", "reporting"))
    if output["fitted_models"]["reporting"] is None:
        return []
    return [
        Outcome(
            job=job,
            load=load_of(meter),
            climate=meter.climate,
            noise_law=meter.noise_law,
            autocorrelation=meter.autocorrelation,
            sufficient=not before["disqualification"] and not after["disqualification"],
            poor_fit=any(warning["name"] == POOR_FIT for warning in before["warnings"] + after["warnings"]),
            derivative=derivative | {"label": meter.document["trace"]["trace_id"]},
            true=meter.truth(derivative["interpretation"], after["start"], after["end"]),
        )
        for derivative in output["derivatives"]
    ]


def load_of(meter: SimulatedMeter) -> str:
    """One of LOADS."""
    base_load = GAS_BASE_LOAD if meter.load.unit == "THERM" else ELECTRIC_BASE_LOAD
    return base_load if meter.kind == BASE_LOAD else meter.kind


def of_derivative(outcomes: Iterable[Outcome], interpretation: str) -> list[Outcome]:
    """An outcome a meter."""
    return [one for one in outcomes if one.interpretation == interpretation]


def run(jobs: Iterable[Job], seed: int) -> Outcomes:
    """The outcomes of each, in their order."""
    jobs = list(dict.fromkeys(jobs))
    found: Outcomes = {}
    with processes() as pool:
        for job, outcomes in zip(jobs, pool.map(partial(outcomes_of, seed=seed), jobs, chunksize=8), strict=True):
            found[job] = outcomes
            if len(found) % 1000 == 0:
                print(f"{len(found):,} of {len(jobs):,} runs", flush=True)
    return found


def processes() -> ProcessPoolExecutor:
    """As many as there are processors to use, each with one thread."""
    os.environ["OMP_NUM_THREADS"] = "1"
    return ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn"))
