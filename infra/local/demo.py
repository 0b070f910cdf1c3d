"""The main job as a client does it: load the sample portfolio, run its meters, add them up, show what was saved.

`python -m infra.local.demo` needs a running stack (`make up`), and talks to its API by HTTP alone.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.local import portfolio
from infra.local.savings import HEADLINE, Meter, Sum, report

STACK = Path(__file__).parents[2] / ".local" / "stack.json"
ITEMS_PER_POST = 10_000
POLL = 0.5  # seconds between two looks at the batch


class Client:
    """The API of one stack."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> Any:
        """What a GET answers; for a list, all its pages."""
        response = self._checked(self.session.get(self.url + path, params=query))
        found = response.json()
        while "next" in response.links:
            response = self._checked(self.session.get(response.links["next"]["url"]))
            found += response.json()
        return found

    def post(self, path: str, body: Any) -> requests.Response:
        """The response to a POST."""
        return self._checked(self.session.post(self.url + path, json=body))

    def post_all(self, path: str, items: list[dict[str, Any]]) -> None:
        """POST a list of any length."""
        for first in range(0, len(items), ITEMS_PER_POST):
            self.post(path, items[first : first + ITEMS_PER_POST])

    def _checked(self, response: requests.Response) -> requests.Response:
        if not response.ok:
            sys.exit(f"{response.request.method} {response.url} answered {response.status_code}: {response.text}")
        return response


def load(client: Client, progress: Progress) -> list[int]:
    """Post the sample meters and their weather; the ids of their projects, in order."""
    names = portfolio.names()
    task = progress.add_task("Loading", total=2 * len(names) + 1)
    samples = []
    for name in names:
        samples.append(portfolio.sample_meter(name))
        progress.advance(task)
    projects = client.post("projects/sync/", [sample.project for sample in samples]).json()
    ids = [project["id"] for project in projects]
    traces = [{**sample.trace, "projects": [id]} for sample, id in zip(samples, ids, strict=True)]
    for sample, trace in zip(samples, client.post("traces/sync/", traces).json(), strict=True):
        client.post_all("trace_records/", [{"trace": trace["id"], **record} for record in sample.records])
        progress.advance(task)
    client.post_all("weather_records/", portfolio.weather_records())
    progress.advance(task)
    return ids


def run_batch(
    client: Client, targets: list[dict[str, int]], look: Callable[[dict[str, Any]], None] = lambda counts: None
) -> dict[str, Any]:
    """Run meters in one bulk request; its batch when all have ended. `look` is shown the batch on the way."""
    scheduled = client.post("meter_runs/bulk/", {"targets": targets})
    path = scheduled.headers["Location"].partition("/api/v1/")[2]
    while True:
        batch: dict[str, Any] = client.get(path)
        look(batch)
        if not batch["pending"] and not batch["running"]:
            return batch
        time.sleep(POLL)


def run_meters(client: Client, projects: list[int], progress: Progress) -> int:
    """Run the meters of the projects; the id of their batch, when all have ended."""
    task = progress.add_task("Running meters", total=len(projects))

    def look(batch: dict[str, Any]) -> None:
        progress.update(task, total=batch["total"], completed=batch["success"] + batch["failed"])

    return int(run_batch(client, [{"project": id} for id in projects], look)["id"])


def add_up(client: Client, projects: list[int], progress: Progress) -> list[Sum]:
    """Add the savings of the projects' meters up, by fuel."""
    target = {"projects": projects, "derivative_interpretations": [HEADLINE]}
    (runs,) = client.post("aggregation_runs/bulk/", {"targets": [target]}).json()
    sums = []
    for run in progress.track(runs, description="Adding up"):
        ended = wait_until_ended(client, f"aggregation_runs/{run['id']}/")
        result = client.get(f"aggregation_results/{ended['aggregation_result']}/")
        statuses = requests.get(result["aggregation_output"], timeout=60).json()["status"]
        sums.append(Sum(result, sum(status["reporting_status"] == "ACCEPTED" for status in statuses)))
    return sums


def wait_until_ended(client: Client, path: str, poll: float = POLL) -> dict[str, Any]:
    """A run that ends SUCCESS; `poll`: seconds between two looks at it."""
    while True:
        run: dict[str, Any] = client.get(path)
        if run["status"] == "FAILED":
            sys.exit(f"{path} FAILED: {run['failure_message']}")
        if run["status"] == "SUCCESS":
            return run
        time.sleep(poll)


def results(client: Client, batch: int) -> list[Meter]:
    """What the runs of a batch found, beside what the samples are built to save."""
    meters = []
    for run in client.get("meter_runs/", batch=batch, limit=1000):
        project = client.get(f"projects/{run['project']}/")
        found, derivatives = None, []
        if run["status"] == "SUCCESS":
            found = client.get(f"meter_results/{run['meter_result']}/")
            derivatives = client.get("derivatives/", meter_result=run["meter_result"])
        meters.append(Meter(project, run, found, {one["interpretation"]: one for one in derivatives}))
    return meters


def main() -> None:
    """Load, run, show."""
    if not STACK.exists():
        sys.exit("There is no running stack: start one with `make up`.")
    stack = json.loads(STACK.read_text())
    client, console = Client(stack["url"], stack["token"]), Console(width=None if sys.stdout.isatty() else 116)
    client.get("projects/", project_id="any")  # fails at once when the stack or its token is gone
    if not console.is_terminal:  # where a progress bar is shown only when it is full
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
    except requests.ConnectionError:
        sys.exit(f"The stack of {STACK} does not answer, and its data are gone; `make up` starts a new one.")
    except KeyboardInterrupt:
        sys.exit(130)
