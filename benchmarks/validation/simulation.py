"""Run the datastore's code on simulated meters with known savings, and compare its results with the truth."""

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
from chalicelib.metering.models.poor_fits import WARNING as POOR_FIT

PROCESSES = 2
GAS_BASE_LOAD, ELECTRIC_BASE_LOAD = "gas base load", "electric base load"
LOADS = (*(kind for kind in KINDS if kind != BASE_LOAD), GAS_BASE_LOAD, ELECTRIC_BASE_LOAD)


class Group(NamedTuple):
    """How meters are read and run. uncertainty: the method for the intervals."""

    frequency: str
    model: str
    uncertainty: str


class Job(NamedTuple):
    """The run of one meter. number, noise, event: arguments of `simulate`."""

    group: Group
    number: int
    noise: float = 1.0
    event: str | None = None


@dataclass(frozen=True)
class Outcome:
    """One derivative of a meter run, as the datastore computes it, and the true savings in its unit.

    load: one of LOADS. autocorrelation: of the noise, as drawn. sufficient: whether both periods pass the sufficiency
    criteria. poor_fit: whether there is a warning about the search for either model. error, half_width: of the savings,
    in percent of the baseline's sum.
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
        """The derivative's interpretation."""
        return str(self.derivative["interpretation"])

    @property
    def error(self) -> float:
        """Computed minus true savings, in percent of the baseline."""
        baseline, reporting = (float(self.derivative[f"{side}_value"]) for side in ("baseline", "reporting"))
        return 100 * (baseline - reporting - self.true) / baseline

    @property
    def half_width(self) -> float:
        """The half-width of the 95 % interval, in percent of the baseline; NaN if there is none."""
        halves = [self.derivative[f"{side}_lower"] for side in ("baseline", "reporting")]
        return math.nan if None in halves else 100 * math.hypot(*halves) / float(self.derivative["baseline_value"])


Outcomes = dict[Job, list[Outcome]]


def outcomes_of(job: Job, seed: int) -> list[Outcome]:
    """Run a meter. Return one outcome per derivative, even with insufficient data; none if the run is refused."""
    meter = simulate(job.group.frequency, job.number, noise=job.noise, seed=seed, event=job.event)
    options = {"model_class": job.group.model, "uncertainty": job.group.uncertainty}
    try:
        output = run_meter(meter.document | options | {"formatter_kwargs": {"ignore_sufficiency": True}})
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
    """Return the meter's load, one of LOADS."""
    base_load = GAS_BASE_LOAD if meter.load.unit == "THERM" else ELECTRIC_BASE_LOAD
    return base_load if meter.kind == BASE_LOAD else meter.kind


def of_derivative(outcomes: Iterable[Outcome], interpretation: str) -> list[Outcome]:
    """Return the outcomes of one derivative, one per meter."""
    return [one for one in outcomes if one.interpretation == interpretation]


def run(jobs: Iterable[Job], seed: int) -> Outcomes:
    """Run all jobs. Return the outcomes of each, in order."""
    jobs = list(dict.fromkeys(jobs))
    found: Outcomes = {}
    with processes() as pool:
        for job, outcomes in zip(jobs, pool.map(partial(outcomes_of, seed=seed), jobs, chunksize=8), strict=True):
            found[job] = outcomes
            if len(found) % 1000 == 0:
                print(f"{len(found):,} of {len(jobs):,} runs", flush=True)
    return found


def processes() -> ProcessPoolExecutor:
    """Return a pool of PROCESSES processes, each with one thread."""
    os.environ["OMP_NUM_THREADS"] = "1"
    return ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn"))
