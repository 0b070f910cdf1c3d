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


def get_many(model: type[M], ids: Iterable[int]) -> dict[int, M]:
    """The items that exist among these ids, by id."""
    found = model.batch_get(sorted(set(ids)), consistent_read=True)
    return {item.id: item for item in found}  # type: ignore[attr-defined]


def in_blocks(read: Callable[[list[K]], R], keys: Iterable[K]) -> Iterator[R]:
    """Apply `read` to blocks of keys, a few blocks concurrently, and yield the results in order."""
    remaining = iter(keys)
    blocks = iter(lambda: list(islice(remaining, BLOCK)), [])
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
    items: list[M] = []
    position, deadline = bisect_right(candidates, after), time.monotonic() + BUDGET
    while position < len(candidates) and len(items) < limit and time.monotonic() < deadline:
        block = candidates[position : position + BLOCK]
        found = get_many(model, block)
        for id in block:
            position += 1
            if id in found and keep(found[id]):
                items.append(found[id])
                if len(items) == limit:
                    break
    return Page(items, candidates[position - 1] if position < len(candidates) else None)


def query(
    index: GlobalSecondaryIndex[Any], key: int | str, after: int, limit: int, keep: Callable[[Any], bool]
) -> Page[Any]:
    """A page of the items that `keep` accepts, among those under an index key with an id above `after`."""
    id_attribute = index.Meta.attributes["id"]
    found: Iterator[Any] = index.query(key, range_key_condition=id_attribute > after)
    items: list[Any] = []
    deadline = time.monotonic() + BUDGET
    for item in found:
        if len(items) == limit or time.monotonic() > deadline:
            return Page(items, item.id - 1)
        if keep(item):
            items.append(item)
    return Page(items, None)


def matches(**wanted: Any) -> Callable[[Any], bool]:
    """A predicate that accepts items with these attribute values; None matches any value."""
    asked = {name: value for name, value in wanted.items() if value is not None}
    return lambda item: all(getattr(item, name) == value for name, value in asked.items())
