"""How long does it take to schedule many meter runs at once?

    python -m benchmarks.speed.bulk [TRACES]

prints the seconds that POST meter_runs/bulk/ takes, by project and by trace, for 2,000 traces by default.
The traces have no records, so the workers have nothing to do.
"""

import sys
import time

from benchmarks.shared.stack import fresh_stack
from infra.local import portfolio


def main(count: int) -> None:
    meter = portfolio.sample_meter(portfolio.names()[0])
    with fresh_stack() as (_, client):
        projects = [{**meter.project, "project_id": f"project {number}"} for number in range(count)]
        ids = [project["id"] for project in client.sync_projects(projects)]
        rows = [{**meter.trace, "trace_id": f"trace {id}", "projects": [id]} for id in ids]
        traces = [trace["id"] for trace in client.sync_traces(rows)]
        for kind, targets in (("project", ids), ("trace", traces)):
            began = time.perf_counter()
            scheduled = client.post("meter_runs/bulk/", {"targets": [{kind: id} for id in targets]})
            seconds = time.perf_counter() - began
            assert sum(map(len, scheduled)) == count
            print(f"{count} runs by {kind}: {seconds:.1f} s; target: under 10 s for 2,000", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
