"""How long does a page of each list take when there are many meter runs?

    python -m benchmarks.speed.lists [RUNS]

writes runs, results and newest runs directly to the tables of a local stack: ten nights of RUNS / 10 meters, of which
3% have failed and the last are still open. About a third of the runs belong to project 1. Then it prints the seconds
of the slowest of three pages of 1,000 items for each filter. For each query, the local stack reads the whole partition
of the index, which DynamoDB does not: a large project takes far longer here.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

import boto3
from pynamodb.models import Model

from benchmarks.shared.stack import fresh_stack
from chalicelib.vocabulary import FAILURE_REASONS
from datastore_client import Client
from infra.deployment.environment import function_environment
from infra.local.deploy import environment

NIGHTS = 10
LIMIT = 1_000
PAGES = 3
OPEN = 5_000  # runs of the last night that have not ended; a fifth of them is RUNNING
TARGET = 2.0  # seconds
DERIVATIVE = ["gross_predicted", "KWH", 10.0, 1.0, 1.0, 365, 9.0, 1.0, 1.0, 365, "regression", 0.1, [1.0] * 8]
QUERIES = (
    "meter_runs/?",
    "meter_runs/?status=PENDING",
    "meter_runs/?status=RUNNING",
    "meter_runs/?status=SUCCESS",
    "meter_runs/?status=FAILED",
    "meter_runs/?status=FAILED&batch=10",
    "meter_runs/?status=PENDING,RUNNING&batch=10",
    "meter_runs/?status=SUCCESS&batch=10",
    "meter_runs/?failure_reason=weather",
    "meter_runs/?failure_reason=data,model&batch=3",
    "meter_runs/?batch=2,4",
    "meter_runs/?project=1,2,3",
    "meter_runs/?project=1&status=FAILED",
    "meter_runs/?project=1&status=SUCCESS",
    "meter_runs/?project=1&status=PENDING",
    "meter_runs/?project=1&failure_reason=weather",
    "meter_runs/?project=1&batch=10",
    "meter_runs/?project=1&batch=2,9&status=FAILED",
    "meter_runs/?project=2&status=SUCCESS",
    "meter_runs/?project=2,3&status=FAILED",
    "meter_runs/?trace=1,2,3&status=SUCCESS",
    "meter_runs/?trace=1,2,3&status=FAILED",
    "meter_results/?",
    "meter_results/?batch=5",
    "meter_results/?newest=true",
    "meter_results/?newest=true&batch=10",
    "meter_results/?project=1&batch=10",
    "meter_results/?newest=true&project=1",
    "meter_results/?newest=true&project=1&batch=3",
    "derivatives/?",
    "derivatives/?batch=5",
    "derivatives/?newest=true",
    "derivatives/?newest=true&trace=1,2,3",
    "derivatives/?interpretation=gross_predicted",
)


def status_of(id: int, runs: int) -> tuple[str, str | None]:
    """Return the status of a run, and its failure reason."""
    if id > runs - OPEN:
        return ("RUNNING" if id % 5 == 0 else "PENDING"), None
    if id % 33 == 0:
        return "FAILED", FAILURE_REASONS[id // 33 % len(FAILURE_REASONS)]
    return "SUCCESS", None


def project_of(trace: int) -> int:
    """Return the project of a trace: about a third belongs to project 1, and each other one to a project of its own."""
    return 1 if trace // 10 % 3 == 1 else trace


def rows(runs: int) -> Iterator[Model]:
    """All rows, in the order of the runs."""
    from chalicelib.store.results import newest
    from chalicelib.store.runs import batch_shards, batches, statuses
    from chalicelib.store.tables.results import MeterResult
    from chalicelib.store.tables.runs import MeterRun

    meters = runs // NIGHTS
    for night in range(NIGHTS):
        yield batches.new(night + 1, range(night * meters + 1, (night + 1) * meters + 1))
    latest: dict[int, int] = {}
    for id in range(1, runs + 1):
        night, meter = divmod(id - 1, meters)
        status, reason = status_of(id, runs)
        open = status in (statuses.PENDING, statuses.RUNNING)
        yield MeterRun(
            id=id,
            trace=meter + 1,
            project=project_of(meter + 1),
            status=status,
            failure_reason=reason,
            batch=night + 1,
            batch_shard=batch_shards.shard_of(id, batch_shards.number_for(meters)),
            document=f"{id}",
            status_partition=statuses.partition(status, id),
            meter_input=f"meter_inputs/{id}-1.json",
            due=int(time.time()) + 10**6 if open else None,
        )
        if status == "SUCCESS":
            yield MeterResult(
                id=id,
                trace=meter + 1,
                project=project_of(meter + 1),
                meter_run=id,
                meter_output=f"meter_outputs/{id}-1.json",
                eemeter_version="4.1.1",
                datastore_version="1",
                model_class="DailyModel",
                formatter_class="daily",
                trace_interpretation="ELECTRICITY_CONSUMPTION_SUPPLIED",
                details={"models": {"baseline": {}, "reporting": {}}, "model_kwargs": {}, "formatter_kwargs": {}},
                derivatives=[DERIVATIVE],
            )
            latest[meter + 1] = id
    for trace, id in latest.items():
        yield newest.entry(trace, project_of(trace), id)


def put_all(items: Iterable[Model]) -> None:
    """Write items of several tables, 25 at a time."""
    client = boto3.client("dynamodb")
    written = ((item.Meta.table_name, {"PutRequest": {"Item": item.serialize()}}) for item in items)

    def put(batch: Sequence[tuple[str, Any]]) -> None:
        items: dict[str, list[Any]] = {}
        for table, request in batch:
            items.setdefault(table, []).append(request)
        assert not client.batch_write_item(RequestItems=items)["UnprocessedItems"]

    batches = iter(lambda: list(islice(written, 25)), [])
    with ThreadPoolExecutor(4) as pool:
        while ahead := list(islice(batches, 400)):
            list(pool.map(put, ahead))


def slowest(client: Client, query: str) -> tuple[float, int]:
    """Return the seconds of the slowest of the first pages, and how many items they have."""
    path, _, filters = query.partition("?")
    pages = client.pages(path, **dict(parse_qsl(filters)), limit=LIMIT)
    seconds, items = 0.0, 0
    for _ in range(PAGES):
        began = time.perf_counter()
        page = next(pages, None)
        if page is None:
            break
        seconds = max(seconds, time.perf_counter() - began)
        items += len(page)
    return seconds, items


def main(runs: int) -> None:
    with fresh_stack() as (stack, client):
        up = stack.running
        assert up is not None
        os.environ |= environment(up.endpoint_url)
        os.environ |= function_environment(up.stack)
        from chalicelib.store.shared import ids

        began = time.perf_counter()
        put_all(rows(runs))
        ids.allocate("meter_runs", runs)
        ids.allocate("batches", NIGHTS)
        print(f"{runs:,} runs written in {time.perf_counter() - began:,.0f} s", flush=True)
        for query in QUERIES:
            seconds, items = slowest(client, query)
            mark = "" if seconds < TARGET else f"  over {TARGET:.0f} s"
            print(f"{query:50} {items:6,} items  {seconds:6.2f} s{mark}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
