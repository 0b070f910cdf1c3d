"""What an asynchronous request asks to run, as it is stored, and its runs, a part at a time.

A stored request is JSON with the `arguments` of its runs, and `targets`, each of which has one key:

- pairs: a list of [project, trace]
- projects: a list of ids; all traces of each
- traces: each trace up to the id `last`, for each of its projects; with the `filter` of a group, if it is not null
- failed_of_batch: the FAILED runs of this batch
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from chalicelib.store.collections import links, projects, trace_groups, traces
from chalicelib.store.runs import batches, failed_runs
from chalicelib.store.runs.cursors import Cursor
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.shared import pages

START: Cursor = [0, 0, 0]  # the number of a target, of an item in its list, and the id after which that goes on

Request = Mapping[str, Any]
Place = tuple[int, int]  # in a target: the last two numbers of a cursor
Found = Iterator[tuple[Place, list[RunSpec]]]  # runs up to a place, which may be none


class UnavailableError(Exception):
    """A target no longer exists; the message is for the user."""


class Part(NamedTuple):
    """Some of the runs of a request, and the cursor after them; None: there are no more."""

    specs: list[RunSpec]
    cursor: Cursor | None


def part_of(request: Request, cursor: Cursor, limit: int, seconds: float) -> Part:
    """The runs from a cursor on, at most `limit` unless a single trace has more, found within about `seconds`.

    Traces and projects that do not exist any more are left out. Raises UnavailableError at the target that is.
    """
    end = time.monotonic() + seconds
    specs: list[RunSpec] = []
    for number, target in enumerate(request["targets"][cursor[0] :], cursor[0]):
        index, after = cursor[1:] if number == cursor[0] else START[1:]
        cursor = [number, index, after]
        try:
            for place, found in _runs_of(target, index, after, request["arguments"]):
                if specs and len(specs) + len(found) > limit:
                    return Part(specs, cursor)
                specs += found
                cursor = [number, *place]
                if time.monotonic() > end:
                    return Part(specs, cursor)
        except UnavailableError:
            if not specs:
                raise
            return Part(specs, cursor)
    return Part(specs, None)


def _runs_of(target: Mapping[str, Any], index: int, after: int, arguments: dict[str, Any]) -> Found:
    ((kind, content),) = target.items()
    return _KINDS[kind](content, index, after, arguments)


def _of_pairs(pairs: list[list[int]], index: int, after: int, arguments: dict[str, Any]) -> Found:
    return _existing((((number + 1, 0), (pair[0], pair[1])) for number, pair in _from(pairs, index)), arguments)


def _of_projects(ids: list[int], index: int, after: int, arguments: dict[str, Any]) -> Found:
    def candidates() -> Iterator[tuple[Place, tuple[int, int]]]:
        for number, project in _from(ids, index):
            last = after if number == index else 0
            while found := links.traces_of(project, last, traces.BLOCK):
                for last in found:
                    yield (number, last), (project, last)

    return _existing(candidates(), arguments)


def _of_traces(content: Mapping[str, Any], index: int, after: int, arguments: dict[str, Any]) -> Found:
    for block in pages.blocks(range(after + 1, content["last"] + 1)):
        of_trace: dict[int, list[RunSpec]] = {}
        for project, trace in trace_groups.pairs_among(block, content["filter"]):
            of_trace.setdefault(trace, []).append(RunSpec(project=project, trace=trace, **arguments))
        for trace, specs in of_trace.items():
            yield (index, trace), specs
        yield (index, block[-1]), []


def _of_failed(batch: int, index: int, after: int, arguments: dict[str, Any]) -> Found:
    found = batches.find(batch)
    if found is None or found.state == batches.DELETING:
        raise UnavailableError(f"Batch {batch} was deleted before its FAILED runs were found.")
    for id, spec in failed_runs.repeated(found, after, arguments):
        yield (index, id), [spec]


_KINDS: dict[str, Callable[[Any, int, int, dict[str, Any]], Found]] = {
    "pairs": _of_pairs,
    "projects": _of_projects,
    "traces": _of_traces,
    "failed_of_batch": _of_failed,
}


def _from(items: list[Any], index: int) -> Iterator[tuple[int, Any]]:
    return enumerate(items[index:], index)


def _existing(candidates: Iterator[tuple[Place, tuple[int, int]]], arguments: dict[str, Any]) -> Found:
    """The runs of those pairs of project and trace that both exist."""
    for block in pages.blocks(candidates):
        known_projects = projects.get_many(project for _, (project, _) in block)
        known_traces = traces.get_many(trace for _, (_, trace) in block)
        for place, (project, trace) in block:
            exist = project in known_projects and trace in known_traces
            yield place, [RunSpec(project=project, trace=trace, **arguments)] if exist else []
