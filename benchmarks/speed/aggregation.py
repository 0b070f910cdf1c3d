"""How long does an aggregation take, and how does that grow with its size?

    python -m benchmarks.speed.aggregation [DERIVATIVES ...]

prints the seconds of the request (which chooses the derivatives) and of the execution, and the peak memory of any
function; by default for 1,000, 10,000 and 50,000 derivatives. The derivatives are simulated.
"""

import logging
import os
import sys
import time
from pathlib import Path

from benchmarks.shared import synthetic
from benchmarks.shared.stack import fresh_stack
from infra.deployment.environment import function_environment
from infra.local.demo import wait_until_ended
from infra.local.deploy import environment
from infra.local.stack import NAME

TRACES_EACH = 5


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
            portfolio = synthetic.write(size // TRACES_EACH, TRACES_EACH)
            request = {"projects": portfolio.projects, "derivative_interpretation": "annualized_weather_normal"}
            began = time.perf_counter()
            run = client.post("aggregation_runs/", request).json()
            posted = time.perf_counter()
            wait_until_ended(client, f"aggregation_runs/{run['id']}/", poll=0.1)
            ended = time.perf_counter()
            print(
                f"{size:,} derivatives: {ended - began:.1f} s ({posted - began:.1f} s for the request,"
                f" {ended - posted:.1f} s for the execution), {1e6 * (ended - began) / size:.0f} µs each;"
                f" peak memory of a function {peak_memory(port)} MB",
                flush=True,
            )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1000, 10_000, 50_000])
