"""Compare the model with a batch on the local stack, where nothing throttles: its duration and its course over time."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from benchmarks.night.limits import NO_LIMITS
from benchmarks.night.outcome import Night
from benchmarks.night.profile import Profile
from benchmarks.night.simulation import simulate
from benchmarks.shared.stack import fresh_stack, load, run
from benchmarks.speed.fits import PROCESSES  # as many workers as a local stack has
from datastore_client import Client
from infra.local import portfolio

SAMPLES = [name for name in portfolio.names() if name.endswith("-daily")] * 6
POLL = 0.5  # seconds between samples of the batch's counts
FIRST = 0.25  # of the runs, from which the time of one run is measured


class Sample(NamedTuple):
    """How many runs had ended so many seconds after the request was sent."""

    at: float
    ended: int


def measure(client: Client, traces: Sequence[int], runs: int) -> tuple[float, list[Sample]]:
    """Run a batch. Return the seconds of its request, and the course of the batch to its end."""
    targets = [{"trace": trace} for trace in itertools.islice(itertools.cycle(traces), runs)]
    began = time.perf_counter()
    groups = client.post("meter_runs/bulk/", {"targets": targets})
    request = time.perf_counter() - began
    path = f"batches/{groups[0][0]['batch']}/"
    course: list[Sample] = []
    while not course or course[-1].ended < runs:
        time.sleep(POLL)
        at = time.perf_counter() - began
        counts = client.get(path)
        course.append(Sample(at, counts["success"] + counts["failed"]))
    return request, course


def seconds_of_a_run(course: Sequence[Sample], workers: int, runs: int) -> float:
    """The mean time of one run, from the course of the first ones."""
    first = course[0]
    last = next(sample for sample in course if sample.ended >= max(FIRST * runs, first.ended + 1))
    return workers * (last.at - first.at) / (last.ended - first.ended)


def model(runs: int, workers: int, request: float, seconds: float) -> Night:
    """The night of the same batch on a machine without limits, whose workers are warm."""
    profile = replace(
        Profile(),
        chunk=runs,
        chunk_write=request / 2,
        chunk_send=request / 2,
        chunk_other=0.0,
        cpu=seconds,
        latency=0.0,
        cold_start=0.0,
        hold=0.0,
    )
    return simulate(runs, workers, profile, NO_LIMITS)


def largest_difference(course: Sequence[Sample], night: Night) -> float:
    """The largest difference between both courses, as a share of the runs."""
    return max(abs(night.ended_by(sample.at) - sample.ended) for sample in course) / night.runs


def main(runs: int) -> None:
    """Run a batch of so many runs on a fresh stack, model it, and print both."""
    with fresh_stack() as (_, client):
        traces = load(client, SAMPLES)
        run(client, traces)  # the workers start
        request, course = measure(client, traces, runs)
    seconds = seconds_of_a_run(course, PROCESSES, runs)
    night = model(runs, PROCESSES, request, seconds)
    measured = course[-1].at
    print(f"{runs:,} runs, {PROCESSES} workers; request: {request:.1f} s; each of the first runs: {seconds:.2f} s")
    print(f"measured: {measured:.1f} s, {runs / measured:.2f} runs/s")
    print(f"modelled: {night.duration:.1f} s, {night.rate:.2f} runs/s")
    print(f"ratio of the durations, modelled / measured: {night.duration / measured:.3f}")
    print(f"largest difference between the courses: {largest_difference(course, night):.1%} of the runs")
