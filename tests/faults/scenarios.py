"""What users do: each scenario is a fixed sequence of requests, and what is known to hold in the end."""

import csv
import io
import uuid
from collections.abc import Callable
from typing import Any

from chalicelib.settings import settings
from chalicelib.store import tokens
from chalicelib.store.series import series
from chalicelib.vocabulary import DERIVATIVE_INTERPRETATIONS
from infra.local import portfolio
from tests.faults.preparing import (
    BULK,
    METER,
    NORMAL,
    TRACES,
    Expected,
    created,
    files_of,
    prepare_batch,
    prepare_chunks,
    prepare_meter,
    prepare_older,
    prepare_portfolio,
    prepare_results,
    prepare_traces,
    read,
)
from tests.faults.uploading import prepare_building, readings, start, upload
from tests.faults.world import HOURLY, World

Act = Callable[[World, Expected], None]
SCENARIOS: dict[str, tuple[Act, Act]] = {}  # what is prepared without faults, and what then happens with them
WITH_POLARS = ("an upload of readings", "strict uploads", "an upload of projects")  # see `search`


def scenario(name: str, prepare: Act) -> Callable[[Act], Act]:
    """Declare a function as a scenario."""

    def declare(act: Act) -> Act:
        SCENARIOS[name] = prepare, act
        return act

    return declare


@scenario("a single run", prepare_meter)
def single_run(world: World, expected: Expected) -> None:
    """Schedule a run, and let a worker run it."""
    expected.runs[created(world, "meter_runs/", {"trace": 1})] = "SUCCESS"
    world.settle()


@scenario("a bulk of 30 with one bad trace", prepare_portfolio)
def bulk(world: World, expected: Expected) -> None:
    """Schedule all traces of a project; one has no records."""
    answer = world.asked("POST", "meter_runs/bulk/", {"targets": [{"project": 1}]})
    assert answer.status == 201, answer
    (group,) = answer.body
    assert len(group) == BULK
    expected.runs |= {run["id"]: "FAILED" if run["trace"] == BULK else "SUCCESS" for run in group}
    world.settle()


@scenario("an asynchronous batch", prepare_traces)
def asynchronous(world: World, expected: Expected) -> None:
    """Schedule all traces, of which one has no records, with an aggregation after them, and what has failed again."""
    asked = {"targets": [{"all": True}, {"trace": 1}]}
    answer = world.asked("POST", "meter_runs/bulk/", asked, prefer="respond-async")
    assert answer.status == 202, answer
    batch = answer.body["id"]
    derivatives = {"traces": [1], "derivative_interpretation": NORMAL, "after_batch": batch}
    expected.aggregations[created(world, "aggregation_runs/", derivatives)] = "SUCCESS"
    world.settle()
    _expect(world, expected, batch, [*range(1, TRACES + 1), 1])
    asked = {"targets": [{"failed_of_batch": batch}]}
    answer = world.asked("POST", "meter_runs/bulk/", asked, prefer="respond-async")
    assert answer.status == 202, answer
    world.settle()
    _expect(world, expected, answer.body["id"], [TRACES])


@scenario("a posted meter input", lambda world, expected: None)
def posted_input(world: World, expected: Expected) -> None:
    """Post a complete meter input, which is in no table."""
    expected.runs[created(world, "meter_runs/", {"meter_input": _posted()})] = "SUCCESS"
    world.settle()


@scenario("an aggregation after a batch", prepare_meter)
def aggregation(world: World, expected: Expected) -> None:
    """Schedule a batch and an aggregation that waits for it, and another one right after."""
    answer = world.asked("POST", "meter_runs/bulk/", {"targets": [{"trace": 1}]})
    assert answer.status == 201, answer
    ((run,),) = answer.body
    expected.runs[run["id"]] = "SUCCESS"
    asked = {"traces": [1], "derivative_interpretation": NORMAL}
    expected.aggregations[created(world, "aggregation_runs/", {**asked, "after_batch": run["batch"]})] = "SUCCESS"
    world.executions.drive()  # so that it waits before the run ends
    world.settle()
    targets = {"targets": [{"traces": [1]}]}
    answer = world.asked("POST", "aggregation_runs/bulk/", targets)
    assert answer.status == 201, answer
    expected.aggregations |= {one["id"]: "SUCCESS" for group in answer.body for one in group}
    world.settle()


@scenario("a building is set up", lambda world, expected: None)
def creates(world: World, expected: Expected) -> None:
    """Create a project, a trace in it and a trace group, each with an Idempotency-Key."""
    project = created(world, "projects/", {"project_id": "building"})
    created(world, "traces/", {"trace_id": "meter", "interpretation": "E_C_S", "unit": "kWh", "projects": [project]})
    filter = {"target": "project_id", "comparison": "==", "value": "building"}
    created(world, "trace_groups/", {"name": "all", "filter_specification": filter})
    for resource in ("projects", "traces", "trace_groups"):
        assert len(world.asked("GET", f"{resource}/").body) == 1, resource
    world.settle()


@scenario("a sync", prepare_meter)
def sync(world: World, expected: Expected) -> None:
    """Create and change projects and traces in bulk, twice."""
    projects = [{"project_id": name, "metadata": {"round": 1}} for name in ("one", "two", "three")]
    for round in (1, 2):
        for project in projects:
            project["metadata"] = {"round": round}
        answer = world.asked("POST", "projects/sync/", projects, keyed=False)
        ids = [item["id"] for item in answer.body]
        traces = [
            {"trace_id": f"of {id}", "interpretation": "E_C_S", "unit": "kWh", "projects": [id] if round == 1 else ids}
            for id in ids
        ]
        assert world.asked("POST", "traces/sync/", traces, keyed=False).status == 200
    world.asked("PATCH", f"projects/{ids[0]}/", {"project_id": "renamed"})
    world.asked("DELETE", f"projects/{ids[1]}/")
    world.settle()


@scenario("records posted while a series is compacted", prepare_chunks)
def compaction(world: World, expected: Expected) -> None:
    """Read a series, which compacts it, and post records before and after."""
    known = {record["start"]: record["value"] for record in read(world, 1)}
    start = sorted(known)[-2]
    for value in (1001.0, 1002.0):
        answer = world.asked("POST", "trace_records/", [{"trace": 1, "start": start, "value": value}], keyed=False)
        assert answer.status == 201, answer
        known[start] = value
        world.asked("GET", "trace_records/?trace=1&limit=1000")
        world.clock.advance(2 * series.SETTLED_AFTER)
    expected.records[1] = known
    world.settle()


@scenario("records of an older trace", prepare_older)
def older_trace(world: World, expected: Expected) -> None:
    """Post records of a trace that names no chunks, change the trace, and read it, which names them."""
    known = {record["start"]: record["value"] for record in read(world, 1)}
    start = sorted(known)[-2]
    for value in (1001.0, 1002.0):
        answer = world.asked("POST", "trace_records/", [{"trace": 1, "start": start, "value": value}], keyed=False)
        assert answer.status == 201, answer
        known[start] = value
        assert world.asked("PATCH", "traces/1/", {"trace_id": f"meter {value}"}).status == 200
        world.asked("GET", "trace_records/?trace=1&limit=1000")
    expected.records[1] = known
    world.settle()


@scenario("a delete during a run", prepare_meter)
def delete(world: World, expected: Expected) -> None:
    """Delete a trace with a scheduled run and records just added."""
    run = created(world, "meter_runs/", {"trace": 1})
    record = portfolio.sample_meter(METER).records[0]
    world.asked("POST", "trace_records/", [{"trace": 1, **record}], keyed=False)
    assert world.asked("DELETE", "traces/1/").status in (204, 404)
    world.settle()
    expected.gone.add(1)
    status = world.asked("GET", f"meter_runs/{run}/").body["status"]
    expected.runs[run] = status  # depends on which came first


@scenario("a run deleted", prepare_batch)
def run_deleted(world: World, expected: Expected) -> None:
    """Delete runs of a batch: one that is queued, one that a worker may hold, and two that have succeeded."""
    answer = world.asked("POST", "meter_runs/bulk/", {"targets": [{"trace": 1}] * 3})
    assert answer.status == 201, answer
    held, queued, kept = (run["id"] for (run,) in answer.body)
    _delete_run(world, expected, queued)
    world.late = lambda: _try_to_delete(world, f"meter_runs/{held}/")
    world.quiesce()
    world.late = lambda: None
    _delete_run(world, expected, held)
    expected.runs[kept] = "SUCCESS"
    world.settle()
    del expected.runs[kept]
    _delete_run(world, expected, kept)
    _delete_run(world, expected, 2)
    expected.newest[1, 1] = 3
    world.settle()


@scenario("a batch deleted", prepare_batch)
def batch_deleted(world: World, expected: Expected) -> None:
    """Delete a batch of runs that a worker may hold or that are queued, and one whose runs have ended."""
    answer = world.asked("POST", "meter_runs/bulk/", {"targets": [{"trace": 1}] * 2})
    assert answer.status == 201, answer
    batch = answer.body[0][0]["batch"]
    expected.deleted_runs |= {2, 3, *(run["id"] for (run,) in answer.body)}
    world.late = lambda: _try_to_delete(world, f"batches/{batch}/")
    for message in world.receive(settings().meter_queue_url)[:1]:
        world.work(message, settings().meter_queue_url)
    world.late = lambda: None
    for id in (batch, 1):
        assert world.asked("DELETE", f"batches/{id}/").status in (202, 404)  # 404: an earlier try has deleted it
        expected.deleted_batches.add(id)
    world.settle()
    for id in (batch, 1):
        assert world.asked("GET", f"batches/{id}/").status == 404
    expected.newest[1, 1] = 1


@scenario("exports", prepare_results)
def exports(world: World, expected: Expected) -> None:
    """Export the savings of all traces, of which one has no records, and all derivatives; then delete an export."""
    savings = _exported(world, {"kind": "savings"})
    wanted = [(run, name) for run in range(1, TRACES) for name in DERIVATIVE_INTERPRETATIONS] + [(TRACES, "")]
    assert [(int(row["meter_run"]), row["interpretation"]) for row in savings] == wanted, savings
    derivatives = _exported(world, {"kind": "derivatives", "format": "parquet"})
    assert [int(row["id"]) for row in derivatives] == list(range(1, 3 * (TRACES - 1) + 1)), derivatives
    found = world.asked("GET", "exports/").body
    assert [(one["kind"], one["rows"]) for one in found] == [("savings", len(savings)), ("derivatives", 9)], found
    assert world.asked("DELETE", f"exports/{found[0]['id']}/").status in (
        204,
        404,
    )  # 404: an earlier try has deleted it
    world.settle()
    assert world.asked("GET", f"exports/{found[0]['id']}/").status == 404
    assert files_of(world, "exports/savings/") == []


@scenario("an upload of readings", prepare_building)
def uploaded_readings(world: World, expected: Expected) -> None:
    """Upload a compressed file in parts, with rows that are not readings or of no trace, and a header alone; delete."""
    body = {"kind": "trace_records", "name": "readings.csv.gz"}
    content = readings({"north": [1.0, 1.0, "?", 3.0], "south": [4.0, 5.0, 6.0], "east": [7.0]})
    outcome = {"status": "SUCCESS", "rows": 8, "created": 5, "updated": 1, "unchanged": 0, "rejected": 2}
    id = upload(world, expected, body, content, **outcome, lines=[4, 9])
    expected.records[1] = {start(0): 1.0, start(1): 1.0, start(3): 3.0}
    expected.records[2] = {start(hour): 4.0 + hour for hour in range(3)}
    empty = {"status": "FAILED", "rows": 0, "created": 0, "updated": 0, "unchanged": 0, "rejected": 0}
    upload(world, expected, body, readings({}), **empty, lines=[])
    assert world.asked("DELETE", f"uploads/{id}/").status in (204, 404)  # 404: an earlier try has deleted it
    expected.deleted_uploads[id] = expected.uploads.pop(id)
    world.settle()


@scenario("strict uploads", prepare_building)
def strict_uploads(world: World, expected: Expected) -> None:
    """Upload a file of which a row is rejected, so that nothing is stored, and then the corrected one."""
    body = {"kind": "trace_records", "name": "readings.csv", "strict": True}
    content = {"north": [0.0, 1.0, 2.0], "south": [4.0, 5.0, 6.0]}
    refused = {"status": "FAILED", "rows": 7, "created": 0, "updated": 0, "unchanged": 0, "rejected": 1}
    upload(world, expected, body, readings({**content, "east": [7.0]}), **refused, lines=[8])
    assert [len(read(world, trace)) for trace in (1, 2)] == [1, 0]
    stored = {"status": "SUCCESS", "rows": 6, "created": 5, "updated": 0, "unchanged": 1, "rejected": 0}
    upload(world, expected, body, readings(content), **stored, lines=[])
    expected.records[1] = {start(hour): float(hour) for hour in range(3)}
    expected.records[2] = {start(hour): 4.0 + hour for hour in range(3)}


@scenario("an upload of projects", prepare_building)
def uploaded_projects(world: World, expected: Expected) -> None:
    """Upload projects: one as it is, one with a time zone that does not exist, and new ones; and the same again."""
    rows = ["project_id,timezone", "building,UTC", "tower,Mars/Olympus", "mill,Europe/Berlin", "barn,UTC", "shed,UTC"]
    body, content = {"kind": "projects", "name": "projects.csv"}, "\n".join([*rows, ""]).encode()
    counts = {"status": "SUCCESS", "rows": 5, "updated": 0, "rejected": 1}
    upload(world, expected, body, content, **counts, created=3, unchanged=1, lines=[3])
    upload(world, expected, body, content, **counts, created=0, unchanged=4, lines=[3])
    found = world.asked("GET", "projects/").body
    assert [one["project_id"] for one in found] == ["building", "mill", "barn", "shed"], found


@scenario("routing to the hourly worker", prepare_meter)
def hourly(world: World, expected: Expected) -> None:
    """A run that the first worker forwards."""
    run = created(world, "meter_runs/", {"trace": 1, "model_class": HOURLY})
    expected.runs[run] = "SUCCESS"
    world.settle()


@scenario("a token revoked", prepare_meter)
def revoked(world: World, expected: Expected) -> None:
    """Use a token, revoke it, and use it again."""
    secret = world.operator(lambda: tokens.create("short-lived", {"read", "write"}))
    key = uuid.uuid4().hex
    for _ in range(5):
        answer = world.api("POST", "meter_runs/", {"trace": 1}, key, secret)
        if answer is not None and answer.status == 201:
            expected.runs[answer.body["id"]] = "SUCCESS"
            break
        world.clock.advance(61)
    world.operator(lambda: tokens.delete("short-lived"))
    for _ in range(5):
        answer = world.api("POST", "meter_runs/", {"trace": 1}, key, secret)
        if answer is not None and answer.status < 500:
            assert answer.status == 401, answer
            break
    world.settle()


def _expect(world: World, expected: Expected, batch: int, traces: list[int]) -> None:
    """Expect that a batch has ended with a run of each of these traces, of which only the last one has failed."""
    runs = world.asked("GET", f"meter_runs/?batch={batch}").body
    assert [run["trace"] for run in runs] == traces, runs
    expected.runs |= {run["id"]: "FAILED" if run["trace"] == TRACES else "SUCCESS" for run in runs}
    counted = world.asked("GET", f"batches/{batch}/").body
    assert (counted["state"], counted["total"], counted["pending"]) == ("ACTIVE", len(traces), 0), counted


def _exported(world: World, body: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of an export, which has ended."""
    answer = world.asked("POST", "exports/", body)
    assert answer.status == 202, answer
    world.settle()
    export = world.asked("GET", f"exports/{answer.body['id']}/").body
    assert (export["status"], export["progress"]) == ("SUCCESS", 1), export
    files = files_of(world, f"exports/{body['kind']}/{export['format']}/export={export['id']}/")
    assert [len(file) for file in files] == [file["size"] for file in export["files"]], export
    rows = [row for file in files for row in csv.DictReader(io.StringIO(file.decode(), newline=""))]
    assert len(rows) == export["rows"], export
    return rows


def _delete_run(world: World, expected: Expected, run: int) -> None:
    assert world.asked("DELETE", f"meter_runs/{run}/").status in (204, 404)  # 404: an earlier try has deleted it
    for path in (f"meter_runs/{run}/", f"meter_results/{run}/"):
        assert world.asked("GET", path).status == 404
    expected.deleted_runs.add(run)


def _try_to_delete(world: World, path: str) -> None:
    world.api("DELETE", path)


def _posted() -> dict[str, Any]:
    return portfolio.meter_input(METER)
