"""How long does a worker take from the start of its process to the end of its first daily fit?

    python -m benchmarks.speed.cold_start

prints seconds and memory of the lean tree, of the full eemeter with an empty numba cache (as on AWS), and of the full
eemeter with a numba cache that an earlier process has filled; over 5 processes each, one at a time, taking turns.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from infra.local import portfolio
from infra.packaging import lean
from infra.sources import REPOSITORY

SAMPLE = "il-electricity-cdd-hdd-daily"
PROCESSES = 5

FIT = """
import json, re, sys, time
import pandas as pd
from eemeter.eemeter import DailyBaselineData, DailyModel

series = {}
for name, (starts, values) in json.load(open(sys.argv[1])).items():
    series[name] = pd.Series(values, index=pd.to_datetime(starts, utc=True)).tz_convert("America/Chicago")
with engine():
    data = DailyBaselineData.from_series(series["readings"], series["hours"], is_electricity_data=True)
    model = DailyModel().fit(data)
ended, computed = time.time(), time.process_time()
resident = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
print(json.dumps({"ended": ended, "computed": computed, "resident": resident, "model": model.to_json()}))
"""
LEAN = "from chalicelib.metering.acceleration import accelerated as engine\n" + FIT
FULL = "from contextlib import nullcontext as engine\n" + FIT


class Start(NamedTuple):
    """Wall-clock and CPU seconds from process start to the end of the fit, peak memory in MB, and the fitted model."""

    seconds: float
    computed: float
    resident: float
    model: str


Run = Callable[[], "subprocess.CompletedProcess[str]"]


def first_fit(run: Run) -> Start:
    """Run one process and return its figures."""
    began = time.time()
    done = run()
    if done.returncode:
        raise RuntimeError(done.stderr)
    found = json.loads(done.stdout)
    return Start(found["ended"] - began, found["computed"], found["resident"], found["model"])


def baseline_year() -> dict[str, Any]:
    """Return the sample's readings of the year before the project, and its temperatures (°F)."""
    document = portfolio.meter_input(SAMPLE)
    end = document["project"]["modeling_period_group"]["baseline_period"]["end"]
    records = [record for record in document["trace"]["records"] if record["start"] < end][-365:]
    readings = [[record[key] for record in records] for key in ("start", "value")]
    return {"readings": readings, "hours": list(zip(*document["weather"]["records"], strict=True))}


def full(cache: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the fit in the environment with all packages, without our code."""
    environment = os.environ | {"NUMBA_CACHE_DIR": cache, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", FULL, *arguments]
    return subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True)


def row(name: str, starts: list[Start], against: list[Start]) -> str:
    """Return a line of the table. The ratio is that of the medians, with the ratios of the extreme pairs."""
    seconds, ours = ([start.seconds for start in some] for some in (starts, against))
    ratio = statistics.median(seconds) / statistics.median(ours)
    return (
        f"{name:30}{statistics.median(seconds):7.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
        f"{statistics.median(start.computed for start in starts):8.2f} s CPU"
        f"{max(start.resident for start in starts):6.0f} MB"
        f"{ratio:7.1f} x ({min(seconds) / max(ours):.1f} to {max(seconds) / min(ours):.1f})"
    )


def main() -> None:
    tree = lean.built()
    with tempfile.TemporaryDirectory() as scratch:
        data = str(Path(scratch, "data.json"))
        Path(data).write_text(json.dumps(baseline_year()))
        filled = str(Path(scratch, "filled"))
        runs: dict[str, Run] = {
            "lean": lambda: lean.run_in_lean(tree, LEAN, data, environment=os.environ | {"OMP_NUM_THREADS": "1"}),
            "full eemeter, empty cache": lambda: full(tempfile.mkdtemp(dir=scratch), data),
            "full eemeter, filled cache": lambda: full(filled, data),
        }
        for run in (runs["lean"], runs["full eemeter, filled cache"]):
            first_fit(run)  # fills numba's cache and the disk cache
        turns = [{name: first_fit(run) for name, run in runs.items()} for _ in range(PROCESSES)]
    starts = {name: [turn[name] for turn in turns] for name in runs}
    for name, some in starts.items():
        print(row(name, some, starts["lean"]))
    same = len({start.model for some in starts.values() for start in some}) == 1
    print(f"the fitted models are {'bit-identical' if same else 'DIFFERENT'}")
    print("targets: the full eemeter takes at least 3 x as long with an empty cache, and 1.5 x with a filled one;")
    print("the lean tree needs less than 250 MB")


if __name__ == "__main__":
    main()
