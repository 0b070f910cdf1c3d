"""Exports: two executions at once, runs that end meanwhile, and exports that are deleted or given up."""

import csv
import io
from array import array
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.jobs import advance_export
from chalicelib.store.exports import candidates, exports, segments
from infra.local import portfolio
from tests.faults.exporting import Part
from tests.faults.preparing import METER, Expected, created, files_of
from tests.faults.preparing import trace as add_trace
from tests.faults.world import World

FOREVER = float("inf")
FOLDER = "exports/savings/csv/export=1/"


@pytest.fixture(autouse=True)
def _runs(world: World, expected: Expected) -> None:
    """Runs 1 to 3 of traces 1 to 3, of which the last has no records."""
    for number in (2, 3):
        add_trace(world, 1, f"meter {number}", portfolio.sample_meter(METER).records if number == 2 else [])
    for number in (1, 2, 3):
        run(world, expected, number)


@pytest.fixture
def export(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Posts an export of savings, whose execution is not started, and returns its id."""

    def post(**filters: Any) -> int:
        with monkeypatch.context() as patched:
            patched.setattr(type(exports.jobs), "start", lambda jobs, job: None)
            answer = world.asked("POST", "exports/", {"kind": "savings", "filters": filters})
        assert answer.status == 202, answer
        return int(answer.body["id"])

    return post


def run(world: World, expected: Expected, trace: int) -> int:
    """Run a trace, and return the id of the run, which has ended."""
    id = created(world, "meter_runs/", {"trace": trace})
    expected.runs[id] = "SUCCESS" if trace < 3 else "FAILED"
    world.settle()
    return id


def exported(world: World) -> list[int]:
    """The runs in the file of export 1, each once."""
    (file,) = files_of(world, FOLDER)
    rows = csv.DictReader(io.StringIO(file.decode(), newline=""))
    found = [(int(row["meter_run"]), row["interpretation"]) for row in rows]
    assert len(set(found)) == len(found)
    return list(dict.fromkeys(run for run, _ in found))


def test_two_executions_at_once_write_each_row_once(
    world: World, holds: Callable[[], None], export: Callable[..., int]
) -> None:
    id = export()

    def other() -> None:
        with world.process():
            exports.advance(id, Part, FOREVER)

    world.injector.at_every_call = other
    while not exports.advance(id, Part, FOREVER):
        pass
    world.injector.at_every_call = None
    assert exported(world) == [1, 2, 3]
    holds()


def test_an_export_goes_on_after_its_execution_has_failed(
    world: World, holds: Callable[[], None], export: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    export()
    attempts = 0

    def fail_after_the_first_segment(*given: Any) -> bool:
        nonlocal attempts
        attempts += 1
        if attempts > 2:
            raise ConnectionError
        return advance(*given)

    advance = exports.advance
    with monkeypatch.context() as patched:
        patched.setattr(exports, "advance", fail_after_the_first_segment)
        world.clock.advance(120)
        world.reconcile()
        world.quiesce()
    assert attempts > 3  # the state machine has tried again, too
    assert files_of(world, FOLDER) == []
    world.settle()
    assert exported(world) == [1, 2, 3]
    holds()


def test_runs_that_end_after_the_start_are_not_in_it(
    world: World, expected: Expected, holds: Callable[[], None], export: Callable[..., int]
) -> None:
    id = export()
    assert not exports.advance(id, Part, FOREVER)
    for trace in (1, 3):
        run(world, expected, trace)
    world.settle()
    assert exported(world) == [1, 2, 3]
    holds()


def test_a_run_that_ends_while_runs_are_chosen_replaces_the_one_before(
    world: World, expected: Expected, export: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = [run(world, expected, trace) for trace in (1, 3)]
    newest = run(world, expected, 1)  # after they were chosen
    with monkeypatch.context() as patched:
        patched.setattr(candidates, "choose", lambda kind, filters: array("q", [1, 2, 3, *later]))
        assert not exports.advance(export(), Part, FOREVER)
    world.settle()
    assert exported(world) == [2, *later]
    assert newest not in exported(world)


def test_a_failed_run_is_in_it_only_if_it_is_the_last(
    world: World, expected: Expected, export: Callable[..., int]
) -> None:
    last = run(world, expected, 3)
    world.asked("POST", "trace_records/", [{"trace": 3, **one} for one in portfolio.sample_meter(METER).records])
    export()
    world.settle()
    assert exported(world) == [1, 2, last]
    id = created(world, "meter_runs/", {"trace": 3})
    world.settle()
    expected.runs[id] = "SUCCESS"
    world.asked("DELETE", "exports/1/")
    answer = world.asked("POST", "exports/", {"kind": "savings"})
    world.settle()
    assert answer.body["id"] == 2
    (file,) = files_of(world, "exports/savings/csv/export=2/")
    assert b"FAILED" not in file


def test_a_small_segment_is_continued(
    world: World, export: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "SMALLEST", 10**6)
    id = export()
    while not exports.advance(id, Part, 0.0):
        assert len(exports.get(id).segments) <= 1  # type: ignore[union-attr]
    assert exported(world) == [1, 2, 3]


def test_an_export_that_is_deleted_while_it_is_published_leaves_nothing(
    world: World, holds: Callable[[], None], export: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    id = export()
    publish = segments.publish

    def and_delete(given: Any) -> None:
        publish(given)
        with world.process():
            assert exports.delete(id)

    with monkeypatch.context() as patched:
        patched.setattr(segments, "publish", and_delete)
        while not exports.advance(id, Part, FOREVER):
            pass
    assert files_of(world, "export") == []
    holds()


def test_an_export_that_cannot_be_written_ends_failed_without_a_file(
    world: World, holds: Callable[[], None], export: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    id = export()

    def fail(event: Any) -> None:
        raise ConnectionError

    monkeypatch.setitem(world._steps, "AdvanceExport", fail)
    for _ in range(exports.EXECUTIONS + 1):
        world.clock.advance(300)
        world.reconcile()
        world.quiesce()
    found = world.asked("GET", f"exports/{id}/").body
    assert found["status"] == "FAILED"
    assert "in 20 attempts" in found["failure_message"]
    assert found["files"] == files_of(world, "exports/") == []
    holds()


def test_too_large_an_export_ends_failed(
    world: World, holds: Callable[[], None], export: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, value in ((candidates, "MAX", 2), (segments, "MOST", {"csv": 1})):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, value)
            id = export()
            world.clock.advance(120)
            world.settle()
        found = world.asked("GET", f"exports/{id}/").body
        assert found["status"] == "FAILED"
        assert found["failure_message"].endswith("Narrow its filters.")
    holds()


def test_a_step_works_for_a_limited_time(world: World, export: Callable[..., int], monkeypatch: Any) -> None:
    monkeypatch.setattr(advance_export, "WORKING", 0.0)
    id = export()
    steps = 1
    while not advance_export.handle({"export": id})["done"]:
        steps += 1
    assert steps > 3
    assert exported(world) == [1, 2, 3]
