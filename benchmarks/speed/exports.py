"""How long does an export of savings take, and how much memory?

    python -m benchmarks.speed.exports [DERIVATIVES]

writes successful meter runs with three derivatives each directly to the tables of a local stack, each of a trace and a
project of its own, as large as real ones; a further 3% are FAILED. Then it exports the savings as CSV and as Parquet,
and prints the seconds, the rows per second and the peak memory of any function.
"""

import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from pynamodb.models import Model

from benchmarks.shared.stack import fresh_stack, load, run
from benchmarks.speed.aggregation import peak_memory
from benchmarks.speed.lists import put_all
from chalicelib.vocabulary import FAILURE_REASONS
from datastore_client import Client
from infra.deployment.environment import function_environment
from infra.local.deploy import environment

SAMPLE = "il-gas-hdd-only-billing_monthly"
FAILED_EVERY = 33  # runs


def rows(first: int, count: int, sample: Any, metadata: dict[str, Any]) -> Iterator[Model]:
    """All rows of `count` runs, with the ids from `first` on, of which the traces and projects have the same ids.

    sample: the result of a real run, whose details and derivatives all of them have.
    """
    from chalicelib.store.results import newest
    from chalicelib.store.runs import statuses
    from chalicelib.store.tables.collections import Project, Trace
    from chalicelib.store.tables.results import MeterResult
    from chalicelib.store.tables.runs import MeterRun

    copied = {name: value for name, value in sample.attribute_values.items() if name not in ("id", "meter_run")}
    for id in range(first, first + count):
        has_failed = id % FAILED_EVERY == 0
        status = "FAILED" if has_failed else "SUCCESS"
        yield Project(id, project_id=f"BUILDING-{id}", zipcode="62707", timezone="America/Chicago", metadata=metadata)
        yield Trace(id, trace_id=f"METER-{id}", interpretation=sample.trace_interpretation, unit="THERM", projects=[id])
        yield MeterRun(
            id=id,
            trace=id,
            project=id,
            status=status,
            failure_reason=FAILURE_REASONS[id % len(FAILURE_REASONS)] if has_failed else None,
            failure_message="The trace has no readings in its baseline period." if has_failed else None,
            document=f"{id}",
            status_partition=statuses.partition(status, id),
            meter_input=f"meter_inputs/{id}-1.json",
        )
        if not has_failed:
            yield MeterResult(**copied | {"id": id, "meter_run": id, "trace": id, "project": id})
            yield newest.entry(id, id, id)


def exported(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    """Export, and return the export when it has ended."""
    return client.follow_export(client.create_export(**body)["id"], poll=0.5)


def main(derivatives: int) -> None:
    with fresh_stack() as (stack, client):
        up = stack.running
        assert up is not None
        os.environ |= environment(up.endpoint_url)
        os.environ |= function_environment(up.stack)
        from chalicelib.store.results import meter_results
        from chalicelib.store.shared import ids

        run(client, load(client, [SAMPLE]))
        sample = meter_results.get(1)
        assert sample is not None
        runs = -(-derivatives // 3)
        total = runs * FAILED_EVERY // (FAILED_EVERY - 1) + 1
        began = time.perf_counter()
        metadata = {"program": "retrofit", "floor_area": 1800, "contractor": "Springfield Insulation", "year": 2016}
        put_all(rows(2, total, sample, metadata))
        for resource in ("projects", "traces", "meter_runs"):
            ids.allocate(resource, total)
        print(f"{total:,} runs written in {time.perf_counter() - began:,.0f} s", flush=True)
        port = up.endpoint_url.rpartition(":")[2]
        for format in ("csv", "parquet"):
            began = time.perf_counter()
            export = exported(client, {"kind": "savings", "format": format})
            seconds = time.perf_counter() - began
            print(
                f"savings, {format}: {export['rows']:,} rows, {export['size'] / 1e6:,.0f} MB in "
                f"{len(export['files'])} files, {seconds:,.0f} s, {export['rows'] / seconds:,.0f} rows per second; "
                f"peak memory of a function {peak_memory(port)} MB",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
