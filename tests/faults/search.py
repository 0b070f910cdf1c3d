"""Run a scenario once for each of its calls and each way in which a call can fail.

Each time in a forked process, which starts with the prepared world: that takes milliseconds and leaves nothing behind.
"""

import gc
import os
import pickle
import select
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from infra.verify.invariants import Violation
from tests.faults.injection import Mode
from tests.faults.promises import Endings, broken
from tests.faults.scenarios import SCENARIOS, Expected
from tests.faults.world import NeverSettlesError, World

R = TypeVar("R")


@dataclass(frozen=True)
class Point:
    """A fault: which call of the scenario fails, and how."""

    number: int
    call: str
    mode: Mode

    def __str__(self) -> str:
        return f"call {self.number}, {self.call}, {self.mode.name}"


@dataclass(frozen=True)
class Outcome:
    """What came of a fault; `point` is None for the scenario without one."""

    point: Point | None
    violations: Sequence[Violation]
    calls: Sequence[str]
    waited: int  # seconds until all runs had ended, once nothing else happened; at most


def search(name: str, chosen: Callable[[Sequence[Point]], Sequence[Point]], processes: int = 1) -> Iterator[Outcome]:
    """Run a scenario without a fault, then with each of the points that `chosen` chooses among all."""
    with _prepared(name) as (world, expected):
        _attempt(world, expected, name, None)  # computes each meter run once for all processes
    with _prepared(name) as (world, expected):
        (base,) = _forked([lambda: _attempt(world, expected, name, None)], 1)
        yield base
        points = [Point(number, call, mode) for number, call in enumerate(base.calls) for mode in Mode]
        works = [lambda point=point: _attempt(world, expected, name, point) for point in chosen(points)]
        yield from _forked(works, processes)


@contextmanager
def _prepared(name: str) -> Iterator[tuple[World, Expected]]:
    world, expected = World(), Expected()
    with world.running():
        SCENARIOS[name][0](world, expected)
        world.prepared = world.written()
        yield world, expected


def _attempt(world: World, expected: Expected, name: str, point: Point | None) -> Outcome:
    endings = Endings()
    world.injector.observers.append(endings.observe)
    if point is not None:
        world.injector.arm(point.number, point.mode)
    world.injector.active = True
    try:
        SCENARIOS[name][1](world, expected)
        found = broken(world, expected, endings)
        if point is not None and not world.injector.fired:
            found.append(Violation("harness", "the scenario made fewer calls than before, so the fault did not occur"))
    except NeverSettlesError as error:
        found = [Violation("runs-end", str(error))]
    except Exception:
        found = [Violation("harness", traceback.format_exc())]
    return Outcome(point, found, world.injector.calls, world.waited)


def _forked(works: Sequence[Callable[[], R]], processes: int) -> Iterator[R]:
    """Run each work in a process of its own, a few at a time, and yield their results in any order."""
    remaining, pipes = iter(works), dict[int, int]()  # the process of each open pipe
    gc.freeze()  # so that collections in the children do not copy the memory of the parent
    while True:
        while len(pipes) < processes and (work := next(remaining, None)) is not None:
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                _report(work, writing)
            os.close(writing)
            pipes[reading] = child
        if not pipes:
            return
        for reading in select.select(list(pipes), [], [])[0]:
            with os.fdopen(reading, "rb") as pipe:
                content = pipe.read()
            os.waitpid(pipes.pop(reading), 0)
            yield pickle.loads(content)


def _report(work: Callable[[], R], writing: int) -> None:
    try:
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(work(), pipe)
    finally:
        os._exit(0)
