"""The schedule's Lambda: mend what a request, a worker or an execution that died left behind."""

from aws_lambda_powertools import Logger

from chalicelib import telemetry
from chalicelib.store.runs import aggregation_runs, outbox, waiters
from chalicelib.store.runs import meter_runs as runs

logger = Logger()

SWEEPS = {
    "never_queued": outbox.sweep,
    "overdue": runs.requeue_overdue,
    "never_woken": waiters.sweep,
    "aggregations": aggregation_runs.sweep,
}


def handle() -> None:
    """One sweep over all that may be left behind. Raises when a part of it failed, after the others were done."""
    failed, swept = [], 0
    for name, sweep in SWEEPS.items():
        try:
            count = sweep()
            logger.info("swept", extra={name: count})
            swept += count
        except Exception:
            logger.exception("could not be swept", part=name)
            failed.append(name)
    telemetry.emit({"SweptRuns": swept})
    if failed:
        raise RuntimeError(f"could not be swept: {', '.join(failed)}")
