"""How fast are daily meter runs through the API, compared with the same fits in a process pool?

    python -m benchmarks.speed.throughput [ROUNDS]

A round runs 16 daily samples in a pool of plain processes (calling eemeter directly, as a script would:
benchmarks/equality/samples.py), then the same samples in one bulk request on the local stack, with as many workers. It
prints the ratio of runs per second.
"""

import logging
import multiprocessing
import os
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from benchmarks.equality.samples import Windows, directly, windows_of
from benchmarks.shared.stack import fresh_stack, load, run
from benchmarks.speed.fits import PROCESSES
from chalicelib.metering import run_meter
from infra.local import portfolio

SAMPLES = [name for name in portfolio.names() if name.endswith("-daily")] * 4


def warm(name: str) -> Windows:
    """Import and compile eemeter. Return a sample's windows, with which the pool makes the same fits as the workers."""
    logging.getLogger("eemeter").setLevel(logging.ERROR)
    return windows_of(run_meter(portfolio.meter_input(name)))


def main(rounds: int) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")
    with fresh_stack() as (_, client), ProcessPoolExecutor(PROCESSES, context) as pool:
        traces = load(client, SAMPLES)
        windows = dict(zip(SAMPLES, pool.map(warm, SAMPLES[:4]), strict=False))
        run(client, traces[: 2 * PROCESSES])
        ratios = []
        for number in range(1, rounds + 1):
            began = time.perf_counter()
            list(pool.map(directly, SAMPLES, [windows[name] for name in SAMPLES]))
            plain = time.perf_counter() - began
            batch, through_api = run(client, traces)
            assert batch["success"] == len(traces), batch
            ratios.append(plain / through_api)
            print(
                f"round {number}: pool {len(SAMPLES) / plain:.2f} runs/s, API {len(SAMPLES) / through_api:.2f} runs/s,"
                f" ratio {ratios[-1]:.2f}",
                flush=True,
            )
    print(f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); target: at least 3")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
