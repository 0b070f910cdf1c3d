"""How much memory does a worker need for three years of 15-minute readings?

    python -m benchmarks.speed.memory

posts such a trace to a new local stack, runs its meter, and prints the peak resident size of the worker's process.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.shared.stack import fresh_stack, run
from infra.local import portfolio

SAMPLE = "il-electricity-cdd-hdd-hourly"
START = datetime(2015, 1, 1, 6, tzinfo=UTC)
READINGS = 3 * 365 * 96
QUARTER = timedelta(minutes=15)


def readings() -> list[dict[str, Any]]:
    """Return three years of readings: the sample's hours, repeated and split into four readings each."""
    values = [record["value"] for record in portfolio.sample_meter(SAMPLE).records if record["value"] is not None]
    return [
        {"start": (START + number * QUARTER).isoformat(), "value": values[number // 4 % len(values)] / 4}
        for number in range(READINGS)
    ]


def peak_resident_mb(server: int) -> float:
    """Return the largest peak resident size of a process's descendants, in MB."""
    peaks = {server: 0.0}
    for status in sorted(Path("/proc").glob("[0-9]*/status"), key=lambda path: int(path.parent.name)):
        try:
            fields = dict(re.findall(r"^(\w+):\s+(\d+)", status.read_text(), re.MULTILINE))
        except OSError:
            continue
        if int(fields["PPid"]) in peaks:
            peaks[int(fields["Pid"])] = int(fields.get("VmHWM", 0)) / 1024
    return max(peaks.values())


def main() -> None:
    project, trace, _ = portfolio.sample_meter(SAMPLE)
    with fresh_stack() as (stack, client):
        project_id = client.post("projects/", project)["id"]
        trace_id = client.post("traces/", {**trace, "projects": [project_id]})["id"]
        client.add_trace_records([{"trace": trace_id, **record} for record in readings()])
        batch, seconds = run(client, [trace_id])
        assert batch["success"] == 1, client.meter_runs(batch=batch["id"])
        peak = peak_resident_mb(stack.server.state["pid"])
    print(f"{READINGS} readings of 15 minutes: {seconds:.0f} s, peak {peak:.0f} MB; target: under 1,000 MB")


if __name__ == "__main__":
    main()
