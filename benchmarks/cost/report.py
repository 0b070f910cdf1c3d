"""What do daily meter runs cost on AWS, and which memory size is best for their worker?

    python -m benchmarks.cost

runs the code of the API, the worker and the aggregation's steps against a local stack, counts the usage that AWS would
bill (benchmarks/cost/metered.py), and prices it (benchmarks/cost/prices.py). docs/cost.md explains the figures.
"""

import io
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3

from benchmarks.cost.metered import Metered
from benchmarks.cost.prices import AS_OF, GB_SECOND, PRICES
from benchmarks.shared import synthetic
from benchmarks.shared.stack import fresh_stack, load
from infra.deployment.environment import function_environment
from infra.local import portfolio
from infra.local.deploy import environment

SAMPLES = [name for name in portfolio.names() if name.endswith("-daily")] * 6
WARM = 8  # warm-up runs that are not measured
REPEATED = 40  # times that each sample is scheduled; it is run once
SUMMED = 1_000  # derivatives of the measured aggregation: one chunk
SIZES = (512, 1024, 1769, 3008)  # MB
WHOLE = 1769  # MB at which Lambda gives one full vCPU
CHOSEN = WHOLE  # MB of the worker in the tables by service: the template's default for WorkerMemory
SMALL = 512  # MB of functions that mostly wait
LATENCY = 0.01  # assumed seconds of a call from a Lambda to an AWS service
COLD, WORKERS = 0.84, 100  # seconds of a worker's cold start (docs/speed.md), and the maximum number of workers
PLATFORM_LOG = 400  # bytes that Lambda itself logs per call
TRACED = 0.05  # share of calls beyond the first in each second, X-Ray's default
BULK, AGGREGATED = 10_000, 50_000  # meter runs per request, derivatives per aggregation run
MONTH = 30 * 24 * 3600  # seconds


@dataclass
class Work:
    """Averages of one kind of work: CPU seconds, AWS calls, bytes of log, billed usage and stored bytes."""

    cpu: float
    calls: float
    log: float
    usage: Mapping[str, float] = field(default_factory=dict)
    stored: Mapping[str, float] = field(default_factory=dict)  # bytes

    def seconds(self, memory: int) -> float:
        """Return the seconds in a function with this memory (MB), which determines its CPU share."""
        return self.cpu * max(1.0, WHOLE / memory) + self.calls * LATENCY

    def billed(self, memory: int) -> Counter[str]:
        """Return the usage of one call of a function that does this work."""
        usage = Counter(self.usage)
        usage["Lambda, requests"] += 1
        usage["Lambda, GB-seconds"] += self.seconds(memory) * memory / 1024  # type: ignore[assignment]
        usage["CloudWatch, GB of logs"] += (self.log + PLATFORM_LOG) / 1e9  # type: ignore[assignment]
        usage["X-Ray, traces"] += TRACED  # type: ignore[assignment]
        usage.update({name: size / 1e9 for name, size in self.stored.items()})
        return usage


def times(usage: Mapping[str, float], count: float) -> Counter[str]:
    """Multiply a usage by a count."""
    return Counter({name: amount * count for name, amount in usage.items()})


def dollars(usage: Mapping[str, float]) -> dict[str, float]:
    """Return the cost of each part of a usage, highest first."""
    priced = {name: amount * PRICES[name] for name, amount in usage.items()}
    return dict(sorted(priced.items(), key=lambda part: -part[1]))


def measure(metered: Metered, count: int, work: Callable[[], Any]) -> Work:
    """Run `work`, which does `count` items, and return the average per item."""
    from aws_lambda_powertools import Logger

    log = io.StringIO()
    usage, stored, calls = Counter(metered.usage), Counter(metered.bytes), metered.calls
    overhead = metered.overhead
    handler = Logger().registered_handler
    with patch.object(handler, "stream", log), redirect_stdout(log), metered.counting():
        began = time.process_time()
        work()
        cpu = time.process_time() - began - (metered.overhead - overhead)
    return Work(
        cpu / count,
        (metered.calls - calls) / count,
        len(log.getvalue()) / count,
        times(metered.usage - usage, 1 / count),
        times(metered.bytes - stored, 1 / count),
    )


def scheduling(metered: Metered, traces: list[int]) -> tuple[Work, list[int]]:
    """What the API does for one run of a large bulk request, and the runs."""
    from chalicelib.api.http.serving import to_json
    from chalicelib.api.rules.meter_run_limits import SYNCHRONOUS
    from chalicelib.api.schemas.meter_runs import run_out
    from chalicelib.api.shared.targets import Target, specs_of
    from chalicelib.store.runs import meter_runs

    ids: list[int] = []

    def schedule() -> None:
        specs = specs_of([Target(trace=trace) for trace in traces * REPEATED], {}, SYNCHRONOUS)
        _, scheduled = meter_runs.schedule_batch(specs)
        to_json([[run_out(run) for run in group] for group in scheduled])
        ids.extend(run.id for group in scheduled for run in group)

    return measure(metered, len(traces) * REPEATED, schedule), ids


def running(metered: Metered, ids: list[int]) -> Work:
    """Measure a warm worker's work per run."""
    from chalicelib.jobs import run_meter

    def work(ids: list[int]) -> None:
        for id in ids:
            record = {
                "messageId": str(id),
                "receiptHandle": str(id),
                "body": f'{{"meter_run": {id}}}',
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:1:{os.environ['METER_QUEUE_URL'].rpartition('/')[2]}",
            }
            response = run_meter.handle({"Records": [record]}, SimpleNamespace())
            assert response == {"batchItemFailures": []}, response

    work(ids[:WARM])
    return measure(metered, len(ids) - WARM, lambda: work(ids[WARM:]))


def aggregating(metered: Metered) -> dict[str, Work]:
    """Measure the work of the state machine's steps for one aggregation of SUMMED derivatives."""
    from chalicelib.jobs import choose_derivatives, fan_in, sum_chunk
    from chalicelib.store.runs import aggregation_runs, state_machine
    from chalicelib.store.runs.aggregation_inputs import AggregationSpec

    made = synthetic.write(SUMMED, 1)
    interpretation = made.derivatives[0].interpretation
    spec = AggregationSpec("SUM", projects=made.projects, derivative_interpretation=interpretation)
    with patch.object(state_machine, "start"):
        run = aggregation_runs.schedule(spec, None)
    event = {"aggregation_run": run.id}
    work = {
        "choose": measure(metered, 1, lambda: choose_derivatives.handle(event)),
        "sum": measure(metered, 1, lambda: sum_chunk.handle({**event, "chunk": 0})),
        "fan in": measure(metered, 1, lambda: fan_in.handle(event)),
    }
    assert aggregation_runs.existing(run.id).status == "SUCCESS"
    return work


def of_runs(count: int, schedule: Work, worker: Work, memory: int = CHOSEN) -> Counter[str]:
    """Return the usage of meter runs: requests, queue and workers."""
    requests = -(-count // BULK)
    usage = times({**schedule.usage} | {name: size / 1e9 for name, size in schedule.stored.items()}, count)
    usage["Lambda, GB-seconds"] += schedule.cpu * count * WHOLE / 1024  # type: ignore[assignment]
    usage.update({"API Gateway, requests": requests, "Lambda, requests": 2 * requests})
    usage["SQS, requests"] += 2 * count  # each message is received and deleted
    usage["Lambda, GB-seconds"] += min(WORKERS, count) * COLD * max(1.0, WHOLE / memory) * memory / 1024  # type: ignore[assignment]
    return usage + times(worker.billed(memory), count)


def of_aggregations(count: int, steps: Mapping[str, Work]) -> Counter[str]:
    """Return the usage of aggregating the derivatives of `count` meter runs."""
    runs, chunks = -(-count // AGGREGATED), -(-count // SUMMED)
    usage = times(steps["choose"].billed(WHOLE), chunks)  # its reads and seconds are proportional to the derivatives
    usage += times(steps["sum"].billed(SMALL), chunks)
    usage += times(steps["fan in"].billed(WHOLE), chunks)
    usage["Step Functions, state transitions"] += 8 * runs + 2 * chunks
    usage["API Gateway, requests"] += runs
    return usage


def idle(reconcile: Work) -> Counter[str]:
    """Return the usage of a month without any requests."""
    usage = times(reconcile.billed(SMALL), MONTH / 60)
    usage["X-Ray, traces"] = MONTH // 60  # the first call in each second is always traced
    usage["SQS, requests"] += 2 * 5 * MONTH // 20  # five pollers for each of two queues, each polling for 20 seconds
    usage["CloudWatch, metrics"] += 1  # the reconciler's metric
    usage["CloudWatch, alarms"] += 13
    usage["CloudWatch, dashboards"] += 1
    return usage


def table(columns: Mapping[str, Mapping[str, float]]) -> str:
    """Return a Markdown table of dollars by part; parts under half a cent in the last column go into the rest."""
    last = list(columns.values())[-1]
    named = [name for name, cost in last.items() if cost >= 0.005]
    rows = [[name, *(f"{column.get(name, 0):,.4f}" for column in columns.values())] for name in named]
    rest = [sum(cost for name, cost in column.items() if name not in named) for column in columns.values()]
    rows += [["other", *(f"{cost:,.4f}" for cost in rest)]]
    rows += [["**total**", *(f"**{sum(column.values()):,.4f}**" for column in columns.values())]]
    lines = [["", *columns], ["---"] * (len(columns) + 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def by_memory(schedule: Work, worker: Work) -> str:
    """Return, by worker memory, the seconds of a run and the dollars of 1,000 runs: of the workers and in total."""
    lines = ["| MB | s per run | workers, $ | on arm64, $ | total, $ |", "|---|---|---|---|---|"]
    for memory in SIZES:
        usage = of_runs(1_000, schedule, worker, memory)
        seconds = 1_000 * worker.billed(memory)["Lambda, GB-seconds"]
        costs = seconds * GB_SECOND["x86_64"], seconds * GB_SECOND["arm64"], sum(dollars(usage).values())
        row = [f"{memory:,}", f"{worker.seconds(memory):.2f}", *(f"{cost:.4f}" for cost in costs)]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def main() -> None:
    with fresh_stack() as (stack, client):
        traces = load(client, SAMPLES)
        up = stack.running
        assert up is not None
        os.environ |= environment(up.endpoint_url)
        os.environ |= function_environment(up.stack) | {"POWERTOOLS_SERVICE_NAME": up.stack, "OMP_NUM_THREADS": "1"}
        functions = boto3.client("lambda")
        for source in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
        metered = Metered(boto3.client("dynamodb"))
        schedule, ids = scheduling(metered, traces)
        worker = running(metered, ids[: len(traces)])
        steps = aggregating(metered)
        from chalicelib.jobs import reconcile

        reconciled = measure(metered, 1, reconcile.handle)
    print(f"A run: {worker.cpu:.3f} CPU seconds, {worker.calls:.0f} AWS calls, {worker.log:,.0f} bytes of log,")
    print("  " + ", ".join(f"{amount:.1f} {name}" for name, amount in worker.usage.items()))
    print("  " + ", ".join(f"{size:,.0f} bytes for {name}" for name, size in worker.stored.items()))
    print(f"Prices of {AS_OF}, in dollars; storage for one month.\n")
    counts = (1_000, 1_000_000)
    print(table({f"{count:,} runs": dollars(of_runs(count, schedule, worker)) for count in counts}), "\n")
    print(table({f"{count:,} runs aggregated": dollars(of_aggregations(count, steps)) for count in counts}), "\n")
    print(table({"an idle month": dollars(idle(reconciled))}), "\n")
    print(by_memory(schedule, worker))
