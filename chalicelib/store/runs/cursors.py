"""The cursor of an asynchronous batch: how far its request has been expanded.

It moves on the condition that nobody else has moved it, together with what it has passed.
"""

from collections.abc import Sequence
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.store.runs import batch_shards
from chalicelib.store.runs.batches import ACTIVE, EXPANDING, ranges_in
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.base import now
from chalicelib.store.tables.runs import Batch

Cursor = list[int]  # a place in the targets


def new(batch: int, request: str, cursor: Cursor) -> Batch:
    """The item of a new batch that expands; its targets and arguments are stored under the key `request`."""
    moment = now()
    progress: dict[str, Any] = {"cursor": cursor, "version": 0, "bounds": [], "shards": batch_shards.MAX_SHARDS}
    return Batch(batch, 0, state=EXPANDING, request=request, size=0, added=moment, updated=moment, **progress)


def extend(transaction: TransactWrite, batch: Batch, block: range, cursor: Cursor) -> None:
    """Add a block of runs to a batch that expands, in the transaction that accepts them."""
    transaction.update(Batch(batch.id, 0), actions=_extended(batch, block, cursor), condition=_unmoved(batch))


def move(batch: Batch, cursor: Cursor) -> bool:
    """Move the cursor over a part of the targets that has no runs; False if somebody else has moved it."""
    return _update(batch, _extended(batch, range(0), cursor))


def end(batch: Batch, failure_message: str | None) -> bool:
    """Record that all runs of a batch have been made, or why no more are; False if somebody else has moved its cursor.

    Each shard gets its number of runs, by which the worker that ends its last run sees that it is complete.
    """
    batch_shards.set_sizes(batch.id, ranges_in(batch), batch.shards)
    actions: list[Action] = [Batch.state.set(ACTIVE), Batch.updated.set(now())]
    if failure_message is not None:
        actions.append(Batch.failure_message.set(failure_message))
    return _update(batch, actions)


def _update(batch: Batch, actions: list[Action]) -> bool:
    return conditional_write(lambda: Batch(batch.id, 0).update(actions=actions, condition=_unmoved(batch)))


def _extended(batch: Batch, block: range, cursor: Cursor) -> list[Action]:
    return [
        Batch.cursor.set(cursor),
        Batch.version.set(batch.version + 1),
        Batch.size.set(batch.size + len(block)),
        Batch.bounds.set(with_block(batch.bounds, block)),
        Batch.updated.set(now()),
    ]


def _unmoved(batch: Batch) -> Condition:
    unmoved: Condition = (Batch.version == batch.version) & (Batch.state == EXPANDING)
    return unmoved


def with_block(bounds: Sequence[int], block: range) -> list[int]:
    """The bounds with those of a block that starts after them."""
    if not block:
        return list(bounds)
    if bounds and bounds[-1] == block.start:
        return [*bounds[:-1], block.stop]
    return [*bounds, block.start, block.stop]
