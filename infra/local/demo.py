"""Use the API as a client does: load the sample portfolio, run its meters, add up and show the savings.

`python -m infra.local.demo` needs a running stack (`make up`) and only uses its HTTP API.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import requests
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.local import portfolio
from infra.local.savings import HEADLINE, Meter, Sum, report
from infra.local.stack import DIRECTORY

STACK = DIRECTORY / "stack.json"
ITEMS_PER_POST = 10_000
POLL = 0.5  # seconds between polls


class Client:
    """A client of one stack's API."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> Any:
        """Return the body of a GET response; for a list, all pages."""
        response = self._checked(self.session.get(self.url + path, params=query))
        found = response.json()
        while "next" in response.links:
            response = self._checked(self.session.get(response.links["next"]["url"]))
            found += response.json()
        return found

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        """POST a body and return the response."""
        return self._checked(self.session.post(self.url + path, json=body, headers=headers))

    def post_all(self, path: str, items: list[dict[str, Any]]) -> None:
        """POST a list of any length, in several requests if needed."""
        for first in range(0, len(items), ITEMS_PER_POST):
            self.post(path, items[first : first + ITEMS_PER_POST])

    def _checked(self, response: requests.Response) -> requests.Response:
        if not response.ok:
            sys.exit(f"{response.request.method} {response.url} returned {response.status_code}: {response.text}")
        return response


def load(client: Client, progress: Progress) -> list[int]:
    """Post the sample meters and their weather. Return the ids of their projects, in order."""
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
    client: Client, targets: list[dict[str, int]], on_poll: Callable[[dict[str, Any]], None] = lambda counts: None
) -> dict[str, Any]:
    """Run meters in one bulk request. Return the batch when all have ended. `on_poll` gets the batch at each poll."""
    scheduled = client.post("meter_runs/bulk/", {"targets": targets})
    path = scheduled.headers["Location"].partition("/api/v1/")[2]
    while True:
        batch: dict[str, Any] = client.get(path)
        on_poll(batch)
        if not batch["pending"] and not batch["running"]:
            return batch
        time.sleep(POLL)


def run_meters(client: Client, projects: list[int], progress: Progress) -> int:
    """Run the meters of the projects. Return the id of their batch when all have ended."""
    task = progress.add_task("Running meters", total=len(projects))

    def show(batch: dict[str, Any]) -> None:
        progress.update(task, total=batch["total"], completed=batch["success"] + batch["failed"])

    return int(run_batch(client, [{"project": id} for id in projects], show)["id"])


def add_up(client: Client, projects: list[int], progress: Progress) -> list[Sum]:
    """Add up the savings of the projects' meters, by fuel."""
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
    """Wait until a run ends and return it; exit if it FAILED. `poll`: seconds between polls."""
    while True:
        run: dict[str, Any] = client.get(path)
        if run["status"] == "FAILED":
            sys.exit(f"{path} FAILED: {run['failure_message']}")
        if run["status"] == "SUCCESS":
            return run
        time.sleep(poll)


def results(client: Client, batch: int) -> list[Meter]:
    """Return the results of a batch's runs, with their projects, which hold the true savings."""
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
    """Load the samples, run their meters, and show the savings."""
    if not STACK.exists():
        sys.exit("There is no running stack: start one with `make up`.")
    stack = json.loads(STACK.read_text())
    client, console = Client(stack["url"], stack["token"]), Console(width=None if sys.stdout.isatty() else 116)
    client.get("projects/", project_id="any")  # fails immediately if the stack or its token is gone
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
    except requests.ConnectionError:
        sys.exit(f"The stack of {STACK} does not respond, and its data are lost; start a new one with `make up`.")
    except KeyboardInterrupt:
        sys.exit(130)
