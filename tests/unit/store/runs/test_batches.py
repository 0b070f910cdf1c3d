from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.runs import batches, statuses
from chalicelib.store.runs.batches import MAX_SHARDS, shard_of, shards_of
from chalicelib.store.tables.runs import BatchShard, MeterRun


@given(st.integers(1, 10_000), st.integers(1, 10**9))
def test_every_batch_has_shard_0_and_at_most_the_maximum_number_of_shards(size: int, first: int) -> None:
    shards = {shard_of(run, size) for run in range(first, first + min(size, 3 * MAX_SHARDS))}
    assert 0 in shards
    assert len(shards) <= MAX_SHARDS


@pytest.mark.parametrize(("size", "shards"), [(0, 1), (25, 1), (1_600, 64), (64_000, 64), (1_000_000, 1_000)])
def test_a_larger_batch_has_more_shards(size: int, shards: int) -> None:
    assert shards_of(size) == shards


@given(st.integers(1, 300), st.integers(1, 1_000), st.data())
def test_the_last_run_of_a_batch_completes_it(size: int, first: int, data: st.DataObject) -> None:
    runs = range(first, first + size)
    last = data.draw(st.sampled_from(runs))
    shards: dict[int, BatchShard] = {0: BatchShard(3, 0, first_run=first, size=size)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BatchShard, "get", lambda batch, number, consistent_read: shards[number])
        patch.setattr(BatchShard, "query", lambda batch, consistent_read: [shards[one] for one in sorted(shards)])
        batches._known_runs.cache_clear()
        for id in [*(run for run in runs if run != last), last]:
            number = shard_of(id, size)
            counted = shards.setdefault(number, BatchShard(3, number))
            counted.success += 1
            assert batches.completed_batch(MeterRun(id, batch=3, batch_shard=number)) is (id == last)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40)), max_size=5), st.integers(1, 7))
def test_blocks_are_merged_and_each_shard_gets_its_number_of_runs(blocks: list[tuple[int, int]], shards: int) -> None:
    first, stop, runs = BatchShard(3, 0, shards=shards, chunk=0, size=0, bounds=[]), 1, list[int]()
    for gap, length in blocks:
        block = range(stop + gap, stop + gap + length)
        first.bounds, stop = batches._with_block(first.bounds, block), block.stop
        runs += block
    parts = batches.ranges_in(first)
    assert [run for part in parts for run in part] == runs
    assert all(one.stop < other.start for one, other in pairwise(parts))
    sizes: dict[int, int] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "_set_size", lambda batch, shard, size: sizes.update({shard: size}))
        patch.setattr(batches, "conditional_write", lambda write: True)
        assert batches.end_expansion(first, None)
    assert sizes == Counter(batches.expanding_shard_of(run, shards) for run in runs)
    assert 0 not in sizes


@given(st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)))
def test_running_runs_are_counted_within_the_blocks(running: set[int], batch: set[int]) -> None:
    bounds: list[int] = []
    for run in sorted(batch):
        bounds = batches._with_block(bounds, range(run, run + 1))
    within = batches.ranges_in(BatchShard(3, 0, bounds=bounds))

    def found(partition: str, between: Any) -> list[MeterRun]:
        low, high = (int(value.value["N"]) for value in between.values[1:])
        return [MeterRun(id) for id in running if statuses.partition("RUNNING", id) == partition and low <= id <= high]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MeterRun.status_index, "query", found)
        patch.setattr(MeterRun.status_index, "count", lambda *given: len(found(*given)))
        assert statuses.count_running(within) == len(running & batch)


@pytest.mark.parametrize("state", ["EXPANDING", "ACTIVE"])
def test_a_batch_has_not_ended_while_it_expands(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    shards = [BatchShard(3, 0, size=2, state=state), BatchShard(3, 1, size=2, success=1, failed=1)]
    monkeypatch.setattr(BatchShard, "query", lambda batch, consistent_read: shards)
    assert batches.has_ended(3) is (state == "ACTIVE")


def shard(**counts: int) -> Any:
    """A shard with these counts, as DynamoDB returns it."""
    item: dict[str, Any] = {name: {"N": str(count)} for name, count in counts.items()}
    moment = {"S": "2016-09-29T00:01:43.152522+0000"}
    return BatchShard.from_raw_data(item | {"added": moment, "updated": moment})


def test_failures_are_summed_over_shards_and_older_ones_have_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    shards = [
        shard(id=3, shard=0, first_run=1, size=7, failed=3, failed_data=2, failed_machine=1),
        shard(id=3, shard=1, failed=2, failed_data=1),  # one failed before reasons were stored
        shard(id=3, shard=2, failed=1),
    ]
    monkeypatch.setattr(statuses, "count_running", lambda within: 0)
    monkeypatch.setattr(BatchShard, "query", lambda batch, consistent_read: shards)
    count = batches.get(3)
    assert count is not None
    assert count.failed == 6
    assert (count.total, count.pending, count.running) == (7, 1, 0)
    assert count.failed_by_reason == {"data": 3, "sufficiency": 0, "weather": 0, "model": 0, "machine": 1}
