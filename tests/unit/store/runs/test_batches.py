from hypothesis import given
from hypothesis import strategies as st

from chalicelib.store.runs.batches import MAX_SHARDS, shard_of


@given(st.integers(1, 10_000), st.integers(1, 10**9))
def test_every_batch_has_shard_0_and_at_most_the_maximum_number_of_shards(size: int, first: int) -> None:
    shards = {shard_of(run, size) for run in range(first, first + min(size, 3 * MAX_SHARDS))}
    assert 0 in shards
    assert len(shards) <= MAX_SHARDS
