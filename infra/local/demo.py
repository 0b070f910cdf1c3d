"""Use the datastore as a client does: load the sample portfolio, run its meters, add up and show the savings.

`python -m infra.local.demo` needs a running stack (`make up`) and only uses its HTTP API.
"""

import csv
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from datastore_client import Client, DatastoreError, Unreachable
from infra.local import portfolio
from infra.local.portfolio import SampleMeter
from infra.local.savings import HEADLINE, Meter, Sum, report
from infra.local.stack import DIRECTORY

STACK = DIRECTORY / "stack.json"
TABLES = ("projects", "traces", "trace_records", "weather_records")  # each after those that it refers to
POLL = 0.5  # seconds between polls


class LoadError(DatastoreError):
    """Rows of the samples were rejected."""


def load(client: Client, progress: Progress) -> list[int]:
    """Load the sample meters and their weather, as CSV files. Return the ids of their projects, in order."""
    names = portfolio.names()
    task = progress.add_task("Loading", total=len(names) + len(TABLES))
    samples = []
    for name in names:
        samples.append(portfolio.sample_meter(name))
        progress.advance(task)
    with tempfile.TemporaryDirectory() as directory:
        for table in TABLES:
            path = Path(directory) / f"{table}.csv"
            _write(path, _rows(table, samples))
            upload = client.upload(path, kind=table)
            if upload["rejected"]:
                raise LoadError(f"{upload['rejected']} rows of {path.name} were rejected: {upload['rejected_rows']}")
            progress.advance(task)
    return [client.projects(project_id=name)[0]["id"] for name in names]


def _rows(table: str, samples: list[SampleMeter]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file: what the column names of the API mean needs no explanation."""
    if table == "weather_records":
        yield from portfolio.weather_records()
    for project, trace, records in samples:
        if table == "projects":
            fields = {name: value for name, value in project.items() if name != "metadata"}
            yield {**fields, **project["metadata"]}
        elif table == "traces":
            yield {**trace, "project_id": project["project_id"]}
        elif table == "trace_records":
            yield from ({"trace_id": trace["trace_id"], **record} for record in records)


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows, which have the same keys, as a CSV file."""
    rows = iter(rows)
    first = next(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, first)
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)


def run_meters(client: Client, projects: list[int], progress: Progress) -> int:
    """Run the meters of the projects. Return the id of their batch when all have ended."""
    task = progress.add_task("Running meters", total=len(projects))

    def show(batch: dict[str, Any]) -> None:
        progress.update(task, total=batch["total"], completed=batch["success"] + batch["failed"])

    batch = client.run([{"project": id} for id in projects])
    return int(client.follow_batch(batch["id"], show, POLL)["id"])


def add_up(client: Client, projects: list[int], progress: Progress) -> list[Sum]:
    """Add up the savings of the projects' meters, by fuel."""
    task = progress.add_task("Adding up", total=None)
    found = client.aggregate(
        projects=projects, interpretations=[HEADLINE], on_ended=lambda count: progress.update(task, completed=count)
    )
    progress.update(task, total=len(found))
    return [Sum(result, _accepted(client, result)) for result in found]


def _accepted(client: Client, result: dict[str, Any]) -> int:
    statuses = json.loads(client.get_text(result["aggregation_output"]))["status"]
    return sum(status["reporting_status"] == "ACCEPTED" for status in statuses)


def results(client: Client, batch: int) -> list[Meter]:
    """Return the results of a batch's runs, with their projects, which hold the true savings."""
    meters = []
    for run in client.meter_runs(batch=batch):
        project = client.get(f"projects/{run['project']}/")
        found, derivatives = None, []
        if run["status"] == "SUCCESS":
            found = client.get(f"meter_results/{run['meter_result']}/")
            derivatives = client.derivatives(meter_result=run["meter_result"])
        meters.append(Meter(project, run, found, {one["interpretation"]: one for one in derivatives}))
    return meters


def main() -> None:
    """Load the samples, run their meters, and show the savings."""
    if not STACK.exists():
        sys.exit("There is no running stack: start one with `make up`.")
    stack = json.loads(STACK.read_text())
    console = Console(width=None if sys.stdout.isatty() else 116)
    with Client(stack["url"], stack["token"]) as client:
        client.get("projects/", limit=1)  # fails immediately if the token is gone
        if not console.is_terminal:  # rich then shows a progress bar only when it is full
            console.print("Loading the sample portfolio and running its meters: about two minutes.")
        columns = TextColumn("{task.description:<15}"), BarColumn(40), MofNCompleteColumn(), TimeElapsedColumn()
        with Progress(*columns, console=console) as progress:
            projects = load(client, progress)
            meters = results(client, run_meters(client, projects, progress))
            sums = add_up(client, projects, progress)
    for part in report(meters, sums):
        console.print(part)
    console.print(f"The normal year: {portfolio.NORMAL_YEAR}", style="dim")


if __name__ == "__main__":
    try:
        main()
    except Unreachable:
        sys.exit(f"The stack of {STACK} does not respond, and its data are lost; start a new one with `make up`.")
    except DatastoreError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
