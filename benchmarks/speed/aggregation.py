"""How long does an aggregation take, and how does that grow with its size?

    python -m benchmarks.speed.aggregation [DERIVATIVES ...]

prints the seconds of the request, which chooses up to 10,000 derivatives, and of each step of the execution, and the
peak memory of any function; by default for 1,000, 10,000 and 100,000 derivatives. They are simulated. A million of them
take half an hour, most of which is the time to write them.
"""

import logging
import os
import sys
import time
from datetime import datetime
from pathlib import Path

import boto3

from benchmarks.shared import synthetic
from benchmarks.shared.stack import fresh_stack
from chalicelib.store.runs import aggregation_runs, state_machine
from infra.deployment.environment import function_environment
from infra.local.deploy import environment
from infra.local.stack import NAME

PROJECTS = 1000  # each size has so many, all with the same number of traces
PORTION = 10  # projects that are written at a time


def written(size: int) -> list[int]:
    """Store projects with so many derivatives, and return their ids."""
    portions = [synthetic.write(PORTION, size // PROJECTS).projects for _ in range(PROJECTS // PORTION)]
    return [project for portion in portions for project in portion]


def steps(run: int) -> dict[str, float]:
    """Return the seconds of each step of a run's execution."""
    client = boto3.client("stepfunctions")
    arn = state_machine.execution_arn(aggregation_runs.existing(run))
    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
    entered: dict[str, datetime] = {}
    taken: dict[str, float] = {}
    for event in (event for page in pages for event in page["events"]):
        if "stateEnteredEventDetails" in event:
            entered.setdefault(event["stateEnteredEventDetails"]["name"], event["timestamp"])
        if "stateExitedEventDetails" in event:
            name = event["stateExitedEventDetails"]["name"]
            taken[name] = (event["timestamp"] - entered[name]).total_seconds()
    return {name: seconds for name, seconds in taken.items() if seconds >= 0.1}


def peak_memory(port: str) -> int:
    """Return the peak memory, in MB, of any process that runs a function of the stack."""
    peak = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            names = (process / "environ").read_bytes()
            if b"AWS_LAMBDA_FUNCTION_NAME" in names and f":{port}".encode() in names:
                status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
                peak = max(peak, int(status["VmHWM"].split()[0]) // 1024)
        except (OSError, ValueError):
            continue
    return peak


def main(sizes: list[int]) -> None:
    logging.getLogger("botocore").setLevel(logging.WARNING)  # importing eemeter turns on the logs of all libraries
    with fresh_stack() as (stack, client):
        endpoint_url = stack.server.endpoint_url
        os.environ |= environment(endpoint_url)
        os.environ |= function_environment(NAME)
        port = endpoint_url.rpartition(":")[2]
        print(f"peak memory of a function before: {peak_memory(port)} MB", flush=True)
        for size in sizes:
            request = {"projects": written(size), "derivative_interpretation": "annualized_weather_normal"}
            began = time.perf_counter()
            run = client.post("aggregation_runs/", request)
            posted = time.perf_counter()
            client.follow_aggregation(run["id"], poll=0.1)
            ended = time.perf_counter()
            print(
                f"{size:,} derivatives: {ended - began:.1f} s ({posted - began:.1f} s for the request, "
                + "".join(f"{seconds:.1f} s for '{name}', " for name, seconds in steps(run["id"]).items())
                + f"{1e6 * (ended - began) / size:.0f} µs each); peak memory of a function {peak_memory(port)} MB",
                flush=True,
            )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1000, 10_000, 100_000])
