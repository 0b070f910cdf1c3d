"""The heartbeat of a worker: while it holds a run, a thread renews the run's lease."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from aws_lambda_powertools import Logger

from chalicelib.store.runs import claims
from chalicelib.store.tables.runs import MeterRun

logger = Logger(child=True)

INTERVAL = 12  # seconds between two renewals; if three in a row fail or come late, the lease still holds


@contextmanager
def of(run: MeterRun) -> Iterator[None]:
    """Renew the lease of a claimed run inside the block. The run must end, be forwarded or be released after it.

    The thread has ended when the block is left: Lambda freezes the process between invocations.
    """
    stop = Event()
    thread = Thread(target=_renew_until, args=(stop, run.id, run.claim), name=f"heartbeat-{run.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _renew_until(stop: Event, id: int, claim: str) -> None:
    """Renew the lease until told to stop or the claim is lost; the worker's next writes are then refused."""
    while not stop.wait(INTERVAL):
        try:
            if not claims.renew(id, claim):
                logger.info("the lease was not renewed: another worker has claimed the run", meter_run=id)
                return
        except Exception:
            logger.exception("the lease could not be renewed; the next heartbeat tries again", meter_run=id)
