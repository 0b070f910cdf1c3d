"""Aggregation runs: written as PENDING, then completed by one state machine execution each."""

import json
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib import __version__, deadline, telemetry
from chalicelib.store import events
from chalicelib.store.results.choosing import Chosen
from chalicelib.store.runs import endings, outbox, state_machine
from chalicelib.store.runs.aggregation_inputs import AggregationInput, AggregationSpec
from chalicelib.store.runs.endings import MAX_MESSAGE, RETRY_ADVICE, is_overdue
from chalicelib.store.shared import bulk, ids, pages
from chalicelib.store.shared.rows import Rows, read_chunk
from chalicelib.store.shared.transactions import commit, conditional_write
from chalicelib.store.tables.base import now
from chalicelib.store.tables.indexes import DueIndex
from chalicelib.store.tables.results import AggregationResult
from chalicelib.store.tables.runs import AggregationOutbox, AggregationRun, Outbox
from chalicelib.vocabulary import SHORT_CODES

logger = Logger(child=True)

RESOURCE = "aggregation_runs"
OUTPUTS = "aggregation_outputs"
CHECK_INTERVAL = 15 * 60  # seconds between checks of a run's execution
ANNOUNCEMENT = 60  # seconds after which the reconciler sends the event of an end

Groups = Sequence[Sequence[tuple[AggregationSpec, Chosen | None]]]


def schedule(spec: AggregationSpec, chosen: Chosen | None) -> AggregationRun:
    """Write a run and start its execution, which chooses the derivatives unless they are given.

    Raises DeadlineExceededError and Busy; the run does not take place in that case.
    """
    (run,) = _schedule([(spec, chosen)], lambda block: {"resource": RESOURCE, "id": block.start})
    return run


def schedule_many(groups: Groups) -> list[list[AggregationRun]]:
    """Write the runs of a bulk request and start their executions. Returns the runs in the groups of their specs.

    Raises DeadlineExceededError and Busy; no run takes place in that case, and the reconciler deletes those that were
    written.
    """
    sizes = [len(group) for group in groups]
    wanted = [one for group in groups for one in group]
    return outbox.in_groups(
        _schedule(wanted, lambda block: {"resource": RESOURCE, "id": block.start, "groups": sizes}), sizes
    )


def get_many(wanted: Iterable[int]) -> dict[int, AggregationRun]:
    """The runs that exist among these ids, by id."""
    return pages.get_many(AggregationRun, wanted)


def _schedule(
    wanted: Sequence[tuple[AggregationSpec, Chosen | None]], created: Callable[[range], dict[str, Any]]
) -> list[AggregationRun]:
    deadline.check()
    block = ids.allocate(RESOURCE, len(wanted))
    runs = [_new(id, spec) for id, (spec, _) in zip(block, wanted, strict=True)]
    inputs = [AggregationInput(run, spec, chosen) for run, (spec, chosen) in zip(runs, wanted, strict=True)]
    for run, input in zip(runs, inputs, strict=True):
        for name, value in input.attributes.items():
            setattr(run, name, value)
    entry = outbox.open(AggregationOutbox, block, keys=[run.aggregation_input for run in runs])
    bulk.put_all(AggregationRun, runs)
    with ThreadPoolExecutor(state_machine.THREADS) as pool:
        list(pool.map(AggregationInput.store, inputs))
    outbox.accept(entry, created(block))
    try:
        deadline.check()
        with ThreadPoolExecutor(state_machine.THREADS) as pool:
            list(pool.map(state_machine.start, runs))
        entry.delete()
    except Exception:
        logger.exception("accepted runs were not all started; the reconciler will start them", first_run=block.start)
    return runs


def get(id: int) -> AggregationRun | None:
    """The run, or None."""
    return pages.get(AggregationRun, id)


def existing(id: int) -> AggregationRun:
    """A run that is known to exist."""
    return AggregationRun.get(id, consistent_read=True)


def page(*, after: int, limit: int, status: Collection[str] = ()) -> pages.Page[AggregationRun]:
    """A page of the runs that match the filter."""
    return pages.walk(AggregationRun, ids.allocated("aggregation_runs"), after, limit, pages.matches(status=status))


def store_choice(run: AggregationRun, chosen: Chosen) -> AggregationRun:
    """Store the derivatives of a run whose request did not choose them, and return the run.

    If two executions do so at the same time, the first one wins.
    """
    input = AggregationInput(run, spec_of(run), chosen)
    input.store()
    actions = [getattr(AggregationRun, name).set(value) for name, value in input.attributes.items()]
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


def output_key(run: AggregationRun) -> str:
    """The key of a run's output, the same for each attempt, which all write the same."""
    return f"{OUTPUTS}/{run.document}.json"


def succeed(
    run: AggregationRun,
    aggregated: dict[str, Any],
    accepted: int,
    methods: list[str],
    derivatives: list[int] | None,
    statuses: Rows,
) -> None:
    """End a run as SUCCESS with its result and output, unless it has already ended.

    aggregated: the numbers, by their names in AggregationResult. accepted: the number of derivatives in the sum.
    methods: the uncertainty methods of their intervals. derivatives: the ids of all, None if there are too many for an
    item. statuses: the status of each, as rows of the output.
    """
    key = output_key(run)
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
        _end(transaction, run, "SUCCESS", [AggregationRun.aggregation_result.set(run.id)])

    if commit(fill):
        telemetry.emit({"AggregationsSucceeded": 1})
    _announce_now(run)


def fail(run: AggregationRun, message: str, traceback: str | None = None, *, kind: str = "data") -> None:
    """End a run as FAILED, unless it has already ended. `kind` is the failure reason in the metrics."""
    actions = endings.failure(run, message, traceback)
    if commit(lambda transaction: _end(transaction, run, "FAILED", actions)):
        telemetry.failed("AggregationsFailed", kind)
    _announce_now(run)


def announce(id: int) -> None:
    """Send the event of a run that has ended, unless that was done. At least once: a kill may repeat it.

    Raises RuntimeError if EventBridge does not accept it.
    """
    run = existing(id)
    if run.status not in endings.ENDED or run.open_shard is None:
        return
    events.put(
        "Aggregation ended",
        {
            "aggregation_run": run.id,
            "status": run.status,
            "aggregation_result": run.aggregation_result,
            "failure_message": run.failure_message,
        },
    )
    actions: list[Action] = [AggregationRun.open_shard.remove(), AggregationRun.due.remove()]
    ended = AggregationRun.status.is_in(*endings.ENDED)
    conditional_write(lambda: AggregationRun(id).update(actions=actions, condition=ended))


def record_error(run: AggregationRun, error: str) -> None:
    """Record why a step of a run failed; the error of a map state only says that some iteration failed."""
    _update(run, [AggregationRun.last_error.set(error[:MAX_MESSAGE])], _is_open())


def fail_on_machine_error(run: AggregationRun, reason: str) -> None:
    """End a run as FAILED because of a machine error. Its traceback is the last recorded error and `reason`."""
    traceback = "\n".join(filter(None, (run.last_error, reason)))
    fail(run, f"The datastore could not complete the aggregation. {RETRY_ADVICE}", traceback, kind="machine")


def reconcile_requests() -> int:
    """Start the runs of accepted requests that were interrupted, and remove those of others; returns how many."""
    return outbox.reconcile(AggregationOutbox, _finish, _cancel)


def reconcile() -> int:
    """Fail the overdue runs whose execution has ended without ending them, and announce the ends that nobody has.

    Returns the number of runs. The next pass retries whatever fails.
    """
    repaired = 0
    for id in _due_ids():
        try:
            repaired += _repair(existing(id))
        except Exception:
            logger.exception("an aggregation run could not be reconciled", aggregation_run=id)
    return repaired


def waiting_for(batch: int) -> int | None:
    """The id of an aggregation run that has yet to choose its derivatives once a batch has ended, or None."""
    open = (id for shard in range(DueIndex.SHARDS) for id in _open_ids(shard))
    for run in pages.batch_get(AggregationRun, open):
        if run.after_batch == batch and run.chunks is None and run.status not in endings.ENDED:
            return int(run.id)
    return None


def spec_of(run: AggregationRun) -> AggregationSpec:
    """The request that a run was created from."""
    return AggregationSpec(**{name: getattr(run, name) for name in AggregationSpec.__dataclass_fields__})


def _new(id: int, spec: AggregationSpec) -> AggregationRun:
    due = int(time.time()) + CHECK_INTERVAL
    asked = asdict(spec) | {name: list(getattr(spec, name)) for name in ("projects", "traces", "derivatives")}
    return AggregationRun(id=id, document=str(uuid.uuid4()), open_shard=id % DueIndex.SHARDS, due=due, **asked)


def _end(transaction: TransactWrite, run: AggregationRun, status: str, actions: list[Action]) -> None:
    """End a run that has not ended. It stays in the due index until its end has been announced."""
    endings.end(transaction, run, status, actions, _is_open(), due=int(time.time()) + ANNOUNCEMENT)


def _announce_now(run: AggregationRun) -> None:
    try:
        announce(run.id)
    except Exception:
        logger.exception("an end was not announced; the reconciler will announce it", aggregation_run=run.id)


def _due_ids() -> Iterator[int]:
    """The ids of the runs whose check is overdue, according to the index."""
    for shard in range(DueIndex.SHARDS):
        due = DueIndex.due < int(time.time())
        yield from (run.id for run in AggregationRun.due_index.query(shard, range_key_condition=due))


def _open_ids(shard: int) -> Iterator[int]:
    """The ids of the runs in a shard that have not ended, or whose end has not been announced."""
    return (run.id for run in AggregationRun.due_index.query(shard))


def _finish(entry: Outbox) -> int:
    """Start the executions of an accepted request. Starting one twice is harmless."""
    runs = get_many(outbox.runs_of(entry)).values()
    for run in runs:
        if run.status not in endings.ENDED:
            state_machine.start(run)
    return len(runs)


def _cancel(entry: Outbox) -> None:
    bulk.delete_all(AggregationRun, get_many(outbox.runs_of(entry)).values())


def _repair(run: AggregationRun) -> bool:
    if run.status in endings.ENDED:
        if run.open_shard is None or run.due > time.time():
            return False
        announce(run.id)
        return True
    if not is_overdue(run):
        return False
    execution = state_machine.find(run)
    if execution is not None and execution.has_ended:
        fail_on_machine_error(run, f"The execution is {execution.status} {execution.reason}".strip())
        return True
    _update(run, [AggregationRun.due.set(int(time.time()) + CHECK_INTERVAL)], _is_open())
    return False


def _is_open() -> Condition:
    open: Condition = AggregationRun.status.is_in("PENDING", "RUNNING")
    return open


def _update(run: AggregationRun, actions: list[Action], condition: Condition) -> None:
    """Update a run if the condition holds."""
    actions = [*actions, AggregationRun.updated.set(now())]
    conditional_write(lambda: AggregationRun(run.id).update(actions=actions, condition=condition))
