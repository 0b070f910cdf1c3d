"""How long does an aggregation take, and how does that grow?

    python -m benchmarks.speed.aggregation [DERIVATIVES ...]

prints, for 1,000, 10,000 and 50,000 derivatives unless told otherwise, the seconds of the request (which chooses the
derivatives) and of the execution, and the most memory that any function took. The derivatives are made up.
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
    """The most memory, in MB, that a process of a function of the stack has had."""
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
    logging.getLogger("botocore").setLevel(logging.WARNING)  # eemeter lets everybody log
    with fresh_stack() as (stack, client):
        endpoint_url = stack.server.endpoint_url
        os.environ |= environment(endpoint_url)
        os.environ |= function_environment(NAME)
        port = endpoint_url.rpartition(":")[2]
        print(f"at most {peak_memory(port)} MB a function before", flush=True)
        for size in sizes:
            portfolio = synthetic.write(size // TRACES_EACH, TRACES_EACH)
            request = {"projects": portfolio.projects, "derivative_interpretation": "annualized_weather_normal"}
            began = time.perf_counter()
            run = client.post("aggregation_runs/", request).json()
            posted = time.perf_counter()
            wait_until_ended(client, f"aggregation_runs/{run['id']}/", poll=0.1)
            ended = time.perf_counter()
            print(
                f"{size:,} derivatives: {ended - began:.1f} s ({posted - began:.1f} s the request,"
                f" {ended - posted:.1f} s the execution), {1e6 * (ended - began) / size:.0f} µs each;"
                f" at most {peak_memory(port)} MB a function",
                flush=True,
            )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1000, 10_000, 50_000])
