"""The sums of the chunks of aggregation runs: documents in S3, which expire."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from chalicelib.store.shared import documents
from chalicelib.store.tables.runs import AggregationRun

FOLDER = "aggregation_partials"
READERS = 4


def put(run: AggregationRun, number: int, partial: dict[str, Any]) -> None:
    """Store the sum of a chunk."""
    documents.put(_key(run, number), partial)


def of(run: AggregationRun, chunks: int) -> Iterator[dict[str, Any]]:
    """The sums of a run's chunks, in order. Few of them are in memory at a time."""
    numbers = iter(range(chunks))
    with ThreadPoolExecutor(READERS) as pool:
        while ahead := list(islice(numbers, READERS)):
            yield from pool.map(lambda number: documents.get(_key(run, number)), ahead)


def _key(run: AggregationRun, number: int) -> str:
    return f"{FOLDER}/{run.document}/{number}.json"
