"""Pages of items, ordered by id."""

import heapq
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any, Generic, TypeVar

from pynamodb.indexes import GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib import deadline

M = TypeVar("M", bound=Model)
K = TypeVar("K")
R = TypeVar("R")

BLOCK = 100  # the limit of BatchGetItem
INDEX_PAGE = 2_000  # entries of an index per query: a megabyte has 15,000, which take 0.2 s of CPU time
THREADS = 4
BUDGET = 8.0  # seconds after which a page ends early; API Gateway's limit is 29


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some items, and the id after which the next page starts (None: this is the last page)."""

    items: list[M]
    next: int | None


def get(model: type[M], id: int) -> M | None:
    """The item with this id (strongly consistent), or None."""
    try:
        return model.get(id, consistent_read=True)
    except model.DoesNotExist:
        return None


def batch_get(model: type[M], keys: Iterable[Any]) -> Iterator[M]:
    """The items that exist among these keys (strongly consistent), in any order. Raises DeadlineExceededError."""
    for block in blocks(keys):
        deadline.check()
        yield from model.batch_get(block, consistent_read=True)


def get_many(model: type[M], ids: Iterable[int]) -> dict[int, M]:
    """The items that exist among these ids, by id. Raises DeadlineExceededError."""
    return {item.id: item for item in batch_get(model, sorted(set(ids)))}  # type: ignore[attr-defined]


def in_blocks(read: Callable[[list[K]], R], keys: Iterable[K], size: int = BLOCK) -> Iterator[R]:
    """Apply `read` to blocks of keys, a few blocks concurrently, and yield the results in order."""
    remaining = blocks(keys, size)
    with ThreadPoolExecutor(THREADS) as pool:
        ahead = deque(pool.submit(read, block) for block in islice(remaining, THREADS))
        while ahead:
            result = ahead.popleft().result()
            ahead.extend(pool.submit(read, block) for block in islice(remaining, 1))
            yield result


def stream(model: type[M], ids: Iterable[int]) -> Iterator[M]:
    """The items that exist among ascending ids, in order, with only a few in memory at a time."""
    for found in in_blocks(lambda block: get_many(model, block), ids):
        yield from (found[id] for id in sorted(found))


def walk(
    model: type[M], candidates: Sequence[int], after: int, limit: int, keep: Callable[[M], bool] = lambda item: True
) -> Page[M]:
    """A page of the items that `keep` accepts, among ascending candidate ids above `after`.

    Since ids are consecutive, `range(1, last + 1)` lists a whole table without a scan.
    """
    return of_ids(model, iter(above(candidates, after)), limit, lambda block: list(filter(keep, block)))


def of_ids(
    model: type[M], candidates: Iterator[int], limit: int, select: Callable[[list[M]], list[M]] = lambda block: block
) -> Page[M]:
    """A page of the items that `select` accepts, among ascending candidate ids, which are read as far as necessary.

    select: judges many items at once, and returns those that it accepts in their order.
    """

    def read(block: list[int]) -> list[M]:
        found = get_many(model, block)
        return select([found[id] for id in block if id in found])

    return of_blocks(read, candidates, limit)


def of_blocks(
    read: Callable[[list[int]], list[Any]],
    candidates: Iterator[int],
    limit: int,
    last_id: Callable[[int], int] = lambda candidate: candidate,
) -> Page[Any]:
    """A page of the items that `read` returns for blocks of ascending candidates.

    last_id: the highest id of an item that `read` may return for a candidate.
    """
    items: list[Any] = []
    end, remaining = _page_end(), blocks(candidates)
    block = next(remaining, [])
    after = None
    while block:
        items += read(block)
        last, block = block[-1], next(remaining, [])
        after = last_id(last) if block else None
        if len(items) >= limit or time.monotonic() > end:
            break
    if len(items) > limit:
        return Page(items[:limit], items[limit - 1].id)
    return Page(items, after)


def above(candidates: Sequence[int], after: int) -> Sequence[int]:
    """Those of ascending ids that are above `after`."""
    return candidates[bisect_right(candidates, after) :]


def indexed(index: GlobalSecondaryIndex[Any], keys: Iterable[int], first: int, last: int) -> Iterator[int]:
    """The ids of the items with one of these index keys and first <= id <= last, ascending and each once."""
    between = index.Meta.attributes["id"].between(first, last)
    found = (index.query(key, between, page_size=INDEX_PAGE) for key in sorted(set(keys)))
    return (id for id, _ in groupby(heapq.merge(*((item.id for item in one) for one in found))))


def query(index: GlobalSecondaryIndex[Any], key: int | str, after: int, limit: int) -> Page[Any]:
    """A page of the items under a key of an index with all attributes, with an id above `after`."""
    id_attribute = index.Meta.attributes["id"]
    items = list(index.query(key, range_key_condition=id_attribute > after, limit=limit + 1))
    return Page(items[:limit], items[limit - 1].id if len(items) > limit else None)


def matches(**wanted: Any) -> Callable[[Any], bool]:
    """A predicate that accepts items whose attributes have these values; None, or no values, accepts any.

    A value may be a collection of accepted values.
    """
    asked = {name: value if _is_collection(value) else {value} for name, value in wanted.items() if value is not None}
    sets = {name: frozenset(values) for name, values in asked.items() if values}
    return lambda item: all(getattr(item, name) in values for name, values in sets.items())


def _is_collection(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str)


def _page_end() -> float:
    """When a page has to end, full or not, on the clock of time.monotonic(). Raises DeadlineExceededError."""
    deadline.check()
    return time.monotonic() + min(BUDGET, deadline.left())


def blocks(keys: Iterable[K], size: int = BLOCK) -> Iterator[list[K]]:
    """The keys in lists of this size, by default as long as one BatchGetItem accepts."""
    remaining = iter(keys)
    return iter(lambda: list(islice(remaining, size)), [])
