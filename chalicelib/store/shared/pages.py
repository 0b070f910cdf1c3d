"""Pages of items, ordered by id."""

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from pynamodb.indexes import GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib import deadline

M = TypeVar("M", bound=Model)
K = TypeVar("K")
R = TypeVar("R")

BLOCK = 100  # the limit of BatchGetItem
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
    for block in _blocks(keys):
        deadline.check()
        yield from model.batch_get(block, consistent_read=True)


def get_many(model: type[M], ids: Iterable[int]) -> dict[int, M]:
    """The items that exist among these ids, by id. Raises DeadlineExceededError."""
    return {item.id: item for item in batch_get(model, sorted(set(ids)))}  # type: ignore[attr-defined]


def in_blocks(read: Callable[[list[K]], R], keys: Iterable[K]) -> Iterator[R]:
    """Apply `read` to blocks of keys, a few blocks concurrently, and yield the results in order."""
    blocks = _blocks(keys)
    with ThreadPoolExecutor(THREADS) as pool:
        while ahead := list(islice(blocks, THREADS)):
            yield from pool.map(read, ahead)


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
    return walk_blocks(model, candidates, after, limit, lambda block: list(filter(keep, block)))


def walk_blocks(
    model: type[M], candidates: Sequence[int], after: int, limit: int, select: Callable[[list[M]], list[M]]
) -> Page[M]:
    """The same for a `select` that judges many items at once, and returns those that it accepts in their order."""
    items: list[M] = []
    position, end = bisect_right(candidates, after), _page_end()
    while position < len(candidates) and len(items) < limit and time.monotonic() < end:
        block = candidates[position : position + BLOCK]
        found = get_many(model, block)
        items += select([found[id] for id in block if id in found])
        position += len(block)
        after = block[-1]
    if len(items) > limit:
        return Page(items[:limit], items[limit - 1].id)  # type: ignore[attr-defined]
    return Page(items, after if position < len(candidates) else None)


def query(
    index: GlobalSecondaryIndex[Any], key: int | str, after: int, limit: int, keep: Callable[[Any], bool]
) -> Page[Any]:
    """A page of the items that `keep` accepts, among those under an index key with an id above `after`."""
    id_attribute = index.Meta.attributes["id"]
    found: Iterator[Any] = index.query(key, range_key_condition=id_attribute > after)
    items: list[Any] = []
    end = _page_end()
    for item in found:
        if len(items) == limit or time.monotonic() > end:
            return Page(items, item.id - 1)
        if keep(item):
            items.append(item)
    return Page(items, None)


def matches(**wanted: Any) -> Callable[[Any], bool]:
    """A predicate that accepts items with these attribute values; None matches any value."""
    asked = {name: value for name, value in wanted.items() if value is not None}
    return lambda item: all(getattr(item, name) == value for name, value in asked.items())


def _page_end() -> float:
    """When a page has to end, full or not, on the clock of time.monotonic(). Raises DeadlineExceededError."""
    deadline.check()
    return time.monotonic() + min(BUDGET, deadline.left())


def _blocks(keys: Iterable[K]) -> Iterator[list[K]]:
    remaining = iter(keys)
    return iter(lambda: list(islice(remaining, BLOCK)), [])
