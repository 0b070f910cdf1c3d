"""How long does it take to make the runs of an asynchronous bulk request, and is each made once?

    python -m benchmarks.speed.expansion [RUNS]

writes traces of one project directly to the tables of a local stack without workers, 100,000 by default, and runs them
all in one request. It kills the process of the job twice on the way. It prints the seconds per 100,000 runs while the
batch grows, which do not depend on its size, and checks that each trace has exactly one run.
"""

import logging
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

from benchmarks.shared import traces
from benchmarks.shared.stack import fresh_stack
from chalicelib.store.runs import batches
from chalicelib.store.shared import pages
from chalicelib.store.tables.runs import MeterRun
from datastore_client import Client
from infra.deployment.environment import function_environment
from infra.local.deploy import environment
from infra.local.stack import NAME

KILLS = (0.25, 0.6)  # shares of the runs after which the process is killed
POLL = 0.5  # seconds


def stop_workers() -> None:
    """Let no message reach a worker."""
    functions = boto3.client("lambda")
    for source in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=source["UUID"], Enabled=False)


def kill_job(port: str) -> int:
    """Kill the processes that run the job of this stack, and return how many there were."""
    killed = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            names = (process / "environ").read_bytes()
            if b"AdvanceBatch" in names and f":{port}".encode() in names:
                os.kill(int(process.name), signal.SIGKILL)
                killed += 1
        except OSError:
            continue
    return killed


def expand(client: Client, size: int, port: str) -> tuple[dict[str, Any], Iterator[tuple[int, float]]]:
    """Run all traces in one request. Return the batch, and the runs and seconds at each look until all are made."""
    began, left = time.perf_counter(), [share * size for share in KILLS]
    batch = client.run([{"all": True}])

    def looks() -> Iterator[tuple[int, float]]:
        while True:
            found = client.get(f"batches/{batch['id']}/")
            yield found["total"], time.perf_counter() - began
            if found["state"] == "ACTIVE":
                return
            if left and found["total"] >= left[0]:
                left.pop(0)
                print(f"killed {kill_job(port)} process of the job after {found['total']:,} runs", flush=True)
            time.sleep(POLL)

    return batch, looks()


def main(size: int) -> None:
    logging.getLogger("botocore").setLevel(logging.WARNING)
    with fresh_stack() as (stack, client):
        endpoint_url = stack.server.endpoint_url
        os.environ |= environment(endpoint_url)
        os.environ |= function_environment(NAME)
        stop_workers()
        began = time.perf_counter()
        written = traces.write(size)
        print(f"{size:,} traces written in {time.perf_counter() - began:.0f} s", flush=True)
        batch, looks = expand(client, size, endpoint_url.rpartition(":")[2])
        before, seen = (0, 0.0), (0, 0.0)
        for runs, seconds in looks:
            seen = runs, seconds
            if runs - before[0] >= max(size // 10, 10_000) or (runs == size and runs > before[0]):
                pace = (seconds - before[1]) / (runs - before[0]) * 100_000
                print(f"{runs:,} runs after {seconds:.0f} s: {pace:.0f} s per 100,000", flush=True)
                before = seen
        check(batch["id"], written)
        print(f"{seen[0]:,} runs in {seen[1]:.0f} s, {seen[1] / size * 100_000:.0f} s per 100,000; each trace has one")


def check(batch: int, written: range) -> None:
    """Assert that the batch has exactly one run of each trace."""
    ids = [id for part in batches.runs_of(batch) for id in part]
    made = Counter(run.trace for run in pages.stream(MeterRun, ids))
    assert len(ids) == sum(made.values()) == len(written), (len(ids), sum(made.values()))
    assert set(made.values()) == {1}
    assert made.keys() == set(written)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
