"""The reconciler, which runs on a schedule: finish what an interrupted request, worker or execution left behind."""

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
    """Reconcile everything once. If a part fails, the others still run, and RuntimeError is raised at the end."""
    failed, swept = [], 0
    for name, sweep in SWEEPS.items():
        try:
            count = sweep()
            logger.info("reconciled", extra={name: count})
            swept += count
        except Exception:
            logger.exception("could not be reconciled", part=name)
            failed.append(name)
    telemetry.emit({"SweptRuns": swept})
    if failed:
        raise RuntimeError(f"could not be reconciled: {', '.join(failed)}")
