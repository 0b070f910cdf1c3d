"""What a scenario has been promised, beyond the invariants of any deployment."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from chalicelib.store.results.derivatives import derivative_ids
from chalicelib.store.tables.runs import DeletedRuns
from infra.verify.invariants import Violation, violations
from infra.verify.snapshot import Snapshot
from tests.faults import uploading
from tests.faults.preparing import Expected
from tests.faults.world import World

PROMISES = {
    "accepted-work-is-done": "Every run that a client was told of ends as it does without a fault.",
    "one-effect-per-request": "No run or upload exists that no client was told of.",
    "runs-end-once": "No run is ended twice.",
    "no-record-is-lost": "A trace has the records that were acknowledged, each with its newest value.",
    "deleted-is-gone": "Nothing of a deleted trace, run, batch or upload remains, and nothing else is deleted.",
    "uploads-import-their-file": "An upload ends as it does without a fault, with the same counts and rejected rows.",
    "ends-are-announced": "Each batch, aggregation and upload that has ended has an event, with its counts or status.",
    "newest-is-expected": "The newest run of a trace is the one that is left.",
}


class Endings:
    """Counts how often each run was ended, from the transactions that were applied."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self._seen: set[str] = set()  # transactions; one that is sent again is not applied again

    def observe(self, event_name: str, request: AWSPreparedRequest, answer: AWSResponse) -> None:
        """See a call that was applied."""
        if not event_name.endswith("TransactWriteItems") or answer.status_code != 200:
            return
        asked: dict[str, Any] = json.loads(request.body)
        if asked.get("ClientRequestToken") in self._seen:
            return
        self._seen.add(asked["ClientRequestToken"])
        for item in asked["TransactItems"]:
            update = item.get("Update")
            if update is None or not update["TableName"].endswith("_runs"):
                continue
            values = list(update["ExpressionAttributeValues"].values())
            if {"S": "SUCCESS"} in values or {"S": "FAILED"} in values:
                self.count[f"{update['TableName'].partition('-')[2]} {update['Key']['id']['N']}"] += 1


def broken(world: World, expected: Expected, endings: Endings) -> list[Violation]:
    """All violated invariants and promises once everything has ended."""
    world.injector.active = False
    at = Snapshot.take()
    found = set(_promises(world, at, expected, endings))
    assert {violation.invariant for violation in found} <= PROMISES.keys()
    return sorted(found | set(violations(at)))


def _promises(world: World, at: Snapshot, expected: Expected, endings: Endings) -> Iterator[Violation]:
    for id, status in expected.runs.items():
        run = at.runs.get(id)
        if run is None or run.status != status:
            reason = None if run is None else (run.status, run.failure_message, run.last_error, run.traceback)
            yield Violation("accepted-work-is-done", f"meter run {id} should be {status}, and is {reason}")
    for id, status in expected.aggregations.items():
        aggregation = at.aggregation_runs.get(id)
        if aggregation is None or aggregation.status != status:
            found = (
                None
                if aggregation is None
                else (aggregation.status, aggregation.failure_message, aggregation.traceback)
            )
            yield Violation("accepted-work-is-done", f"aggregation run {id} should be {status}, and is {found}")
    for kind, rows, wanted in (
        ("meter run", at.runs, expected.runs),
        ("aggregation run", at.aggregation_runs, expected.aggregations),
    ):
        for id in rows.keys() - wanted.keys() - world.prepared[kind]:
            yield Violation("one-effect-per-request", f"{kind} {id} was written, and no response names it")
    for what, count in endings.count.items():
        if count > 1:
            yield Violation("runs-end-once", f"{what} was ended {count} times")
    for trace, known in expected.records.items():
        answer = world.asked("GET", f"trace_records/?trace={trace}&limit=1000")
        if {one["start"]: one["value"] for one in answer.body} != known:
            yield Violation("no-record-is-lost", f"trace {trace} has other records than were posted")
    for trace in expected.gone:
        if trace in at.traces or any(unquote(key).startswith(f"series/traces/{trace}/") for key in at.objects):
            yield Violation("deleted-is-gone", f"trace {trace} was deleted, and something of it remains")
    yield from _deletions(at, expected)
    yield from _announcements(world, at, expected)
    yield from uploading.broken_promises(world, at, expected)


def _announcements(world: World, at: Snapshot, expected: Expected) -> Iterator[Violation]:
    """Compares the events with the batches and aggregations."""
    batches = {event["batch"]: event for kind, event in world.announced if kind == "Batch ended"}
    for id in at.batches.keys() - batches.keys():
        yield Violation("ends-are-announced", f"batch {id} has ended, and there is no event")
    for id, event in batches.items():
        if event["success"] + event["failed"] != event["total"]:
            yield Violation("ends-are-announced", f"batch {id} had not ended when its event was sent: {event}")
    ended = {event["aggregation_run"]: event["status"] for kind, event in world.announced if kind.startswith("Aggre")}
    for id, status in expected.aggregations.items():
        if ended.get(id) != status:
            yield Violation("ends-are-announced", f"the event of aggregation run {id} has the status {ended.get(id)}")


def _deletions(at: Snapshot, expected: Expected) -> Iterator[Violation]:
    for id in expected.deleted_runs:
        left = [name for name, rows in (("run", at.runs), ("result", at.results)) if id in rows]
        left += [f"derivative {one}" for one in derivative_ids(id) if one in at.derivatives]
        left += [f"newest of {key}" for key, newest in at.newest.items() if newest == id]
        if left:
            yield Violation("deleted-is-gone", f"meter run {id} was deleted, and there are still {left}")
    for id in expected.deleted_batches & at.batches.keys():
        yield Violation("deleted-is-gone", f"batch {id} was deleted, and is still there")
    for entry in at.deleted_runs:
        if entry.first_run not in {DeletedRuns.WHOLE, *expected.deleted_runs}:
            yield Violation("deleted-is-gone", f"meter run {entry.first_run} was deleted, and nobody asked for it")
    for key, wanted in expected.newest.items():
        if at.newest.get(key) != wanted:
            yield Violation("newest-is-expected", f"the newest run of {key} is {at.newest.get(key)}, not {wanted}")
