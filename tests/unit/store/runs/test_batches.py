from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.runs import batches
from chalicelib.store.runs.batches import MAX_SHARDS, shard_of
from chalicelib.store.tables.runs import BatchShard


@given(st.integers(1, 10_000), st.integers(1, 10**9))
def test_every_batch_has_shard_0_and_at_most_the_maximum_number_of_shards(size: int, first: int) -> None:
    shards = {shard_of(run, size) for run in range(first, first + min(size, 3 * MAX_SHARDS))}
    assert 0 in shards
    assert len(shards) <= MAX_SHARDS


def shard(**counts: int) -> Any:
    """A shard with these counts, as DynamoDB returns it."""
    item: dict[str, Any] = {name: {"N": str(count)} for name, count in counts.items()}
    moment = {"S": "2016-09-29T00:01:43.152522+0000"}
    return BatchShard.from_raw_data(item | {"added": moment, "updated": moment})


def test_failures_are_summed_over_shards_and_older_ones_have_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    shards = [
        shard(id=3, shard=0, size=7, pending=0, failed=3, failed_data=2, failed_machine=1),
        shard(id=3, shard=1, size=7, pending=1, failed=2, failed_data=1),  # one failed before reasons were stored
        shard(id=3, shard=2, size=7, pending=0, failed=1),
    ]
    monkeypatch.setattr(BatchShard, "query", lambda batch, consistent_read: shards)
    count = batches.get(3)
    assert count is not None
    assert count.failed == 6
    assert count.failed_by_reason == {"data": 3, "sufficiency": 0, "weather": 0, "model": 0, "machine": 1}
