"""aggregation_runs/"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib import deadline, telemetry
from chalicelib.aggregation import agreement
from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import (
    MAX_ITEMS,
    OUTPUT,
    Body,
    Id,
    PageQuery,
    Timestamp,
    TraceCode,
    TraceInterpretation,
    Url,
)
from chalicelib.api.http.paging import LINK, page_of
from chalicelib.api.http.problems import ErrorItem, error, invalid, raise_if_any
from chalicelib.api.http.serving import lambda_bytes, logger
from chalicelib.api.http.times import timestamp
from chalicelib.api.resources.derivatives import Interpretation
from chalicelib.api.resources.meter_runs import MAX_BULK_BYTES, Status
from chalicelib.api.shared import examples
from chalicelib.deadline import OutOfTimeError
from chalicelib.store.collections import projects, trace_groups, traces
from chalicelib.store.results import choosing
from chalicelib.store.results import derivatives as stored_derivatives
from chalicelib.store.results.choosing import MAX_DERIVATIVES, Choice, Chosen, Selection, TooManyError
from chalicelib.store.runs import aggregation_runs, batches
from chalicelib.store.runs.aggregation_runs import AggregationSpec
from chalicelib.store.shared import documents
from chalicelib.store.tables import AggregationRun, TraceGroup
from chalicelib.vocabulary import SHORT_CODES, Kind

DESCRIPTION = """\
Sums of derivatives over portfolios.

A run adds up the `derivatives` that the request lists and, for each trace that it lists and each trace of its projects
and group, the derivatives of the newest successful meter run (for that project, if one is listed). Each derivative
counts once; one that is listed counts in addition to a newer one of its trace. Traces without a successful meter run
add nothing, and are listed as `without_result` in the `aggregation_input`.

The derivatives must agree in trace interpretation, derivative interpretation and unit: an interpretation that is given
selects the derivatives that have it, and one that is left out is implied if all agree. Their intervals must have the
same method (`uncertainty`), unless the request has `"mix_uncertainty": true`.

Values and `n` are added, half-widths in quadrature; the sum is exact, so the same derivatives give the same bits in any
order. Systematic errors, which meters share, are added as they are, separately from the half-widths. A derivative
without a value, half-width or `n` on one side is left out of both sides, because a sum without its half-width would
look too certain; the output has the status of each derivative, and how many were accepted. (For `E_OSG_U` a missing
baseline counts as 0.)

A request adds up at most 50,000 derivatives, and a bulk request makes at most 200 runs.
"""
resource = Resource("aggregation_runs", "aggregation run", DESCRIPTION)

MAX_RUNS = 200  # per bulk request: each run is an execution of the state machine, and all start at once
SCHEDULING = 5.0  # seconds that are left for it when derivatives are chosen
RUN_BYTES = 3_000  # per run in a response, without its ids; most of it is the signed URL

AggregationInterpretation = Annotated[
    Literal["SUM", "MEAN"], Field(description="SUM, or MEAN: the sum divided by the number of derivatives in it.")
]
Ids = Annotated[list[Id], Field(max_length=MAX_ITEMS)]


Members = Mapping[int, list[trace_groups.Member]]  # by the id of the group


class Sources(Body):
    """Where the derivatives come from."""

    projects: Ids = Field(default=[], description="Ids of projects: the newest result of each of their traces.")
    traces: Ids = Field(default=[], description="Ids of traces: the newest result of each.")
    derivatives: Ids = Field(default=[], description="Ids of individual derivatives.")
    group: Id | None = Field(
        default=None,
        description="The id of a trace group: the newest result of each of its traces for the matching project.",
    )
    aggregation_interpretation: AggregationInterpretation = "SUM"
    mix_uncertainty: bool = Field(
        default=False,
        description="Whether intervals of different methods may be added up; otherwise they are refused.",
    )

    def sources(self) -> dict[str, Any]:
        """The sources, as arguments of AggregationSpec."""
        return {name: getattr(self, name) for name in ("projects", "traces", "derivatives", "group")}


class AggregationRunIn(Sources):
    """An aggregation run to schedule."""

    trace_interpretation: TraceInterpretation | None = Field(
        default=None, description="Full name or short code; null: that of the derivatives, if they all have the same."
    )
    derivative_interpretation: Interpretation | None = Field(
        default=None, description="Null: that of the derivatives, if they all have the same."
    )
    after_batch: Id | None = Field(
        default=None,
        description="The id of a batch: the run waits until the batch's last meter run has ended, and only then "
        "selects its derivatives.",
    )


class AggregationTarget(Sources):
    """Where the derivatives come from, for one run per combination of interpretations that they have."""

    trace_interpretations: list[TraceInterpretation] | None = Field(
        default=None, min_length=1, description="The ones to run, by full name or short code; null: all."
    )
    derivative_interpretations: list[Interpretation] | None = Field(
        default=None, min_length=1, description="The ones to run; null: all."
    )

    def selection(self, members: Members) -> Selection:
        """The sources and interpretations, as the store's Selection."""
        return Selection(
            projects=self.projects,
            traces=self.traces,
            derivatives=self.derivatives,
            members=members.get(self.group or 0, ()),
            trace_interpretations=self.trace_interpretations or (),
            derivative_interpretations=self.derivative_interpretations or (),
        )


class AggregationBulkIn(Body):
    """Aggregation runs to schedule at once."""

    targets: Annotated[list[AggregationTarget], Field(min_length=1, max_length=MAX_ITEMS)] = Field(
        description="For each target, where its derivatives come from."
    )


@with_config(OUTPUT)
class AggregationRunOut(TypedDict):
    """An aggregation run."""

    id: Id
    status: Annotated[Status, Field(description="PENDING, then RUNNING, then SUCCESS or FAILED; it never moves back.")]
    projects: list[Id]
    traces: list[Id]
    derivatives: Annotated[
        list[Id], Field(description="Those in the request; the result lists all that were selected.")
    ]
    aggregation_input: Annotated[
        Url,
        Field(
            description="The request and every selected derivative with its values, for a GET without a token. A run "
            "that has yet to select them will have another URL: when it has ended, get it again."
        ),
    ]
    trace_interpretation: Annotated[
        TraceCode | None, Field(description="Null only until the derivatives are selected.")
    ]
    derivative_interpretation: Interpretation | None
    aggregation_interpretation: AggregationInterpretation
    aggregation_result: Annotated[Id | None, Field(description="The id of the result, once the status is SUCCESS.")]
    failure_message: Annotated[str | None, Field(description="Why the run FAILED and how to fix it.")]
    traceback: str | None
    added: Timestamp
    updated: Timestamp
    group: Id | None
    after_batch: Id | None
    mix_uncertainty: Annotated[bool, Field(description="Whether intervals of different methods may be added up.")]


class AggregationRunQuery(PageQuery):
    """Filters for aggregation runs."""

    status: Status | None = Field(default=None, description="The status.")


def run_out(run: AggregationRun, *, bulk: bool = False) -> dict[str, Any]:
    """An aggregation run as shown in responses: an AggregationRunOut, except for the order of its keys."""
    named = {"projects": run.projects, "traces": run.traces}
    derivatives = {"derivatives": run.derivatives}
    code = None if run.trace_interpretation is None else SHORT_CODES[run.trace_interpretation]
    return {
        "id": run.id,
        "status": run.status,
        **(derivatives | named if bulk else named | derivatives),  # as the reference document shows them
        "aggregation_input": documents.url(run.aggregation_input),
        "trace_interpretation": code,
        "derivative_interpretation": run.derivative_interpretation,
        "aggregation_interpretation": run.aggregation_interpretation,
        "aggregation_result": run.aggregation_result,
        "failure_message": run.failure_message,
        "traceback": run.traceback,
        "added": timestamp(run.added),
        "updated": timestamp(run.updated),
        "group": run.group,
        "after_batch": run.after_batch,
        "mix_uncertainty": run.mix_uncertainty,
    }


@resource.endpoint(
    "GET",
    "/aggregation_runs/",
    scope=READ,
    query=AggregationRunQuery,
    returns=list[AggregationRunOut],
    headers=LINK,
    examples={"one run": Example(response=[examples.AGGREGATION_RUN])},
)
def list_aggregation_runs(call: Call[None, AggregationRunQuery]) -> Reply:
    """List aggregation runs."""
    found = aggregation_runs.page(after=call.query.after, limit=call.query.limit, **call.query.filters())
    return page_of(call, [run_out(run) for run in found.items], found.next)


@resource.endpoint(
    "GET",
    "/aggregation_runs/{id}/",
    scope=READ,
    returns=AggregationRunOut,
    examples={"a run": Example(response=examples.AGGREGATION_RUN)},
)
def get_aggregation_run(call: Call[None, NoQuery]) -> Reply:
    """Get an aggregation run."""
    run = aggregation_runs.get(call.id)
    if run is None:
        raise call.not_found()
    return Reply(run_out(run))


@resource.endpoint(
    "POST",
    "/aggregation_runs/",
    scope=WRITE,
    body=AggregationRunIn,
    returns=AggregationRunOut,
    status=201,
    headers={"Location": "The path of the aggregation run."},
    examples={"two projects": Example(examples.AGGREGATION_IN, examples.AGGREGATION_RUN)},
)
def schedule_aggregation_run(call: Call[AggregationRunIn, NoQuery]) -> Reply:
    """Schedule an aggregation run.

    Its derivatives are selected immediately or, with `after_batch`, when the batch has ended; what would be refused
    here then makes the run FAILED. The same holds if selecting them takes more than some 20 seconds: the run then
    goes on with it.
    """
    body = call.body
    groups = _known_groups([((), body)])
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
        _check_deferred(body)
        chosen = None
    (run,) = aggregation_runs.schedule([(spec, chosen)])
    telemetry.note(aggregation_run=run.id)
    telemetry.emit({"AggregationsScheduled": 1})
    return Reply(run_out(run), {"Location": f"/api/v1/aggregation_runs/{run.id}/"})


@resource.endpoint(
    "POST",
    "/aggregation_runs/bulk/",
    scope=WRITE,
    body=AggregationBulkIn,
    returns=list[list[AggregationRunOut]],
    status=201,
    examples={"two projects": Example(examples.AGGREGATION_BULK_IN, examples.AGGREGATION_BULK)},
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
    with deadline.within(deadline.left() - SCHEDULING):
        members = _members(_known_groups(sources), sources)
        for index, target in enumerate(targets):
            choice = _choice(target.selection(members), "targets", index)
            groups.append(_combinations(target, choice, index))
            wanted += groups[-1]
            passed_over += choice.passed_over
            _check_size(wanted)  # refuse before reading more
    if not wanted:
        raise invalid(error(agreement.nothing_matches(passed_over), "targets"))
    scheduled = iter(aggregation_runs.schedule(wanted))
    telemetry.emit({"AggregationsScheduled": len(wanted)})
    return Reply([[run_out(next(scheduled), bulk=True) for _ in group] for group in groups])


def _chosen_in_time(body: AggregationRunIn, spec: AggregationSpec, groups: list[TraceGroup]) -> Chosen | None:
    """The derivatives of a run; None if that takes too long, so that its execution has to choose them.

    Raises the 400 Problem.
    """
    try:
        with deadline.within(deadline.left() - SCHEDULING):
            members = _members(groups, [((), body)])
            return _chosen(spec.selection(members.get(body.group or 0, ())), mix=body.mix_uncertainty)
    except OutOfTimeError:
        logger.info("the execution has to choose the derivatives")
        return None


def _known_groups(sources: Sequence[tuple[tuple[str | int, ...], Sources]]) -> list[TraceGroup]:
    """The groups among the sources, which come with the path to each.

    Raises the 400 Problem for projects, traces and groups that do not exist, and for sources that are empty.
    """
    known: dict[str, Any] = {
        "projects": projects.get_many({id for _, one in sources for id in one.projects}),
        "traces": traces.get_many({id for _, one in sources for id in one.traces}),
    }
    groups = trace_groups.get_many({one.group for _, one in sources if one.group is not None})
    errors = []
    for at, one in sources:
        if not any(one.sources().values()):
            errors.append(error("There is nothing to add up; give projects, traces, derivatives or a group.", *at))
        for name, found in known.items():
            errors += _missing(getattr(one, name), found, name.removesuffix("s"), *at, name)
        if one.group is not None and one.group not in groups:
            errors.append(error(f"There is no trace group {one.group}.", *at, "group"))
    raise_if_any(errors)
    return list(groups.values())


def _members(groups: list[TraceGroup], sources: Sequence[tuple[tuple[str | int, ...], Sources]]) -> Members:
    """The members of the groups of the sources. Raises the 400 Problem for groups that are empty."""
    members = trace_groups.members_of(groups)
    raise_if_any(
        [
            error(
                f"No trace matches trace group {one.group}; change its filter_specification, or use another group.",
                *at,
                "group",
            )
            for at, one in sources
            if one.group is not None and not members[one.group]
        ]
    )
    return members


def _missing(named: Sequence[int], found: Any, item: str, *at: str | int) -> list[ErrorItem]:
    return [error(f"There is no {item} {id}.", *at, index) for index, id in enumerate(named) if id not in found]


def _check_deferred(body: AggregationRunIn) -> None:
    """Raise the 400 Problem if the batch or a derivative does not exist; other runs check derivatives in `_choice`."""
    if batches.get(body.after_batch or 0) is None:
        raise invalid(error(f"There is no batch {body.after_batch}.", "after_batch"))
    raise_if_any(_missing(body.derivatives, stored_derivatives.get_many(body.derivatives), "derivative", "derivatives"))


def _choice(selection: Selection, *at: str | int) -> Choice:
    """The derivatives of a selection. Raises the 400 Problem for unknown derivatives, or too many."""
    try:
        choice = choosing.choose(selection)
    except TooManyError as problem:
        raise invalid(error(str(problem), *at)) from None
    unknown = [index for index, id in enumerate(selection.derivatives) if id in choice.missing]
    raise_if_any(
        [
            error(f"There is no derivative {selection.derivatives[index]}.", *at, "derivatives", index)
            for index in unknown
        ]
    )
    return choice


def _chosen(selection: Selection, *, mix: bool) -> Chosen:
    """The derivatives of a selection, which must agree; with `mix`, methods may differ. Raises the 400 Problem."""
    choice = _choice(selection)
    try:
        kind, unit = agreement.single(choice.units, choice.passed_over)
        draft = choice.drafts[kind]
        agreement.check_methods(draft.methods, mix=mix)
    except agreement.DisagreementError as problem:
        raise _disagreement(problem) from None
    return Chosen(kind, unit, draft, choice.without_result)


def _combinations(target: AggregationTarget, choice: Choice, index: int) -> list[tuple[AggregationSpec, Chosen]]:
    """A run for each kind of derivative of a target, in the order of the vocabulary. Raises the 400 Problem."""
    runs = []
    for kind in sorted(choice.drafts, key=lambda kind: kind.order):
        draft = choice.drafts[kind]
        try:
            unit = agreement.unit_of(kind, draft.units)
            agreement.check_methods(draft.methods, mix=target.mix_uncertainty)
        except agreement.DisagreementError as problem:
            raise _disagreement(problem, "targets", index) from None
        spec = AggregationSpec(
            **target.sources(),
            **kind._asdict(),
            aggregation_interpretation=target.aggregation_interpretation,
            mix_uncertainty=target.mix_uncertainty,
        )
        runs.append((spec, Chosen(kind, unit, draft, choice.without_result)))
    return runs


def _disagreement(problem: agreement.DisagreementError, *at: str | int) -> Exception:
    return invalid(*(error(sentence, *at, *([field] if field else [])) for field, sentence in problem.problems))


def _check_size(wanted: Sequence[tuple[AggregationSpec, Chosen]]) -> None:
    """Raise the 400 Problem if a bulk request has more runs, derivatives or ids than one request may have."""
    derivatives = sum(chosen.draft.rows.count for _, chosen in wanted)
    named = [[spec.projects, spec.traces, spec.derivatives] for spec, _ in wanted]
    if len(wanted) > MAX_RUNS:
        detail = f"These targets make more than {MAX_RUNS} runs, the limit of one request; split them into several."
    elif derivatives > MAX_DERIVATIVES:
        detail = (
            f"These targets have more than {MAX_DERIVATIVES:,} derivatives, the limit of one request; split them into "
            "several."
        )
    elif sum(RUN_BYTES + lambda_bytes(ids) for ids in named) > MAX_BULK_BYTES:
        detail = "The runs of these targets list more ids than fit into one response; split them into several requests."
    else:
        return
    raise invalid(error(detail, "targets"))
