"""Is everything there that was acknowledged, and does the datastore keep its invariants?"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.load.ledger import Ledger, differences, wrong_values
from benchmarks.load.scenario import Outcome
from benchmarks.load.session import Session
from infra.verify.invariants import Violation, violations
from infra.verify.snapshot import Snapshot

ALL = 1_000_000  # pages
SETTLING = 60  # seconds between two looks, since the reconciler may have work left


def losses(session: Session, outcome: Outcome) -> list[str]:
    """A sentence for each acknowledged write that is not there."""
    return [*_lost_items(session, outcome), *_lost_series(session, outcome), *_lost_runs(session, outcome)]


def violated(before: set[Violation]) -> set[Violation]:
    """The violations of the store's invariants that were not there before; none of them is work in progress."""
    found = set(violations(Snapshot.take())) - before
    if found:
        time.sleep(SETTLING)
        found &= set(violations(Snapshot.take()))
    return found


def _lost_items(session: Session, outcome: Outcome) -> Iterator[str]:
    shared: set[str] = set().union(*(ledger.shared for ledger in outcome.ledgers))
    for kind, path in (("projects", "projects/"), ("traces", "traces/"), ("groups", "trace_groups/")):
        shown = _by_id(session, path)
        for ledger in outcome.ledgers:
            expected: Mapping[int, dict[str, Any]] = getattr(ledger, kind)
            for id, fields in expected.items():
                if id not in shown:
                    yield f"{path}{id}/ is lost"
                elif wrong := differences(shown[id], fields):
                    yield f"{path}{id}/: {wrong}"
            yield from (f"{path}{id}/ was deleted, and is there" for id in ledger.deleted[kind] & shown.keys())
        if kind == "projects" and shared:
            last = shown[outcome.shared.project]["metadata"].get("last")
            if last not in shared:
                yield f"the shared project has {last!r}, which nobody was told is stored"


def _lost_series(session: Session, outcome: Outcome) -> Iterator[str]:
    for ledger in outcome.ledgers:
        for trace, values in ledger.records.items():
            shown = session.pages("trace_records/", ALL, trace=trace, limit=1000)
            if wrong := wrong_values(shown, "value", values):
                yield f"the records of trace {trace}: {wrong}"
        for station, values in ledger.temperatures.items():
            shown = session.pages("weather_records/", ALL, station=station, limit=1000)
            if wrong := wrong_values(shown, "temperature", values):
                yield f"the temperatures of station {station}: {wrong}"


def _lost_runs(session: Session, outcome: Outcome) -> Iterator[str]:
    runs = _by_id(session, "meter_runs/")
    singles = [pair for ledger in outcome.ledgers for pair in ledger.runs.items()]
    for id, status in (*outcome.batch_runs, *singles):
        yield from _wrong_end("meter", id, status, runs)
    counts = session.get(f"batches/{outcome.shared.batch}/") or {}
    expected = {
        "total": len(outcome.batch_runs),
        "pending": 0,
        "running": 0,
        "success": sum(status == "SUCCESS" for _, status in outcome.batch_runs),
        "failed": sum(status == "FAILED" for _, status in outcome.batch_runs),
    }
    if wrong := differences(counts, expected):
        yield f"the batch: {wrong}"
    yield from _lost_aggregations(session, outcome.ledgers)


def _lost_aggregations(session: Session, ledgers: list[Ledger]) -> Iterator[str]:
    runs, results = _by_id(session, "aggregation_runs/"), _by_id(session, "aggregation_results/")
    for ledger in ledgers:
        for id, count in ledger.aggregations.items():
            yield from _wrong_end("aggregation", id, "SUCCESS", runs)
            result = results.get(runs.get(id, {}).get("aggregation_result"))
            if result is None:
                yield f"the result of aggregation run {id} is lost"
            elif len(result["derivatives"]) != count:
                yield f"aggregation run {id} has {len(result['derivatives'])} derivatives rather than {count}"


def _wrong_end(kind: str, id: int, status: str, runs: Mapping[int, dict[str, Any]]) -> Iterator[str]:
    if id not in runs:
        yield f"{kind} run {id} is lost"
    elif (found := runs[id]["status"]) != status:
        yield f"{kind} run {id} is {found} rather than {status}: {runs[id]['failure_message']}"
    elif runs[id].get("failure_reason") == "machine":
        yield f"{kind} run {id} has FAILED because of the machine: {runs[id]['failure_message']}"


def _by_id(session: Session, path: str) -> dict[Any, dict[str, Any]]:
    return {item["id"]: item for item in session.pages(path, ALL, limit=1000)}
