"""The scenario: a bulk of meter runs while clients read and write."""

import itertools
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import datastore_client
from benchmarks.load.actions import NORMAL, Client, summable
from benchmarks.load.base import Sample, Shared
from benchmarks.load.ledger import Ledger
from benchmarks.load.reads import ENDED
from benchmarks.load.session import Session
from benchmarks.shared.stack import load, run
from infra.local import portfolio

SAMPLES = [name for name in portfolio.names() if "billing" in name]  # their models are fitted in a third of a second
RUNS_TO_END = 3600.0  # seconds for the runs that are left when the clients stop
POLL = 2.0  # seconds
FULL_PAGE = 1000  # items


@dataclass(frozen=True)
class Outcome:
    """What the clients were told. `seconds`: how long the clients worked, and until all runs had ended."""

    sessions: list[Session]
    ledgers: list[Ledger]
    shared: Shared
    batch_runs: list[tuple[int, str]]  # the runs of the batch, and the status that each must end with
    seconds: tuple[float, float]

    @property
    def faults(self) -> list[str]:
        """A sentence for each broken promise that a client has seen."""
        return [fault for session in self.sessions for fault in session.faults]


def prepare(client: datastore_client.Client) -> list[Sample]:
    """Load the sample meters, and run each once. The stack needs the weather of their station."""
    traces = load(client, SAMPLES)
    batch, _ = run(client, traces)
    runs = {one["trace"]: one for one in client.meter_runs(batch=batch["id"])}
    kinds = {trace["id"]: trace["interpretation"] for trace in client.traces()}
    return [
        Sample(trace, runs[trace]["project"], runs[trace]["id"], runs[trace]["status"], kinds[trace])
        for trace in traces
    ]


def fill(client: datastore_client.Client) -> None:
    """Create as many projects and traces as a page can list, so that the pages do not grow during the test."""
    prefix = uuid.uuid4().hex
    projects = [{"project_id": f"{prefix}-{number}"} for number in range(FULL_PAGE)]
    ids = [project["id"] for project in client.sync_projects(projects)]
    about = {"interpretation": "ELECTRICITY_CONSUMPTION_SUPPLIED", "unit": "KWH"}
    client.sync_traces([{**about, "trace_id": f"{prefix}-{id}", "projects": [id]} for id in ids])


def play(url: str, token: str, samples: list[Sample], seconds: float, clients: int, runs: int) -> Outcome:
    """Schedule so many runs at once, let the clients work for so long, and wait until all runs have ended."""
    main = Session(url, token)
    targets = list(itertools.islice(itertools.cycle(samples), runs))
    request = {"targets": [{"trace": sample.trace, "project": sample.project} for sample in targets]}
    key = {"Idempotency-Key": uuid.uuid4().hex}
    began = time.monotonic()
    scheduled = main.call("POST", "meter_runs/bulk/", json=request, headers=key)
    project = main.call("POST", "projects/", json={"project_id": f"shared {uuid.uuid4().hex}"})
    if scheduled is None or project is None:
        raise SystemExit(f"The load test cannot start: {main.faults}")
    batch_runs = [(run["id"], sample.status) for (run,), sample in zip(scheduled.json(), targets, strict=True)]
    shared = Shared(samples, project.json()["id"], scheduled.json()[0][0]["batch"])
    waiting = main.call(
        "POST",
        "aggregation_runs/",
        json={
            "projects": summable(samples, samples[0].interpretation),
            "derivative_interpretation": NORMAL,
            "after_batch": shared.batch,
        },
    )
    if waiting is None:
        raise SystemExit(f"The load test cannot start: {main.faults}")
    team = [Client(number, Session(url, token), shared) for number in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda client: client.work(began + seconds), team))
        list(pool.map(Client.rush, team))
    worked = time.monotonic() - began
    again = main.call("POST", "meter_runs/bulk/", json=request, headers=key)
    if again is not None and [group[0]["id"] for group in again.json()] != [id for id, _ in batch_runs]:
        main.fault("the bulk request scheduled other runs when it was repeated with its Idempotency-Key")
    ledgers = [client.ledger for client in team]
    ledgers.append(Ledger(aggregations={waiting.json()["id"]: len(summable(samples, samples[0].interpretation))}))
    _wait(main, shared.batch, ledgers)
    sessions = [main, *(client.session for client in team)]
    return Outcome(sessions, ledgers, shared, batch_runs, (worked, time.monotonic() - began))


def _wait(session: Session, batch: int, ledgers: list[Ledger]) -> None:
    """Wait until all runs have ended, or for RUNS_TO_END."""
    deadline = time.monotonic() + RUNS_TO_END
    while time.monotonic() < deadline:
        counts = session.get(f"batches/{batch}/")
        if counts is not None and not counts["pending"] and not counts["running"]:
            break
        time.sleep(POLL)
    for ledger in ledgers:
        for path in (
            *(f"meter_runs/{id}/" for id in ledger.runs),
            *(f"aggregation_runs/{id}/" for id in ledger.aggregations),
        ):
            while time.monotonic() < deadline and (session.get(path) or {}).get("status") not in ENDED:
                time.sleep(POLL)
