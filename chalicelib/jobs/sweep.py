"""The schedule's Lambda: queue again what a request or a worker that died left behind."""

from aws_lambda_powertools import Logger

from chalicelib.store import outbox, runs

logger = Logger()


def handle() -> None:
    """One sweep over unfinished requests and overdue runs; what keeps the one from it does not keep the other."""
    try:
        never_queued = outbox.sweep()
    finally:
        overdue = runs.requeue_overdue()
    logger.info("swept", never_queued=never_queued, overdue=overdue)
