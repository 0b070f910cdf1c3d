"""How fast are records imported from a file, and how much memory does that take?

    python -m benchmarks.speed.imports [RECORDS]

writes 15-minute readings of meters, a year of each, to a CSV file; imports it on a local stack; imports
it once more, which changes nothing; and reads it with pandas.read_csv and writes it with to_parquet. It prints the
seconds, the records per second, their ratio, and the peak memory of any function.
"""

import sys
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.shared.stack import fresh_stack
from benchmarks.speed.aggregation import peak_memory
from datastore_client import Client

PER_METER = 35_040  # readings of a year
KINDS = {"projects": "projects", "traces": "traces", "trace_records": "readings"}


def write(directory: Path, records: int) -> dict[str, Path]:
    """Write a project, its meters and their readings. Returns the path of each kind's file."""
    meters = -(-records // PER_METER)
    paths = {kind: directory / f"{name}.csv" for kind, name in KINDS.items()}
    paths["projects"].write_text("project_id,timezone\nPORTFOLIO,America/Chicago\n")
    rows = (f"METER-{number},E_C_S,kWh,PORTFOLIO\n" for number in range(meters))
    paths["traces"].write_text("trace_id,interpretation,unit,project_id\n" + "".join(rows))
    starts = pd.date_range("2016-01-01", periods=PER_METER, freq="15min", tz="UTC").strftime("%Y-%m-%dT%H:%M:%SZ")
    random, left = np.random.default_rng(1), records
    with paths["trace_records"].open("w") as file:
        file.write("trace_id,start,value\n")
        for number in range(meters):
            values = random.gamma(2.0, 0.2, PER_METER)
            lines = (f"METER-{number},{start},{value:.3f}\n" for start, value in zip(starts, values, strict=True))
            file.writelines(islice(lines, left))
            left -= min(left, PER_METER)
    return paths


def imported(client: Client, kind: str, path: Path) -> tuple[dict[str, Any], float]:
    """Import a file. Returns the upload, and the seconds from the arrival of the file to the end of its import."""
    upload = client.create_upload(path, kind=kind)
    client.send_upload(upload, path)
    began = time.perf_counter()
    upload = client.follow_upload(upload["id"])
    return upload, time.perf_counter() - began


def main(records: int) -> None:
    """Print the results for a number of records."""
    with TemporaryDirectory() as directory, fresh_stack() as (stack, client):
        up = stack.running
        assert up is not None
        paths = write(Path(directory), records)
        path = paths["trace_records"]
        print(f"{records:,} records, {path.stat().st_size / 1e6:,.0f} MB", flush=True)
        for kind in ("projects", "traces"):
            imported(client, kind, paths[kind])
        port = up.endpoint_url.rpartition(":")[2]
        taken = []
        for name in ("imported", "imported again"):
            upload, seconds = imported(client, "trace_records", path)
            taken.append(seconds)
            counts = ", ".join(f"{upload[count]:,} {count}" for count in ("created", "unchanged", "rejected"))
            print(
                f"{name}: {upload['status']}, {counts}; {seconds:.1f} s, {records / seconds:,.0f} records per second; "
                f"peak memory of a function {peak_memory(port)} MB",
                flush=True,
            )
        began = time.perf_counter()
        pd.read_csv(path, parse_dates=["start"]).to_parquet(Path(directory, "readings.parquet"))
        alone = time.perf_counter() - began
        print(
            f"pandas: {alone:.1f} s, {records / alone:,.0f} records per second; the import took {taken[0] / alone:.2f} "
            "times as long"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
