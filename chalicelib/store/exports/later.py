"""Which candidates are not the newest any more, although each was when it was chosen.

Choosing takes a while, and runs end meanwhile: then both the newest run of a trace and project and the one that was the
newest before it may be candidates. Only the last of them is exported, so that each trace and project is exported once.
A FAILED run is exported if it is the last run of its trace and project that has ended.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from chalicelib import deadline
from chalicelib.store.exports import candidates
from chalicelib.store.exports.candidates import Ids
from chalicelib.store.results import newest
from chalicelib.store.runs.endings import ENDED
from chalicelib.store.shared import lean
from chalicelib.store.tables.indexes import TraceIndex
from chalicelib.store.tables.runs import MeterRun

THREADS = 8
AT_ONCE = 25  # runs of a trace that are read at a time
MARGIN = 5  # seconds by which clocks may differ


def without_outdated(runs: Iterable[Any], chosen: Ids, since: int) -> list[Any]:
    """Those runs that are still to be exported. chosen: the candidates. since: when choosing began, in epoch seconds.

    Each run has the attributes id, trace, project and status, or is the result of a successful one.

    Raises DeadlineExceededError.
    """
    runs = list(runs)
    of_traces = [run for run in runs if run.trace is not None]
    known = newest.runs_of({(run.trace, run.project) for run in of_traces if run.project is not None})
    gone, uncertain = set[int](), []
    for run in of_traces:
        last = known.get((run.trace, run.project), 0)
        if last > run.id and candidates.has(chosen, last):
            gone.add(run.id)
        elif last != run.id:
            uncertain.append(run)
    if uncertain:
        with ThreadPoolExecutor(THREADS) as pool:
            outdated = pool.map(partial(_is_outdated, chosen=chosen, since=since), uncertain)
            gone |= {run.id for run, is_gone in zip(uncertain, outdated, strict=True) if is_gone}
    return [run for run in runs if run.id not in gone]


def _is_outdated(run: Any, chosen: Ids, since: int) -> bool:
    """Whether a later run of the same trace and project is exported instead, or ended before the runs were chosen."""
    deadline.check()
    above = MeterRun.trace_index.query(run.trace, TraceIndex.id > run.id, page_size=AT_ONCE)
    block: list[int] = []
    for later in above:
        block.append(later.id)
        if len(block) == AT_ONCE:
            if _any_replaces(block, run, chosen, since):
                return True
            block = []
    return bool(block) and _any_replaces(block, run, chosen, since)


def _any_replaces(block: Sequence[int], run: Any, chosen: Ids, since: int) -> bool:
    has_failed = getattr(run, "status", None) == "FAILED"
    for later in lean.batch_get(MeterRun, block, ("id", "project", "status", "updated")):
        if later.project != run.project:
            continue
        ended_before = later.updated.timestamp() < since - MARGIN
        if later.status == "SUCCESS" and candidates.has(chosen, later.id):
            return True
        has_ended = has_failed and later.status in ENDED
        if has_ended and (ended_before or candidates.has(chosen, later.id)):
            return True
    return False
