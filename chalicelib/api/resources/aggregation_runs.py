"""aggregation_runs/"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib import telemetry
from chalicelib.aggregation import agreement
from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import (
    MOST_ITEMS,
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
from chalicelib.api.http.problems import ErrorItem, error, invalid, refuse_any
from chalicelib.api.http.serving import lambda_bytes
from chalicelib.api.http.times import timestamp
from chalicelib.api.resources.derivatives import Interpretation
from chalicelib.api.resources.meter_runs import MOST_BULK_BYTES, Status
from chalicelib.api.shared import examples
from chalicelib.store.collections import projects, trace_groups, traces
from chalicelib.store.results import choosing
from chalicelib.store.results import derivatives as stored_derivatives
from chalicelib.store.results.choosing import MAX_DERIVATIVES, Choice, Chosen, Selection, TooManyError
from chalicelib.store.runs import aggregation_runs, batches
from chalicelib.store.runs.aggregation_runs import AggregationSpec
from chalicelib.store.shared import documents
from chalicelib.store.tables import AggregationRun
from chalicelib.vocabulary import SHORT_CODES, Kind

DESCRIPTION = """\
Sums of derivatives over portfolios.

What is added up is the union of the `derivatives` named and, for each trace named and each trace of each project and
group named, those of its newest successful meter run (for that project, where one was named). Each counts once; one
that is named counts also beside a newer one of its trace. Traces without a successful meter run add nothing, and are
listed as `without_result` in the `aggregation_input`.

The derivatives have to agree in trace interpretation, derivative interpretation and unit: an interpretation that is
given picks those that have it, and one that is left out is implied when all agree. Their intervals have to be of one
method (`uncertainty`), unless the request says `"mix_uncertainty": true`.

Values and `n` add up, half-widths in quadrature; the sum is exact, so that the same derivatives give the same bits in
any order. Systematic errors, which meters share, add up as they are, beside the half-widths. A derivative that lacks a
value, a half-width or `n` on one side is left out of both, since a sum without its half-width would seem too certain;
the output has the status of each, and how many were accepted. (For `E_OSG_U` a baseline that is not there counts as 0.)

A request adds up at most 50,000 derivatives, and a bulk request makes at most 200 runs.
"""
resource = Resource("aggregation_runs", "aggregation run", DESCRIPTION)

MOST_RUNS = 200  # of one bulk request: each is an execution of the state machine, and they start at once
RUN_BYTES = 3_000  # of one run in a response, its ids aside; most of them are the signed URL's

AggregationInterpretation = Annotated[
    Literal["SUM", "MEAN"], Field(description="SUM, or MEAN: the sum over the number of derivatives that are in it.")
]
Ids = Annotated[list[Id], Field(max_length=MOST_ITEMS)]


Members = Mapping[int, list[trace_groups.Member]]  # of each group that a request names


class Drawn(Body):
    """What derivatives are drawn from."""

    projects: Ids = Field(default=[], description="Projects, of each trace of which the newest result is drawn.")
    traces: Ids = Field(default=[], description="Traces, of each of which the newest result is drawn.")
    derivatives: Ids = Field(default=[], description="Derivatives themselves.")
    group: Id | None = Field(default=None, description="A trace group, each trace of which is drawn for its project.")
    aggregation_interpretation: AggregationInterpretation = "SUM"
    mix_uncertainty: bool = Field(
        default=False,
        description="Whether to add up intervals of different methods, too, which is refused otherwise.",
    )

    def drawn(self) -> dict[str, Any]:
        """From what, as AggregationSpec takes it."""
        return {name: getattr(self, name) for name in ("projects", "traces", "derivatives", "group")}


class AggregationRunIn(Drawn):
    """An aggregation run to schedule."""

    trace_interpretation: TraceInterpretation | None = Field(
        default=None, description="Full name or short code; null: that of the derivatives, if it is one."
    )
    derivative_interpretation: Interpretation | None = Field(
        default=None, description="Null: that of the derivatives, if it is one."
    )
    after_batch: Id | None = Field(
        default=None,
        description="A batch: the run waits until its last meter run has ended, and chooses its derivatives only then.",
    )


class AggregationTarget(Drawn):
    """What to draw derivatives from, for a run of each combination of interpretations that they have."""

    trace_interpretations: list[TraceInterpretation] | None = Field(
        default=None, min_length=1, description="Those wanted, by full name or short code; null: all there are."
    )
    derivative_interpretations: list[Interpretation] | None = Field(
        default=None, min_length=1, description="Those wanted; null: all there are."
    )

    def selection(self, members: Members) -> Selection:
        """As the store takes it."""
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

    targets: Annotated[list[AggregationTarget], Field(min_length=1, max_length=MOST_ITEMS)] = Field(
        description="What to draw derivatives from."
    )


@with_config(OUTPUT)
class AggregationRunOut(TypedDict):
    """An aggregation run."""

    id: Id
    status: Annotated[Status, Field(description="Only ever moves forward.")]
    projects: list[Id]
    traces: list[Id]
    derivatives: Annotated[list[Id], Field(description="Those named; the result lists all that were chosen.")]
    aggregation_input: Annotated[
        Url,
        Field(
            description="What was asked for, and every derivative that was chosen with its values, for a plain GET. A "
            "run that waits for a batch has none yet: ask for the run again when it has ended, for its new URL."
        ),
    ]
    trace_interpretation: Annotated[TraceCode | None, Field(description="Null only while the run waits for a batch.")]
    derivative_interpretation: Interpretation | None
    aggregation_interpretation: AggregationInterpretation
    aggregation_result: Annotated[Id | None, Field(description="The result, once the run is a SUCCESS.")]
    failure_message: Annotated[str | None, Field(description="Why the run FAILED, and what to do.")]
    traceback: str | None
    added: Timestamp
    updated: Timestamp
    group: Id | None
    after_batch: Id | None
    mix_uncertainty: Annotated[bool, Field(description="Whether intervals of different methods may be added up.")]


class AggregationRunQuery(PageQuery):
    """The filters of aggregation runs."""

    status: Status | None = Field(default=None, description="The status.")


def run_out(run: AggregationRun, *, bulk: bool = False) -> dict[str, Any]:
    """An aggregation run as a response shows it: an AggregationRunOut, but for the order of its keys."""
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

    Its derivatives are chosen at once, but with `after_batch`: then only when the batch has ended, and what would be
    refused here ends the run FAILED.
    """
    body = call.body
    members = _known_members([((), body)])
    spec = AggregationSpec(
        **body.drawn(),
        after_batch=body.after_batch,
        trace_interpretation=body.trace_interpretation,
        derivative_interpretation=body.derivative_interpretation,
        aggregation_interpretation=body.aggregation_interpretation,
        mix_uncertainty=body.mix_uncertainty,
    )
    if body.after_batch is None:
        chosen = _chosen(spec.selection(members.get(body.group or 0, ())), mix=body.mix_uncertainty)
    else:
        _check_waiting(body)
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
    """Schedule an aggregation run of each combination of interpretations that each target's derivatives have.

    The response groups the runs by target, in the order of the targets; a combination without derivatives is left out.
    """
    targets = call.body.targets
    members = _known_members([(("targets", index), target) for index, target in enumerate(targets)])
    groups: list[list[tuple[AggregationSpec, Chosen]]] = []
    wanted: list[tuple[AggregationSpec, Chosen]] = []
    passed_over: Counter[Kind] = Counter()
    for index, target in enumerate(targets):
        choice = _choice(target.selection(members), "targets", index)
        groups.append(_combinations(target, choice, index))
        wanted += groups[-1]
        passed_over += choice.passed_over
        _check_size(wanted)  # before more is read
    if not wanted:
        raise invalid(error(agreement.nothing_matches(passed_over), "targets"))
    scheduled = iter(aggregation_runs.schedule(wanted))
    telemetry.emit({"AggregationsScheduled": len(wanted)})
    return Reply([[run_out(next(scheduled), bulk=True) for _ in group] for group in groups])


def _known_members(drawn: Sequence[tuple[tuple[str | int, ...], Drawn]]) -> Members:
    """The members of the groups that are drawn from, given by the path to each.

    Raises the 400 Problem for projects, traces and groups that do not exist, and for what draws from nothing.
    """
    known: dict[str, Any] = {
        "projects": projects.get_many({id for _, one in drawn for id in one.projects}),
        "traces": traces.get_many({id for _, one in drawn for id in one.traces}),
    }
    groups = trace_groups.get_many({one.group for _, one in drawn if one.group is not None})
    errors = []
    for at, one in drawn:
        if not any(one.drawn().values()):
            errors.append(error("Name projects, traces, derivatives or a group to add up.", *at))
        for name, found in known.items():
            errors += _missing(getattr(one, name), found, name.removesuffix("s"), *at, name)
        if one.group is not None and one.group not in groups:
            errors.append(error(f"There is no trace group {one.group}.", *at, "group"))
    refuse_any(errors)
    members = trace_groups.members_of(list(groups.values()))
    refuse_any(
        [
            error(
                f"No trace fits trace group {one.group}; traces/?group={one.group} lists those that do.", *at, "group"
            )
            for at, one in drawn
            if one.group is not None and not members[one.group]
        ]
    )
    return members


def _missing(named: Sequence[int], found: Any, item: str, *at: str | int) -> list[ErrorItem]:
    return [error(f"There is no {item} {id}.", *at, index) for index, id in enumerate(named) if id not in found]


def _check_waiting(body: AggregationRunIn) -> None:
    """Raises the 400 Problem for a batch or derivatives that do not exist; others look at the latter as they choose."""
    if batches.get(body.after_batch or 0) is None:
        raise invalid(error(f"There is no batch {body.after_batch}.", "after_batch"))
    refuse_any(_missing(body.derivatives, stored_derivatives.get_many(body.derivatives), "derivative", "derivatives"))


def _choice(selection: Selection, *at: str | int) -> Choice:
    """The derivatives of a selection. Raises the 400 Problem for too many of them, or for unknown ones."""
    try:
        choice = choosing.choose(selection)
    except TooManyError as problem:
        raise invalid(error(str(problem), *at)) from None
    unknown = [index for index, id in enumerate(selection.derivatives) if id in choice.missing]
    refuse_any(
        [
            error(f"There is no derivative {selection.derivatives[index]}.", *at, "derivatives", index)
            for index in unknown
        ]
    )
    return choice


def _chosen(selection: Selection, *, mix: bool) -> Chosen:
    """The derivatives of a selection, which agree; `mix`: but for the method of intervals. Raises the 400 Problem."""
    choice = _choice(selection)
    try:
        kind, unit = agreement.single(choice.units, choice.passed_over)
        draft = choice.drafts[kind]
        agreement.check_methods(draft.methods, mix=mix)
    except agreement.DisagreementError as problem:
        raise _disagreement(problem) from None
    return Chosen(kind, unit, draft, choice.without_result)


def _combinations(target: AggregationTarget, choice: Choice, index: int) -> list[tuple[AggregationSpec, Chosen]]:
    """A run for each kind of derivative that a target has, in the vocabulary's order. Raises the 400 Problem."""
    runs = []
    for kind in sorted(choice.drafts, key=lambda kind: kind.order):
        draft = choice.drafts[kind]
        try:
            unit = agreement.unit_of(kind, draft.units)
            agreement.check_methods(draft.methods, mix=target.mix_uncertainty)
        except agreement.DisagreementError as problem:
            raise _disagreement(problem, "targets", index) from None
        spec = AggregationSpec(
            **target.drawn(),
            **kind._asdict(),
            aggregation_interpretation=target.aggregation_interpretation,
            mix_uncertainty=target.mix_uncertainty,
        )
        runs.append((spec, Chosen(kind, unit, draft, choice.without_result)))
    return runs


def _disagreement(problem: agreement.DisagreementError, *at: str | int) -> Exception:
    return invalid(*(error(sentence, *at, *([field] if field else [])) for field, sentence in problem.problems))


def _check_size(wanted: Sequence[tuple[AggregationSpec, Chosen]]) -> None:
    """Raises the 400 Problem for a bulk request of more than one request, or one response, can hold."""
    derivatives = sum(chosen.draft.rows.count for _, chosen in wanted)
    named = [[spec.projects, spec.traces, spec.derivatives] for spec, _ in wanted]
    if len(wanted) > MOST_RUNS:
        detail = f"These targets make more than {MOST_RUNS} runs, the most of one request; split it."
    elif derivatives > MAX_DERIVATIVES:
        detail = f"These targets have more than {MAX_DERIVATIVES:,} derivatives, the most of one request; split it."
    elif sum(RUN_BYTES + lambda_bytes(ids) for ids in named) > MOST_BULK_BYTES:
        detail = "The runs of these targets name more ids than one response holds; split them."
    else:
        return
    raise invalid(error(detail, "targets"))
