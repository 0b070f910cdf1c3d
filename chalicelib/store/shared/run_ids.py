"""The ids of the meter runs that a list goes through."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain

from chalicelib.store.shared import ids, pages
from chalicelib.store.shared.narrowing import Read, narrowed
from chalicelib.store.tables.runs import MeterRun

GAP = 20_000  # ids between two ranges that are read with them, rather than with a query of their own


def candidates(
    after: int,
    *,
    project: Collection[int] = (),
    trace: Collection[int] = (),
    within: Sequence[range] | None = None,
    listed: Read | None = None,
) -> Iterator[int]:
    """The ids above `after` of the runs that may match the filters, ascending: all that do, and some that do not.

    project, trace: ids; empty: any. within: ascending ranges of run ids. listed: another index that has the runs.
    """
    allocated = [ids.allocated("meter_runs")] if within is None else within
    parts = [part for part in (range(max(part.start, after + 1), part.stop) for part in allocated) if part]
    read = _indexed(project, trace, listed)
    if read is None:
        return chain.from_iterable(parts)
    return _inside(parts, chain.from_iterable(read(first, last) for first, last in _spans(parts)))


def _indexed(project: Collection[int], trace: Collection[int], listed: Read | None) -> Read | None:
    if trace:
        owned = partial(pages.indexed, MeterRun.trace_index, trace)
    elif project:
        owned = partial(pages.indexed, MeterRun.project_index, project)
    else:
        return listed
    return owned if listed is None else partial(narrowed, owned, listed)


def _spans(parts: Iterable[range]) -> list[tuple[int, int]]:
    """The first and last ids of ranges, of which those that are close are one."""
    spans: list[tuple[int, int]] = []
    for part in parts:
        if spans and part.start - spans[-1][1] <= GAP:
            spans[-1] = (spans[-1][0], part.stop - 1)
        else:
            spans.append((part.start, part.stop - 1))
    return spans


def _inside(parts: Sequence[range], found: Iterable[int]) -> Iterator[int]:
    """Those ids that are in one of the ascending ranges; none is below the first."""
    starts = [part.start for part in parts]
    return (id for id in found if id in parts[bisect_right(starts, id) - 1])
