from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.runs import batch_shards, batches, cursors, statuses
from chalicelib.store.runs.batch_shards import MAX_SHARDS, number_for, shard_of, size_of
from chalicelib.store.shared import pages
from chalicelib.store.tables.runs import Batch, BatchShard, MeterRun


@given(st.integers(0, 2_000_000), st.integers(1, 10**9))
def test_every_run_has_a_shard_from_1_to_the_number_of_shards(size: int, run: int) -> None:
    shards = number_for(size)
    assert 1 <= shard_of(run, shards) <= shards <= MAX_SHARDS


@pytest.mark.parametrize(("size", "shards"), [(0, 1), (25, 1), (1_600, 64), (64_000, 1_000), (1_000_000, 1_000)])
def test_a_larger_batch_has_more_shards(size: int, shards: int) -> None:
    assert number_for(size) == shards


@given(st.integers(1, 300), st.integers(1, 1_000), st.booleans(), st.data())
def test_the_last_run_of_a_batch_completes_it(size: int, first: int, consecutive: bool, data: st.DataObject) -> None:
    runs = range(first, first + size)
    last = data.draw(st.sampled_from(runs))
    batch = batches.new(3, runs)
    stored: dict[str, BatchShard] = {}
    if not consecutive:
        batch.bounds = [runs.start, runs.stop]
        for number in range(1, batch.shards + 1):
            shard = batch_shards.item(3, number)
            stored[shard.key] = shard
            shard.size = batch_shards.size_of(number, [runs], batch.shards)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batch, "get", lambda batch_id, shard, consistent_read: batch)
        patch.setattr(Batch, "query", lambda batch_id, consistent_read: [batch])
        patch.setattr(BatchShard, "get", lambda key, consistent_read: stored[key])
        patch.setattr(pages, "batch_get", lambda model, keys: [stored[key] for key in keys if key in stored])
        batches._known_runs.cache_clear()
        for id in [*(run for run in runs if run != last), last]:
            number = shard_of(id, batch.shards)
            key = batch_shards.item(3, number).key
            stored.setdefault(key, batch_shards.item(3, number)).success += 1
            assert batches.completed_batch(MeterRun(id, batch=3, batch_shard=number)) is (id == last)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40)), max_size=5), st.integers(1, 7))
def test_blocks_are_merged_and_each_shard_gets_its_number_of_runs(blocks: list[tuple[int, int]], shards: int) -> None:
    first, stop, runs = Batch(3, 0, shards=shards, version=0, size=0, bounds=[]), 1, list[int]()
    for gap, length in blocks:
        block = range(stop + gap, stop + gap + length)
        first.bounds, stop = cursors.with_block(first.bounds, block), block.stop
        runs += block
    parts = batches.ranges_in(first)
    assert [run for part in parts for run in part] == runs
    assert all(one.stop < other.start for one, other in pairwise(parts))
    sizes = {shard: size_of(shard, parts, shards) for shard in range(1, shards + 1)}
    assert +Counter(sizes) == Counter(shard_of(run, shards) for run in runs)


@given(st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)))
def test_running_runs_are_counted_within_the_blocks(running: set[int], batch: set[int]) -> None:
    bounds: list[int] = []
    for run in sorted(batch):
        bounds = cursors.with_block(bounds, range(run, run + 1))
    within = batches.ranges_in(Batch(3, 0, bounds=bounds))

    def found(partition: str, between: Any) -> list[MeterRun]:
        low, high = (int(value.value["N"]) for value in between.values[1:])
        return [MeterRun(id) for id in running if statuses.partition("RUNNING", id) == partition and low <= id <= high]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MeterRun.status_index, "query", found)
        patch.setattr(MeterRun.status_index, "count", lambda *given: len(found(*given)))
        assert statuses.count_running(within) == len(running & batch)


@pytest.mark.parametrize("state", ["EXPANDING", "ACTIVE"])
def test_a_batch_has_not_ended_while_it_expands(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    batch, shard = Batch(3, 0, size=2, shards=1, state=state), BatchShard("3#1", size=2, success=1, failed=1)
    monkeypatch.setattr(Batch, "query", lambda batch_id, consistent_read: [batch])
    monkeypatch.setattr(pages, "batch_get", lambda model, keys: [shard])
    assert batches.has_ended(3) is (state == "ACTIVE")


def shard(**counts: int) -> Any:
    """A shard with these counts, as DynamoDB returns it."""
    item: dict[str, Any] = {name: {"N": str(count)} for name, count in counts.items()}
    moment = {"S": "2016-09-29T00:01:43.152522+0000"}
    return Batch.from_raw_data(item | {"added": moment, "updated": moment})


def test_failures_are_summed_over_the_shards_of_an_earlier_version(monkeypatch: pytest.MonkeyPatch) -> None:
    shards = [
        shard(id=3, shard=0, first_run=1, size=7, failed=3, failed_data=2, failed_machine=1),
        shard(id=3, shard=1, failed=2, failed_data=1),  # one failed before reasons were stored
        shard(id=3, shard=2, failed=1),
    ]
    monkeypatch.setattr(statuses, "count_running", lambda within: 0)
    monkeypatch.setattr(pages, "batch_get", lambda model, keys: [])
    monkeypatch.setattr(Batch, "query", lambda batch, consistent_read: shards)
    count = batches.get(3)
    assert count is not None
    assert count.failed == 6
    assert (count.total, count.pending, count.running) == (7, 1, 0)
    assert count.failed_by_reason == {"data": 3, "sufficiency": 0, "weather": 0, "model": 0, "machine": 1}
