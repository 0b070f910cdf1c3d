"""The reconciler, which runs on a schedule: finish what an interrupted request, worker or execution left behind."""

from aws_lambda_powertools import Logger

from chalicelib import telemetry
from chalicelib.store.collections import projects, traces
from chalicelib.store.exports import exports
from chalicelib.store.runs import (
    aggregation_runs,
    announcements,
    batch_jobs,
    claims,
    deletions,
    meter_runs,
    waiters,
)
from chalicelib.store.uploads import uploads

logger = Logger()

TASKS = {
    "never_queued": meter_runs.reconcile,
    "never_started": aggregation_runs.reconcile_requests,
    "overdue": claims.requeue_overdue,
    "batch_jobs": batch_jobs.reconcile,
    "exports": exports.reconcile,
    "never_woken": waiters.reconcile,
    "never_announced": announcements.reconcile,
    "aggregations": aggregation_runs.reconcile,
    "deleted_traces": traces.reconcile,
    "deleted_projects": projects.reconcile,
    "deleted_runs": deletions.reconcile,
    "uploads": uploads.reconcile,
}


def handle() -> None:
    """Reconcile everything once. If a part fails, the others still run, and RuntimeError is raised at the end."""
    failed, reconciled = [], 0
    for name, task in TASKS.items():
        try:
            count = task()
            logger.info("reconciled", extra={name: count})
            reconciled += count
        except Exception:
            logger.exception("a part of the reconciliation failed", part=name)
            failed.append(name)
    telemetry.emit({"ReconciledRuns": reconciled})
    if failed:
        raise RuntimeError(f"parts of the reconciliation failed: {', '.join(failed)}; the log has the error of each")
