"""A temporary local stack and its API, for benchmarks of the whole system."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datastore_client import Client
from infra.local import portfolio
from infra.local.stack import LocalStack

POLL = 0.5  # seconds


@contextmanager
def fresh_stack() -> Iterator[tuple[LocalStack, Client]]:
    """Start a temporary stack with the sample station's weather. Yield it and a client of its API."""
    with tempfile.TemporaryDirectory() as directory:
        stack = LocalStack(Path(directory))
        with stack as running, Client(running.url, running.token) as client:
            client.add_weather_records(portfolio.weather_records())
            yield stack, client


def load(client: Client, samples: list[str]) -> list[int]:
    """Post sample meters, repeated as often as they are named. Return the ids of their traces."""
    meters = [portfolio.sample_meter(name) for name in samples]
    projects = [{**meter.project, "project_id": f"project {number}"} for number, meter in enumerate(meters)]
    ids = [project["id"] for project in client.sync_projects(projects)]
    rows = [
        {**meter.trace, "trace_id": f"trace {number}", "projects": [id]}
        for number, (meter, id) in enumerate(zip(meters, ids, strict=True))
    ]
    traces = [trace["id"] for trace in client.sync_traces(rows)]
    for trace, meter in zip(traces, meters, strict=True):
        client.add_trace_records([{"trace": trace, **record} for record in meter.records])
    return traces


def run(client: Client, traces: list[int]) -> tuple[dict[str, Any], float]:
    """Run the meters of traces in one bulk request. Return the batch when it has ended, and its duration in seconds."""
    began = time.perf_counter()
    groups = client.post("meter_runs/bulk/", {"targets": [{"trace": trace} for trace in traces]})
    batch = client.follow_batch(groups[0][0]["batch"], poll=POLL)
    return batch, time.perf_counter() - began
