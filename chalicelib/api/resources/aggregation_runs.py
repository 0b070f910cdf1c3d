"""aggregation_runs/"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from chalicelib import deadline, telemetry
from chalicelib.aggregation import agreement
from chalicelib.api.http.collections import CollectionEndpoints
from chalicelib.api.http.endpoints import WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.problems import error, invalid
from chalicelib.api.http.serving import logger
from chalicelib.api.rules.aggregation_choices import (
    check_deferred,
    choice_of,
    chosen_of,
    combinations,
    known_groups,
    members_of,
    refusing_too_many,
)
from chalicelib.api.rules.aggregation_run_limits import check_size
from chalicelib.api.schemas.aggregation_runs import (
    AggregationBulkIn,
    AggregationRunIn,
    AggregationRunOut,
    AggregationRunQuery,
    run_out,
)
from chalicelib.api.shared import examples
from chalicelib.deadline import DeadlineExceededError
from chalicelib.store.results.choosing import Choice, Chosen, TooManyError
from chalicelib.store.runs import aggregation_runs
from chalicelib.store.runs.aggregation_inputs import AggregationSpec
from chalicelib.store.runs.outbox import in_groups
from chalicelib.store.shared.pages import Page
from chalicelib.store.tables.collections import TraceGroup
from chalicelib.store.tables.runs import AggregationRun
from chalicelib.vocabulary import Kind

DESCRIPTION = """\
Sums of derivatives over portfolios.

A run adds up the `derivatives` that the request lists and, for each trace that it lists and each trace of its projects
and group, the derivatives of the newest successful meter run (for that project, if one is listed). Each derivative
counts once; a listed one counts even if there is a newer one of its trace. Traces without a successful meter run
contribute nothing, and are listed as `without_result` in the `aggregation_input`.

The derivatives must agree in trace interpretation, derivative interpretation and unit: an interpretation that is given
selects the derivatives that have it, and one that is left out is implied if all agree. Their intervals must have the
same method (`uncertainty`), unless the request has `"mix_uncertainty": true`.

Values and `n` are added, half-widths in quadrature; the sum is exact, so the same derivatives give the same bits in any
order. Systematic errors, which meters share, are added as they are, separately from the half-widths. A derivative
without a value, half-width or `n` on one side is left out of both sides, because a sum without its half-width would
understate the uncertainty; the output has the status of each derivative, and how many were accepted. (For `E_OSG_U` a
missing baseline counts as 0.)

A run adds up at most 2,000,000 derivatives. A bulk request has at most 200 targets, 200 runs and 10,000 derivatives;
larger targets are scheduled one by one.
"""
resource = Resource("aggregation_runs", "aggregation run", DESCRIPTION)
collection = CollectionEndpoints[AggregationRun](resource, AggregationRunOut, run_out)

SCHEDULING = 5.0  # seconds reserved for scheduling the runs after their derivatives are chosen


@collection.list(AggregationRunQuery, examples={"one run": Example(response=[examples.AGGREGATION_RUN])})
def list_aggregation_runs(query: AggregationRunQuery) -> Page[AggregationRun]:
    """List aggregation runs."""
    return aggregation_runs.page(**dict(query))


@collection.get(examples={"a run": Example(response=examples.AGGREGATION_RUN)})
def get_aggregation_run(id: int) -> AggregationRun | None:
    """Get an aggregation run."""
    return aggregation_runs.get(id)


@collection.create(
    AggregationRunIn,
    read=aggregation_runs.get,
    examples={"two projects": Example(examples.AGGREGATION_IN, examples.AGGREGATION_RUN)},
)
def schedule_aggregation_run(body: AggregationRunIn) -> AggregationRun:
    """Schedule an aggregation run.

    Its derivatives are selected immediately or, with `after_batch`, when the batch has ended; anything that would be
    refused here then makes the run FAILED instead. The same applies if there are more than 10,000 traces or derivatives
    to read, if a group is to be searched among more than 50,000 traces, or if selecting takes more than about 20
    seconds: the run's execution then selects them, and `aggregation_input` names them once it has.
    """
    groups = known_groups([((), body)])
    spec = AggregationSpec(
        **body.sources(),
        after_batch=body.after_batch,
        trace_interpretation=body.trace_interpretation,
        derivative_interpretation=body.derivative_interpretation,
        aggregation_interpretation=body.aggregation_interpretation,
        mix_uncertainty=body.mix_uncertainty,
    )
    if body.after_batch is None:
        chosen = _chosen_in_time(body, spec, groups)
    else:
        check_deferred(body)
        chosen = None
    run = aggregation_runs.schedule(spec, chosen)
    telemetry.note(aggregation_run=run.id)
    telemetry.emit({"AggregationsScheduled": 1})
    return run


def _repeated(call: Call[AggregationBulkIn, NoQuery], recorded: Mapping[str, Any]) -> Reply | None:
    sizes = recorded["groups"]
    found = aggregation_runs.get_many(range(recorded["id"], recorded["id"] + sum(sizes)))
    return _bulk_reply(in_groups([found[id] for id in sorted(found)], sizes))


@resource.endpoint(
    "POST",
    "/aggregation_runs/bulk/",
    scope=WRITE,
    body=AggregationBulkIn,
    returns=list[list[AggregationRunOut]],
    status=201,
    examples={"two projects": Example(examples.AGGREGATION_BULK_IN, examples.AGGREGATION_BULK)},
    repeat=_repeated,
)
def schedule_aggregation_runs(call: Call[AggregationBulkIn, NoQuery]) -> Reply:
    """Schedule the aggregation runs of many targets.

    Each target gets one run per combination of interpretations that its derivatives have; combinations without
    derivatives are left out. The response groups the runs by target, in the order of the targets.
    """
    targets = call.body.targets
    sources = [(("targets", index), target) for index, target in enumerate(targets)]
    groups: list[list[tuple[AggregationSpec, Chosen]]] = []
    wanted: list[tuple[AggregationSpec, Chosen]] = []
    passed_over: Counter[Kind] = Counter()
    choices: dict[str, Choice] = {}  # each selection is read once, however many targets have it
    with deadline.within(deadline.left() - SCHEDULING):
        with refusing_too_many("targets"):
            members = members_of(known_groups(sources), sources)
        for index, target in enumerate(targets):
            selected = target.selected
            if selected not in choices:
                with refusing_too_many("targets", index):
                    choices[selected] = choice_of(target.selection(members), "targets", index)
            choice = choices[selected]
            groups.append(combinations(target, choice, index))
            wanted += groups[-1]
            passed_over += choice.passed_over
            check_size(wanted)  # refuse before reading more
    if not wanted:
        raise invalid(error(agreement.nothing_matches(passed_over), "targets"))
    scheduled = aggregation_runs.schedule_many(groups)
    telemetry.emit({"AggregationsScheduled": len(wanted)})
    return _bulk_reply(scheduled)


def _bulk_reply(groups: list[list[AggregationRun]]) -> Reply:
    return Reply([[run_out(run, bulk=True) for run in group] for group in groups])


def _chosen_in_time(body: AggregationRunIn, spec: AggregationSpec, groups: list[TraceGroup]) -> Chosen | None:
    """The derivatives of a run; None if that takes a request too long, so that the run's execution has to choose them.

    Raises the 400 Problem.
    """
    try:
        with deadline.within(deadline.left() - SCHEDULING):
            members = members_of(groups, [((), body)])
            return chosen_of(spec.selection(members.get(body.group or 0, ())), mix=body.mix_uncertainty)
    except (DeadlineExceededError, TooManyError) as reason:
        logger.info("the execution has to choose the derivatives", reason=str(reason))
        return None
