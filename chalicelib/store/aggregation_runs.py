"""Aggregation runs: written PENDING, each brought to its end by an execution of the state machine."""

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

from chalicelib import __version__, telemetry
from chalicelib.store import bulk, documents, ids, pages, state_machine
from chalicelib.store.choosing import Chosen, Selection
from chalicelib.store.rows import Rows, read_chunk
from chalicelib.store.runs import ENDED, MAX_MESSAGE, MAX_TRACEBACK, RETRY_ADVICE
from chalicelib.store.tables import AggregationResult, AggregationRun, DueIndex, now
from chalicelib.store.trace_groups import Member
from chalicelib.store.transactions import commit, conditional_write
from chalicelib.vocabulary import SHORT_CODES

logger = Logger(child=True)

INPUTS, PARTIALS, OUTPUTS = "aggregation_inputs", "aggregation_partials", "aggregation_outputs"
GRACE_PERIOD = 120  # seconds for a request to start the executions of its runs; longer than any request lives
CHECK_INTERVAL = 15 * 60  # seconds between two checks of a run's execution


@dataclass(frozen=True)
class AggregationSpec:
    """What a client asks an aggregation run to be."""

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
        """What the derivatives are drawn from; `members` are those of the group."""
        return Selection(
            projects=self.projects,
            traces=self.traces,
            derivatives=self.derivatives,
            members=members,
            trace_interpretations=[self.trace_interpretation] if self.trace_interpretation else [],
            derivative_interpretations=[self.derivative_interpretation] if self.derivative_interpretation else [],
        )


def schedule(wanted: Sequence[tuple[AggregationSpec, Chosen | None]]) -> list[AggregationRun]:
    """Write runs and start their executions; one without derivatives chooses them when its batch has ended."""
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
            bulk.delete_all(AggregationRun, runs)  # of a request that fails, none is run
            raise
        list(pool.map(_start, runs))
    return runs


def get(id: int) -> AggregationRun | None:
    """The run, or None."""
    return pages.get(AggregationRun, id)


def existing(id: int) -> AggregationRun:
    """The run, which is known to exist."""
    return AggregationRun.get(id, consistent_read=True)


def page(*, after: int, limit: int, status: str | None = None) -> pages.Page[AggregationRun]:
    """A page of the runs that fit the filter."""
    return pages.walk(AggregationRun, ids.allocated("aggregation_runs"), after, limit, pages.matches(status=status))


def choose(run: AggregationRun, chosen: Chosen) -> AggregationRun:
    """The run, which waited for its batch, with its derivatives; with those of whoever was first, if two choose."""
    stored = _stored_input(spec_of(run), chosen)
    actions = [getattr(AggregationRun, name).set(value) for name, value in stored.items()]
    _update(run, actions, AggregationRun.chunks.does_not_exist() & _is_open())
    return existing(run.id)


def begin(run: AggregationRun) -> None:
    """Note that a run, whose derivatives are chosen, is being added up."""
    _update(run, [AggregationRun.status.set("RUNNING")], AggregationRun.status == "PENDING")


def chunk(run: AggregationRun, number: int) -> list[dict[str, Any]]:
    """The derivatives of one chunk of a run."""
    return read_chunk(run.aggregation_input, run.chunks, number)


def chunk_count(run: AggregationRun) -> int:
    """How many chunks the derivatives of a run make; 0 before they are chosen."""
    return len(run.chunks or [0]) - 1


def put_partial(run: AggregationRun, number: int, partial: dict[str, Any]) -> None:
    """Keep the sum of a chunk."""
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
    """End a run with its result and output, unless it has ended already.

    aggregated: the numbers, by the names of AggregationResult. accepted: how many derivatives are in them. methods:
    those of their intervals. statuses: of each derivative, as rows of the output.
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
        _end(transaction, run, "SUCCESS", [AggregationRun.aggregation_result.set(run.id)])

    if commit(fill):
        telemetry.emit({"AggregationsSucceeded": 1})


def fail(run: AggregationRun, message: str, traceback: str | None = None, *, kind: str = "data") -> None:
    """End a run FAILED, unless it has ended already; `kind` is what it is counted as."""
    actions: list[Action] = [AggregationRun.failure_message.set(message[:MAX_MESSAGE])]
    if traceback:
        actions.append(AggregationRun.traceback.set(traceback[-MAX_TRACEBACK:]))
    if commit(lambda transaction: _end(transaction, run, "FAILED", actions)):
        telemetry.failed("AggregationsFailed", kind)


def record_error(run: AggregationRun, error: str) -> None:
    """Note why a step of a run failed: a map of many chunks tells no more than that one has."""
    _update(run, [AggregationRun.last_error.set(error[:MAX_MESSAGE])], _is_open())


def fail_on_machine_error(run: AggregationRun, reason: str) -> None:
    """End a run FAILED because the machine failed it; `reason`, and what a step noted, go into its traceback."""
    traceback = "\n".join(filter(None, (run.last_error, reason)))
    fail(run, f"The datastore could not complete the aggregation. {RETRY_ADVICE}", traceback, kind="machine")


def sweep() -> int:
    """Look at the runs that should have ended: start the executions that a request did not, end what they left open.

    Returns how many runs were changed. What fails is left to the next sweep.
    """
    repaired = 0
    for shard in range(DueIndex.SHARDS):
        for entry in AggregationRun.due_index.query(shard, range_key_condition=DueIndex.due < int(time.time())):
            try:
                repaired += _repair(existing(entry.id))
            except Exception:
                logger.exception("an aggregation run could not be repaired", aggregation_run=entry.id)
    return repaired


def spec_of(run: AggregationRun) -> AggregationSpec:
    """What a client asked a run to be."""
    return AggregationSpec(**{name: getattr(run, name) for name in AggregationSpec.__dataclass_fields__})


def _new(id: int, spec: AggregationSpec) -> AggregationRun:
    due = int(time.time()) + GRACE_PERIOD
    asked = asdict(spec) | {name: list(getattr(spec, name)) for name in ("projects", "traces", "derivatives")}
    return AggregationRun(id=id, document=str(uuid.uuid4()), open_shard=id % DueIndex.SHARDS, due=due, **asked)


def _stored_input(spec: AggregationSpec, chosen: Chosen | None) -> dict[str, Any]:
    """What a run keeps of its input, which is now stored. It has a new key each time, so that none ever changes."""
    key = f"{INPUTS}/{uuid.uuid4()}.json"
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
        state_machine.start(run)
    except Exception:
        logger.exception("a run is written but not started; the sweep will start it", aggregation_run=run.id)


def _repair(run: AggregationRun) -> bool:
    if run.status in ENDED or run.due > time.time():
        return False
    execution = state_machine.find(run)
    if execution is None:
        state_machine.start(run)
    elif execution.has_ended:
        fail_on_machine_error(run, f"Its execution is {execution.status} {execution.reason}".strip())
        return True
    _update(run, [AggregationRun.due.set(int(time.time()) + CHECK_INTERVAL)], _is_open())
    return execution is None


def _partial_key(run: AggregationRun, number: int) -> str:
    return f"{PARTIALS}/{run.document}/{number}.json"


def _is_open() -> Condition:
    open: Condition = AggregationRun.status.is_in("PENDING", "RUNNING")
    return open


def _update(run: AggregationRun, actions: list[Action], condition: Condition) -> None:
    """Change a run, unless the condition does not hold."""
    actions = [*actions, AggregationRun.updated.set(now())]
    conditional_write(lambda: AggregationRun(run.id).update(actions=actions, condition=condition))


def _end(transaction: TransactWrite, run: AggregationRun, status: str, actions: list[Action]) -> None:
    """Give a run its last status."""
    transaction.update(
        AggregationRun(run.id),
        actions=[
            AggregationRun.status.set(status),
            AggregationRun.updated.set(now()),
            AggregationRun.open_shard.remove(),
            AggregationRun.due.remove(),
            *actions,
        ],
        condition=_is_open(),
    )
