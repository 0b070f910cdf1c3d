"""Run a scenario with a fault, for each of its calls and each way in which a call can fail.

At each call the process forks once for each of its faults: the child makes the call fail and runs the scenario to its
end, and the parent goes on without a fault. So nothing is run twice before the fault, and no state is left behind it.

The threads of polars do not survive a fork. So a scenario that uses it runs only in children that are forked before it
begins, and the parent must not have used polars either.
"""

import gc
import os
import pickle
import select
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import BinaryIO, NoReturn

from infra.verify.invariants import Violation
from tests.faults import backend
from tests.faults.injection import Mode
from tests.faults.preparing import Expected
from tests.faults.promises import Endings, broken
from tests.faults.scenarios import SCENARIOS, WITH_POLARS
from tests.faults.world import NeverSettlesError, World


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
    forkable: Sequence[bool]  # of each call: whether the process can be forked at it
    waited: int  # seconds until all runs had ended, once nothing else happened; at most


class Children:
    """Forked processes, a few at a time, and what they report."""

    def __init__(self, processes: int) -> None:
        self.reports: list[Outcome] = []
        self._processes = processes
        self._pipes: dict[int, int] = {}  # the process of each open pipe

    def fork(self) -> BinaryIO | None:
        """Fork when there is room for another process. Returns, in the child, the pipe for its report; else None."""
        while len(self._pipes) >= self._processes:
            self._collect()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            return os.fdopen(writing, "wb")
        os.close(writing)
        self._pipes[reading] = child
        return None

    def wait(self) -> None:
        """Wait for all reports."""
        while self._pipes:
            self._collect()

    def _collect(self) -> None:
        for reading in select.select(list(self._pipes), [], [])[0]:
            with os.fdopen(reading, "rb") as pipe:
                content = pipe.read()
            os.waitpid(self._pipes.pop(reading), 0)
            self.reports.append(pickle.loads(content))


def search(name: str, chosen: Callable[[Sequence[Point]], Sequence[Point]], processes: int = 1) -> Iterator[Outcome]:
    """Run a scenario without a fault, then with each of the points that `chosen` chooses among all."""
    if name not in WITH_POLARS:
        with _prepared(name) as (world, expected):
            _attempt(world, expected, name, None)  # fills caches, of which one holds the outputs of models
    children = Children(processes)
    with _prepared(name) as (world, expected):
        if name in WITH_POLARS:
            world.injector.can_fork = lambda: False
        gc.freeze()  # so that collections in the children do not copy the memory of the parent
        if pipe := children.fork():
            _report(_attempt(world, expected, name, None), pipe)
        children.wait()
        (base,) = children.reports
        points = chosen([Point(number, call, mode) for number, call in enumerate(base.calls) for mode in Mode])
        for point in points:
            if not base.forkable[point.number] and (pipe := children.fork()):
                world.injector.arm(point.number, point.mode)
                _report(_attempt(world, expected, name, point), pipe)
        _explore(world, expected, name, [point for point in points if base.forkable[point.number]], children)
    children.wait()
    yield from children.reports


def sampled(points: Sequence[Point], sample: int) -> Sequence[Point]:
    """Faults spread over all calls; the stride and the number of modes share no factor, so the modes take turns."""
    stride = max(1, len(points) // sample)
    while stride > 1 and (stride % 2 == 0 or stride % 3 == 0):
        stride += 1
    return points[::stride]


def search_apart(name: str, chosen: Callable[[Sequence[Point]], Sequence[Point]]) -> list[Outcome]:
    """The same in a new process, for one that may have used polars."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_search_all, name, chosen).result()


def _search_all(name: str, chosen: Callable[[Sequence[Point]], Sequence[Point]]) -> list[Outcome]:
    with backend.environment():
        return list(search(name, chosen))


def _explore(world: World, expected: Expected, name: str, points: Sequence[Point], children: Children) -> None:
    """Run the scenario, and fork at each of the points."""
    of_call: dict[int, list[Point]] = defaultdict(list)
    for point in points:
        of_call[point.number].append(point)
    in_child: list[tuple[Point, BinaryIO]] = []

    def branch(number: int) -> None:
        for point in () if in_child else of_call[number]:
            if pipe := children.fork():
                in_child.append((point, pipe))
                world.injector.arm(point.number, point.mode)
                return

    if points:
        world.injector.branch = branch
        outcome = _attempt(world, expected, name, None)
        for point, pipe in in_child:
            _report(replace(outcome, point=point), pipe)


def _report(outcome: Outcome, pipe: BinaryIO) -> NoReturn:
    try:
        with pipe:
            pickle.dump(outcome, pipe)
    finally:
        os._exit(0)


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
    world.injector.active = True
    try:
        SCENARIOS[name][1](world, expected)
        found = broken(world, expected, endings)
        if world.injector.armed and not world.injector.fired:
            found.append(Violation("harness", "the scenario made other calls than before, so the fault did not occur"))
    except NeverSettlesError as error:
        found = [Violation("runs-end", str(error))]
    except Exception:
        found = [Violation("harness", traceback.format_exc())]
    return Outcome(point, found, world.injector.calls, world.injector.forkable, world.waited)
