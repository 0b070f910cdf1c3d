"""Indexes that list ids in order although their writes are spread.

DynamoDB accepts 1,000 write units per second for one partition key, so the ids of an index are dealt out to SHARDS
partitions; a list queries all of them and merges what they return. Ids that are kept for good are also divided into
blocks, so that no partition grows without limit.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from chalicelib import deadline

SHARDS = 8
BLOCK = 20_000  # ids
PAGE = 250  # ids per query; a page of a list needs at most 125 from each partition if they are evenly filled
LONG_PAGE = BLOCK // SHARDS  # ids per query of who reads them all: a partition of a block has no more

# The ids in a partition with first <= id <= last, ascending, at most as many as the last argument says.
Read = Callable[[str, int, int, int], list[int]]


def partition(name: str, id: int) -> str:
    """The partition of an id among those called `name`."""
    return f"{name}#{id % SHARDS}"


def block_partition(name: str, id: int) -> str:
    """The same for ids that are kept for good."""
    return partition(f"{name}#{id // BLOCK}", id)


def ids(read: Read, name: str, first: int, last: int) -> Iterator[int]:
    """The ids among the partitions called `name` with first <= id <= last, ascending."""
    with ThreadPoolExecutor(SHARDS) as pool:
        yield from _merged(pool, read, [partition(name, shard) for shard in range(SHARDS)], first, last, PAGE)


def block_ids(read: Read, name: str, first: int, last: int, page: int = PAGE) -> Iterator[int]:
    """The same for ids that are kept for good; `page`: how many ids each query reads."""
    with ThreadPoolExecutor(SHARDS) as pool:
        for block in range(first // BLOCK, last // BLOCK + 1):
            start, end = max(first, block * BLOCK), min(last, (block + 1) * BLOCK - 1)
            partitions = [partition(f"{name}#{block}", shard) for shard in range(SHARDS)]
            yield from _merged(pool, read, partitions, start, end, page)


def _merged(
    pool: ThreadPoolExecutor, read: Read, partitions: Sequence[str], first: int, last: int, page: int
) -> Iterator[int]:
    while first <= last:
        deadline.check()
        found = list(pool.map(lambda one: read(one, first, last, page), partitions))  # noqa: B023 (read at once)
        complete = min((ids[-1] for ids in found if len(ids) == page), default=last)
        yield from sorted(id for ids in found for id in ids if id <= complete)
        first = complete + 1
