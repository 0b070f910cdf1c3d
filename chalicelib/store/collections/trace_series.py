"""The series of traces. A trace names the chunks of its series, so that reading it needs no S3 list request.

A writer puts a chunk, then names it in the trace. If it cannot be named, because the other names are not known or too
many, the names are removed; the next reader lists the chunks. Each of these updates increments `Trace.changes`, and a
reader records what it has listed, or merged, only if nothing has changed since it read the trace.

A chunk of a request that died before it named it was not acknowledged. It may appear when the chunks are listed again.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from pynamodb.expressions.condition import size

from chalicelib import deadline
from chalicelib.store.series import chunks, series
from chalicelib.store.series.chunks import GoneError
from chalicelib.store.series.series import Column
from chalicelib.store.shared import ids, pages
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.collections import Trace

MAX_NAMES = 50  # with names of 34 bytes, an item of a trace stays below 3 KB
ATTEMPTS = 5


def append_many(columns: Mapping[int, Column]) -> set[int]:
    """Add records to traces, which replace existing records of the same instants.

    Returns the ids of the traces that do not exist any more; the reconciler deletes their records. Raises
    DeadlineExceededError; some records may have been written by then.
    """

    def append_in_time(trace: int, column: Column) -> bool:
        deadline.check()
        prefix = series.trace_prefix(trace)
        return _add_name(trace, series.append(prefix, column).removeprefix(prefix))

    with ThreadPoolExecutor(chunks.THREADS) as pool:
        named = pool.map(append_in_time, columns.keys(), columns.values())
        return {trace for trace, exists in zip(columns, named, strict=True) if not exists}


def read(trace: Trace, start: int | None = None, end: int | None = None, *, read_only: bool = False) -> Column:
    """The records with start <= instant < end (microseconds since 1970 UTC), sorted, one per instant.

    trace: as it was just read. If it does not exist any more, there may be no records. read_only: do not record which
    chunks there are, and do not merge them if there are many. Raises DeadlineExceededError.
    """
    prefix = series.trace_prefix(trace.id)
    known = names(trace)
    for _ in range(ATTEMPTS):
        keys = chunks.keys(prefix) if known is None else [prefix + name for name in known]
        try:
            everything = series.records(keys)
        except GoneError:  # merged, or deleted, since the trace was read
            found = pages.get(Trace, trace.id)
            if found is None:
                return Column()
            known = None if found.changes == trace.changes else names(found)
            trace = found
            continue
        if not read_only:
            _tidy(trace, prefix, keys, listed=known is None)
        return everything.between(start, end)
    raise RuntimeError(f"the chunks of {prefix} were compacted concurrently in all {ATTEMPTS} attempts")


def forget_names() -> None:
    """Have the chunks of all traces listed by their next readers: they may not all be named. Safe to repeat."""
    for trace in pages.stream(Trace, ids.allocated("traces")):
        if names(trace) is not None:
            _remove_names(trace.id)


def names(trace: Trace) -> list[str] | None:
    """The names of a trace's chunks, without their prefix, sorted by age; None if they are not known."""
    if trace.chunks:
        return sorted(trace.chunks)
    return [] if trace.changes == 0 else None


def _add_name(trace: int, name: str) -> bool:
    """Name a chunk that was just written, or remove the names; False if there is no such trace."""
    known = (Trace.changes == 0) | (Trace.chunks.exists() & (size(Trace.chunks) < MAX_NAMES))
    in_time = Trace.compacted.does_not_exist() | (Trace.compacted < name)  # otherwise it may have been merged already
    return conditional_write(
        lambda: Trace(trace).update(actions=[Trace.chunks.add({name}), Trace.changes.add(1)], condition=known & in_time)
    ) or _remove_names(trace)


def _remove_names(trace: int) -> bool:
    """Have the chunks of a trace listed by its next reader; False if there is no such trace."""
    return conditional_write(
        lambda: Trace(trace).update(actions=[Trace.chunks.remove(), Trace.changes.add(1)], condition=Trace.id.exists())
    )


def _tidy(trace: Trace, prefix: str, keys: list[str], *, listed: bool) -> None:
    """Merge the chunks if there are many, and record their names if they were listed."""
    merging = series.to_merge(keys)
    merged = series.merge(prefix, merging, unique=True) if merging else None
    if merged:
        kept = [key for key in keys if key not in set(merging)]
        if _set_names(trace, [key.removeprefix(prefix) for key in (merged, *kept)], merged.removeprefix(prefix)):
            chunks.remove(merging)
    elif listed and 0 < len(keys) <= MAX_NAMES:
        _set_names(trace, [key.removeprefix(prefix) for key in keys])


def _set_names(trace: Trace, chosen: list[str], compacted: str | None = None) -> bool:
    """Record the names of the chunks, unless they have changed since the trace was read; returns whether it did.

    compacted: the chunk that others were merged into just now. If the names do not fit, they remain unknown.
    """
    unchanged = Trace.changes.does_not_exist() if trace.changes is None else Trace.changes == trace.changes
    return conditional_write(
        lambda: Trace(trace.id).update(
            actions=[
                Trace.changes.add(1),
                Trace.chunks.set(set(chosen)) if len(chosen) <= MAX_NAMES else Trace.chunks.remove(),
                *([Trace.compacted.set(compacted)] if compacted else []),
            ],
            condition=Trace.id.exists() & unchanged,
        )
    )
