"""What an export goes through: the ids of all that may match its filters, ascending, which are chosen at its start.

So it does not depend on what is added while it is written. Runs are chosen by id, traces and aggregation results too.
"""

import heapq
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate, chain, groupby, islice, pairwise
from typing import Any, TypeAlias

from chalicelib.store.collections import links
from chalicelib.store.results import newest, selecting
from chalicelib.store.results.selecting import Filters
from chalicelib.store.runs import statuses
from chalicelib.store.runs.meter_runs import ranges_of
from chalicelib.store.shared import documents, ids, ordered, pages, run_ids
from chalicelib.store.tables.results import MeterResult

MAX = 20_000_000  # 160 MB of memory; choosing the newest of so many takes five minutes

Ids: TypeAlias = "array[int]"


class TooManyError(Exception):
    """There are more candidates than an export may have."""


def choose(kind: str, filters: Mapping[str, Any]) -> Ids:
    """The ids of the candidates of an export: of runs, or of traces for trace_records.

    Raises TooManyError and DeadlineExceededError.
    """
    if kind == "trace_records":
        found: Iterator[int] = iter(_traces(filters))
    elif kind == "aggregation_results":
        found = iter(sorted(set(filters.get("aggregation_run", ()))) or ids.allocated("aggregation_runs"))
    else:
        found = _runs(kind, filters)
    chosen = array("q", islice(found, MAX + 1))
    if len(chosen) > MAX:
        raise TooManyError(f"The export would go through more than {MAX:,} items. Narrow its filters.")
    return chosen


def is_newest_only(kind: str, filters: Mapping[str, Any]) -> bool:
    """Whether an export has only the newest runs of each trace and project, as that of savings has by default."""
    default = kind == "savings" and not filters.get("batch")
    return bool(filters.get("newest", default))


def store(key: str, chosen: Ids) -> None:
    """Store the candidates, as differences, which compress to a byte each or less."""
    differences = array("q", (after - before for before, after in pairwise(chain((0,), chosen))))
    documents.put_bytes(key, zlib.compress(differences.tobytes(), 1), "application/octet-stream")


@lru_cache(maxsize=1)
def load(key: str) -> Ids:
    """The stored candidates; a process remembers those of the last export."""
    differences = array("q")
    differences.frombytes(zlib.decompress(documents.get_bytes(key)))
    return array("q", accumulate(differences))


def has(chosen: Ids, id: int) -> bool:
    """Whether an id is among the candidates."""
    place = bisect_left(chosen, id)
    return place < len(chosen) and chosen[place] == id


def _traces(filters: Mapping[str, Any]) -> Iterable[int]:
    wanted, projects = set(filters.get("trace", ())), set(filters.get("project", ()))
    if not projects:
        return sorted(wanted) or ids.allocated("traces")
    linked = {trace for traces in links.traces_of_each(projects).values() for trace in traces}
    return sorted(linked & wanted if wanted else linked)


def _runs(kind: str, filters: Mapping[str, Any]) -> Iterator[int]:
    asked: Filters = {"newest": is_newest_only(kind, filters)}
    if filters.get("batch"):
        asked["within"] = ranges_of(filters["batch"])
    if results := {*filters.get("meter_run", ()), *filters.get("meter_result", ())}:
        found = (result for _, result in sorted(pages.get_many(MeterResult, results).items()))
        return (one.id for one in selecting.matching(found, **asked))
    listed = None
    if asked["newest"]:
        listed = _newest_or_failed if kind == "savings" else _newest
    project, trace = filters.get("project", ()), filters.get("trace", ())
    return run_ids.candidates(0, project=project, trace=trace, within=asked.get("within"), listed=listed)


def _newest(first: int, last: int) -> Iterator[int]:
    return newest.ids(first, last, ordered.LONG_PAGE)


def _newest_or_failed(first: int, last: int) -> Iterator[int]:
    failed = statuses.ids("FAILED", first, last, page=ordered.LONG_PAGE)
    return (id for id, _ in groupby(heapq.merge(_newest(first, last), failed)))
