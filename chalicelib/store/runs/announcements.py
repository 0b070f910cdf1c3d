"""The events of batches: the end of each is announced at least once.

The request that is accepted as a batch also stores that its end has yet to be announced, and whoever ends the batch
announces it. If that fails, the reconciler announces it. A batch that is deleted before that has no event.
"""

import time

from aws_lambda_powertools import Logger
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.store import events
from chalicelib.store.runs import batches
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.base import now
from chalicelib.store.tables.runs import BatchAnnouncement

logger = Logger(child=True)

SOONEST, LATEST = 60, 60 * 60  # seconds between two checks of a batch
SHARE = 8  # between them, at most this part of a batch's age passes: one that is open for days costs few reads


def add(transaction: TransactWrite, batch: int) -> None:
    """Store that the end of a new batch has yet to be announced, in the transaction that accepts it."""
    transaction.save(BatchAnnouncement(batch, due=int(time.time()) + SOONEST))


def announce(batch: int) -> bool:
    """Send the event of a batch that has ended, unless that was done; returns whether it was sent.

    Raises RuntimeError if EventBridge does not accept it.
    """
    try:
        left = BatchAnnouncement.get(batch, consistent_read=True)
    except BatchAnnouncement.DoesNotExist:
        return False
    count = batches.get(batch)
    if exists := count is not None and count.state != batches.DELETING:
        events.put(
            "Batch ended",
            {
                "batch": count.id,
                "total": count.total,
                "success": count.success,
                "failed": count.failed,
                "failed_by_reason": count.failed_by_reason,
            },
        )
    left.delete()
    return exists


def reconcile() -> int:
    """Announce the ends that nobody has announced; returns their number. The next pass retries whatever fails."""
    announced = 0
    for left in BatchAnnouncement.scan(BatchAnnouncement.due < int(time.time()), consistent_read=True):
        try:
            if batches.has_ended(left.batch):
                announced += announce(left.batch)
            else:
                _postpone(left)
        except Exception:
            logger.exception("the end of a batch could not be announced", batch=left.batch)
    return announced


def _postpone(left: BatchAnnouncement) -> None:
    age = (now() - left.added).total_seconds()
    wait = min(max(SOONEST, int(age / SHARE)), LATEST)
    actions: list[Action] = [BatchAnnouncement.due.set(int(time.time()) + wait)]
    conditional_write(lambda: left.update(actions=actions, condition=BatchAnnouncement.batch.exists()))
