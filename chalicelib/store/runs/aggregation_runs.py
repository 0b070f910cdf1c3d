"""Aggregation runs: written as PENDING, then completed by one state machine execution each."""

import json
import time
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from aws_lambda_powertools import Logger
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib import __version__, deadline, telemetry
from chalicelib.store.collections.trace_groups import Member
from chalicelib.store.results.choosing import Chosen, Selection
from chalicelib.store.runs import endings, state_machine
from chalicelib.store.runs.endings import MAX_MESSAGE, RETRY_ADVICE, due_ids, is_overdue
from chalicelib.store.shared import bulk, documents, ids, pages
from chalicelib.store.shared.rows import Rows, read_chunk
from chalicelib.store.shared.transactions import commit, conditional_write
from chalicelib.store.tables.base import now
from chalicelib.store.tables.indexes import DueIndex
from chalicelib.store.tables.results import AggregationResult
from chalicelib.store.tables.runs import AggregationRun
from chalicelib.vocabulary import SHORT_CODES

logger = Logger(child=True)

INPUTS, PARTIALS, OUTPUTS = "aggregation_inputs", "aggregation_partials", "aggregation_outputs"
GRACE_PERIOD = 120  # seconds for a request to start the executions of its runs; longer than any request lives
CHECK_INTERVAL = 15 * 60  # seconds between two checks of a run's execution


@dataclass(frozen=True)
class AggregationSpec:
    """A client's request for an aggregation run."""

    aggregation_interpretation: str
    projects: Sequence[int] = ()
    traces: Sequence[int] = ()
    derivatives: Sequence[int] = ()
    group: int | None = None
    after_batch: int | None = None
    trace_interpretation: str | None = None  # full name
    derivative_interpretation: str | None = None
    mix_uncertainty: bool = False

    def selection(self, members: Sequence[Member]) -> Selection:
        """The selection of derivatives; `members` are the members of the group."""
        return Selection(
            projects=self.projects,
            traces=self.traces,
            derivatives=self.derivatives,
            members=members,
            trace_interpretations=[self.trace_interpretation] if self.trace_interpretation else [],
            derivative_interpretations=[self.derivative_interpretation] if self.derivative_interpretation else [],
        )


def schedule(wanted: Sequence[tuple[AggregationSpec, Chosen | None]]) -> list[AggregationRun]:
    """Write runs and start their executions. The execution of a run without derivatives chooses them.

    Raises DeadlineExceededError; no run is written in that case.
    """
    block = ids.allocate("aggregation_runs", len(wanted))
    runs = [_new(id, spec) for id, (spec, _) in zip(block, wanted, strict=True)]
    with ThreadPoolExecutor(state_machine.THREADS) as pool:
        inputs = pool.map(_stored_input, (spec for spec, _ in wanted), (chosen for _, chosen in wanted))
        for run, stored in zip(runs, inputs, strict=True):
            for name, value in stored.items():
                setattr(run, name, value)
        try:
            bulk.put_all(AggregationRun, runs)
        except Exception:
            bulk.delete_all(AggregationRun, runs)  # a failed request must not start any run
            raise
        list(pool.map(_start, runs))
    return runs


def get(id: int) -> AggregationRun | None:
    """The run, or None."""
    return pages.get(AggregationRun, id)


def existing(id: int) -> AggregationRun:
    """A run that is known to exist."""
    return AggregationRun.get(id, consistent_read=True)


def page(*, after: int, limit: int, status: str | None = None) -> pages.Page[AggregationRun]:
    """A page of the runs that match the filter."""
    return pages.walk(AggregationRun, ids.allocated("aggregation_runs"), after, limit, pages.matches(status=status))


def store_choice(run: AggregationRun, chosen: Chosen) -> AggregationRun:
    """Store the derivatives of a run whose request did not choose them, and return the run.

    If two executions do so at the same time, the first one wins.
    """
    stored = _stored_input(spec_of(run), chosen)
    actions = [getattr(AggregationRun, name).set(value) for name, value in stored.items()]
    _update(run, actions, AggregationRun.chunks.does_not_exist() & _is_open())
    return existing(run.id)


def begin(run: AggregationRun) -> None:
    """Mark a PENDING run, whose derivatives have been chosen, as RUNNING."""
    _update(run, [AggregationRun.status.set("RUNNING")], AggregationRun.status == "PENDING")


def chunk(run: AggregationRun, number: int) -> list[dict[str, Any]]:
    """The derivatives of one chunk of a run."""
    return read_chunk(run.aggregation_input, run.chunks, number)


def chunk_count(run: AggregationRun) -> int:
    """The number of chunks of a run's derivatives; 0 until they have been chosen."""
    return len(run.chunks or [0]) - 1


def put_partial(run: AggregationRun, number: int, partial: dict[str, Any]) -> None:
    """Store the sum of a chunk."""
    documents.put(_partial_key(run, number), partial)


def partials(run: AggregationRun) -> Iterable[dict[str, Any]]:
    """The sums of a run's chunks, in order."""
    return (documents.get(_partial_key(run, number)) for number in range(chunk_count(run)))


def succeed(
    run: AggregationRun,
    aggregated: dict[str, Any],
    accepted: int,
    methods: list[str],
    derivatives: list[int],
    statuses: Rows,
) -> None:
    """End a run as SUCCESS with its result and output, unless it has already ended.

    aggregated: the numbers, by their names in AggregationResult. accepted: the number of derivatives in the sum.
    methods: the uncertainty methods of their intervals. statuses: the status of each derivative, as rows of the output.
    """
    key = f"{OUTPUTS}/{run.document}.json"
    about = {
        "trace_interpretation": SHORT_CODES[run.trace_interpretation],
        "derivative_interpretation": run.derivative_interpretation,
        "aggregation_interpretation": run.aggregation_interpretation,
        "unit": run.unit,
    }
    versions: dict[str, Any] = {"eemeter_version": run.eemeter_version, "datastore_version": __version__}
    of_sum = {"aggregated": aggregated, "accepted": accepted, "uncertainty": methods}
    before = json.dumps({**about, **of_sum, **versions}, separators=(",", ":"))
    statuses.store(key, before[:-1] + ',"status":[', "]}")
    result = AggregationResult(
        id=run.id,
        aggregation_run=run.id,
        trace_interpretation=run.trace_interpretation,
        derivative_interpretation=run.derivative_interpretation,
        aggregation_interpretation=run.aggregation_interpretation,
        aggregation_output=key,
        derivatives=derivatives,
        unit=run.unit,
        uncertainty=methods,
        **aggregated,
        **versions,
    )

    def fill(transaction: TransactWrite) -> None:
        transaction.save(result)
        endings.end(transaction, run, "SUCCESS", [AggregationRun.aggregation_result.set(run.id)], _is_open())

    if commit(fill):
        telemetry.emit({"AggregationsSucceeded": 1})


def fail(run: AggregationRun, message: str, traceback: str | None = None, *, kind: str = "data") -> None:
    """End a run as FAILED, unless it has already ended. `kind` is the failure reason in the metrics."""
    actions = endings.failure(run, message, traceback)
    if commit(lambda transaction: endings.end(transaction, run, "FAILED", actions, _is_open())):
        telemetry.failed("AggregationsFailed", kind)


def record_error(run: AggregationRun, error: str) -> None:
    """Record why a step of a run failed; the error of a map state only says that some iteration failed."""
    _update(run, [AggregationRun.last_error.set(error[:MAX_MESSAGE])], _is_open())


def fail_on_machine_error(run: AggregationRun, reason: str) -> None:
    """End a run as FAILED because of a machine error. Its traceback is the last recorded error and `reason`."""
    traceback = "\n".join(filter(None, (run.last_error, reason)))
    fail(run, f"The datastore could not complete the aggregation. {RETRY_ADVICE}", traceback, kind="machine")


def reconcile() -> int:
    """Reconcile the overdue runs: start executions that were never started, and fail runs whose execution has ended.

    Returns the number of runs changed. The next pass retries whatever fails.
    """
    repaired = 0
    for id in due_ids(AggregationRun):
        try:
            repaired += _repair(existing(id))
        except Exception:
            logger.exception("an aggregation run could not be reconciled", aggregation_run=id)
    return repaired


def spec_of(run: AggregationRun) -> AggregationSpec:
    """The request that a run was created from."""
    return AggregationSpec(**{name: getattr(run, name) for name in AggregationSpec.__dataclass_fields__})


def _new(id: int, spec: AggregationSpec) -> AggregationRun:
    due = int(time.time()) + GRACE_PERIOD
    asked = asdict(spec) | {name: list(getattr(spec, name)) for name in ("projects", "traces", "derivatives")}
    return AggregationRun(id=id, document=str(uuid.uuid4()), open_shard=id % DueIndex.SHARDS, due=due, **asked)


def _stored_input(spec: AggregationSpec, chosen: Chosen | None) -> dict[str, Any]:
    """Store the input of a run and return the attributes that describe it. A new key each time: inputs never change."""
    key = f"{INPUTS}/{uuid.uuid4()}.json"
    deadline.check()
    asked = asdict(spec)
    if spec.trace_interpretation is not None:
        asked["trace_interpretation"] = SHORT_CODES[spec.trace_interpretation]
    document: dict[str, Any] = {"type": "BASIC_AGGREGATION", "specification": asked}
    if chosen is None:
        documents.put(key, {**document, "derivatives": None})
        return {"aggregation_input": key}
    kind = chosen.kind
    document |= {
        "aggregation_interpretation": spec.aggregation_interpretation,
        "trace_interpretation": SHORT_CODES[kind.trace_interpretation],
        "derivative_interpretation": kind.derivative_interpretation,
        "unit": chosen.unit,
        "without_result": [{"project": project or None, "trace": trace} for trace, project in chosen.without_result],
    }
    before = json.dumps(document, separators=(",", ":"))[:-1]
    before += ',"derivatives":{"type":"DERIVATIVE_PAIRS","derivative_pairs":['
    return {
        "aggregation_input": key,
        "chunks": chosen.draft.rows.store(key, before, "]}}"),
        **kind._asdict(),
        "unit": chosen.unit,
        "eemeter_version": ", ".join(sorted(chosen.draft.eemeter_versions)),
    }


def _start(run: AggregationRun) -> None:
    try:
        deadline.check()
        state_machine.start(run)
    except Exception:
        logger.exception("a run was written but not started; the reconciler will start it", aggregation_run=run.id)


def _repair(run: AggregationRun) -> bool:
    if not is_overdue(run):
        return False
    execution = state_machine.find(run)
    if execution is None:
        state_machine.start(run)
    elif execution.has_ended:
        fail_on_machine_error(run, f"The execution is {execution.status} {execution.reason}".strip())
        return True
    _update(run, [AggregationRun.due.set(int(time.time()) + CHECK_INTERVAL)], _is_open())
    return execution is None


def _partial_key(run: AggregationRun, number: int) -> str:
    return f"{PARTIALS}/{run.document}/{number}.json"


def _is_open() -> Condition:
    open: Condition = AggregationRun.status.is_in("PENDING", "RUNNING")
    return open


def _update(run: AggregationRun, actions: list[Action], condition: Condition) -> None:
    """Update a run if the condition holds."""
    actions = [*actions, AggregationRun.updated.set(now())]
    conditional_write(lambda: AggregationRun(run.id).update(actions=actions, condition=condition))
