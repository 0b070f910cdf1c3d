"""meter_runs/"""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, with_config
from pydantic_core import from_json
from typing_extensions import TypedDict

from chalicelib import telemetry
from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import MOST_ITEMS, OUTPUT, Arguments, Body, Id, PageQuery, Timestamp, Url
from chalicelib.api.http.paging import LINK, page_of
from chalicelib.api.http.problems import error, invalid
from chalicelib.api.http.serving import lambda_bytes
from chalicelib.api.http.times import timestamp
from chalicelib.api.http.validation import OBJECT, TEXT
from chalicelib.api.resources import checks
from chalicelib.api.shared import examples
from chalicelib.api.shared.data_quality import DataQualities
from chalicelib.api.shared.meter_inputs import MeterInput, resolved, stored_key
from chalicelib.api.shared.reporting_windows import WINDOW, ReportingWindow
from chalicelib.api.shared.targets import Target, pairs_of, single
from chalicelib.store.runs import meter_runs as runs
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.shared import documents
from chalicelib.store.tables import MeterRun
from chalicelib.vocabulary import FailureReason, UncertaintyMethod

resource = Resource("meter_runs", "meter run", "Fits of one trace of one project, before and after its measure.")

MOST_RUNS = 10_000  # of one bulk request
MOST_BULK_BYTES = 5_500_000  # of its response, below Lambda's 6 MB
RUN_BYTES = 360  # of one run in a response, its arguments aside

Status = Literal["PENDING", "RUNNING", "SUCCESS", "FAILED"]

UNCERTAINTY = """\
The method of the 95 % intervals; null: the default of the model that runs.

- `regression`: the delta method, from the fitted model; the default where it is proven (docs/validation.md).
- `guideline14`: ASHRAE Guideline 14 as eemeter 4.1.1 implements it.
- `caltrack`: CalTRACK 4.3.2.2, autocorrelation corrected once.
- `bootstrap`: seeded parametric refits; `CaltrackBillingModel` only.
"""


FAILURE_REASON = """\
Why a run FAILED.

- `data`: the readings, or the dates of the project.
- `sufficiency`: a baseline that sufficiency criteria disqualify.
- `weather`: temperatures that are missing, or do not fit.
- `model`: an unknown model or argument, or a model that cannot be computed from these data.
- `machine`: the datastore gave the run up, and its data are not at fault.
"""


def _kind(value: Any) -> str | None:
    return OBJECT if isinstance(value, dict | MeterInput) else TEXT if isinstance(value, str) else None


AnyMeterInput = Annotated[
    Annotated[MeterInput, Tag(OBJECT)]
    | Annotated[str, Tag(TEXT), Field(description="A MeterInput as JSON, or its URL.")],
    Discriminator(_kind),
]


class RunArguments(Body):
    """How to fit; null stands for what suits the trace."""

    model_class: str | None = Field(
        default=None,
        max_length=255,
        description="`DailyModel`, `DailyLegacyModel`, `CaltrackBillingModel`, `BillingModel`, `HourlyModel` or "
        "`HourlyCaltrackModel`, what the original datastore called one of them, or one of the deployment's own; null: "
        "`DailyModel` for readings of a day or less, and `CaltrackBillingModel` for bills.",
    )
    model_kwargs: Arguments | None = Field(default=None, description="The settings of the model.")
    formatter_class: str | None = Field(
        default=None,
        max_length=255,
        description="How the data are prepared: `daily`, `billing` (of either billing model), `caltrack_billing` or "
        "`hourly`; null: as the model needs it.",
    )
    formatter_kwargs: Arguments | None = Field(
        default=None,
        description='`{"ignore_sufficiency": true}` fits also data that sufficiency criteria disqualify. '
        "Otherwise a disqualified baseline fails the run, and a disqualified reporting period has no model. "
        '`{"outliers": "exclude"}` leaves out readings far from all others like them; the default is `keep`.',
    )
    uncertainty: UncertaintyMethod | None = Field(default=None, description=UNCERTAINTY)
    reporting_window: ReportingWindow | None = Field(default=None, description=WINDOW)

    def arguments(self) -> dict[str, Any]:
        """The arguments, which every run of the request takes."""
        return {name: getattr(self, name) for name in RunArguments.model_fields}


class MeterRunIn(RunArguments):
    """A meter run to schedule: of a trace, or of a meter input."""

    trace: Id | None = Field(default=None, description="The trace; implied by a project that has exactly one.")
    project: Id | None = Field(default=None, description="The project; implied by a trace that belongs to exactly one.")
    meter_input: AnyMeterInput | None = Field(
        default=None,
        description="Instead of trace and project: the complete serialized input, as an object, as a string that holds "
        "one, or as the URL of an input that this datastore gave out.",
    )


class BulkIn(RunArguments):
    """Meter runs to schedule at once."""

    targets: Annotated[list[Target], Field(min_length=1, max_length=MOST_ITEMS)] = Field(
        description="What to run: projects, traces, traces for one project each, and trace groups."
    )


class CheckIn(MeterRunIn):
    """What to check: the body of a meter run, or that of a bulk request, which has targets."""

    targets: Annotated[list[Target], Field(min_length=1, max_length=MOST_ITEMS)] | None = Field(
        default=None, description="Instead of trace, project and meter_input: what a bulk request runs."
    )


@with_config(OUTPUT)
class MeterRunOut(TypedDict):
    """A meter run."""

    id: Id
    project: Id | None
    trace: Id | None
    status: Annotated[Status, Field(description="Only ever moves forward.")]
    meter_input: Annotated[
        Url | None, Field(description="The complete serialized input, for a plain GET; null until the run has it.")
    ]
    model_class: str | None
    model_kwargs: dict[str, Any] | None
    formatter_class: str | None
    formatter_kwargs: dict[str, Any] | None
    failure_message: Annotated[str | None, Field(description="Why the run FAILED, and what to do.")]
    traceback: str | None
    added: Timestamp
    updated: Timestamp
    meter_result: Annotated[Id | None, Field(description="The result, once the run is a SUCCESS.")]
    batch: Annotated[Id | None, Field(description="The batch of the bulk request that scheduled the run.")]
    uncertainty: Annotated[
        UncertaintyMethod | None,
        Field(description="The method of the intervals that was asked for; the result has the one that was used."),
    ]
    failure_reason: Annotated[
        FailureReason | None,
        Field(description=f"{FAILURE_REASON}\nNull: it has not FAILED, or did before reasons were kept."),
    ]
    data_quality: Annotated[
        DataQualities | None,
        Field(
            description="What was found in the data of a run that FAILED because of them or of its weather; that of a "
            "SUCCESS is in its result."
        ),
    ]
    reporting_window: Annotated[
        ReportingWindow | None, Field(description="The reporting window that was asked for; null: `first_year`.")
    ]


class MeterRunQuery(PageQuery):
    """The filters of meter runs."""

    project: Id | None = Field(default=None, description="The id of a project.")
    trace: Id | None = Field(default=None, description="The id of a trace.")
    status: Status | None = Field(default=None, description="The status.")
    batch: Id | None = Field(default=None, description="The id of a batch.")
    failure_reason: FailureReason | None = Field(default=None, description=FAILURE_REASON)


def run_out(run: MeterRun) -> dict[str, Any]:
    """A meter run as a response shows it: a MeterRunOut, but for the order of its keys."""
    model = {"model_class": run.model_class, "model_kwargs": run.model_kwargs}
    formatter = {"formatter_class": run.formatter_class, "formatter_kwargs": run.formatter_kwargs}
    # The reference document shows the model first where the client gave arguments, and the formatter first elsewhere.
    given = any(value is not None for value in (*model.values(), *formatter.values()))
    return {
        "id": run.id,
        "project": run.project,
        "trace": run.trace,
        "status": run.status,
        "meter_input": None if run.meter_input is None else documents.url(run.meter_input),
        **(model | formatter if given else formatter | model),
        "failure_message": run.failure_message,
        "traceback": run.traceback,
        "added": timestamp(run.added),
        "updated": timestamp(run.updated),
        "meter_result": run.meter_result,
        "batch": run.batch,
        "uncertainty": run.uncertainty,
        "failure_reason": run.failure_reason,
        "data_quality": run.data_quality,
        "reporting_window": run.reporting_window,
    }


@resource.endpoint(
    "GET",
    "/meter_runs/",
    scope=READ,
    query=MeterRunQuery,
    returns=list[MeterRunOut],
    headers=LINK,
    examples={"one run": Example(response=[examples.RUN])},
)
def list_meter_runs(call: Call[None, MeterRunQuery]) -> Reply:
    """List meter runs."""
    found = runs.page(after=call.query.after, limit=call.query.limit, **call.query.filters())
    return page_of(call, [run_out(run) for run in found.items], found.next)


@resource.endpoint(
    "GET",
    "/meter_runs/{id}/",
    scope=READ,
    returns=MeterRunOut,
    examples={"a run": Example(response=examples.RUN)},
)
def get_meter_run(call: Call[None, NoQuery]) -> Reply:
    """Get a meter run."""
    run = runs.get(call.id)
    if run is None:
        raise call.not_found()
    return Reply(run_out(run))


@resource.endpoint(
    "POST",
    "/meter_runs/",
    scope=WRITE,
    body=MeterRunIn,
    returns=MeterRunOut,
    status=201,
    headers={"Location": "The path of the meter run."},
    examples={
        "a trace": Example({"trace": 2}, examples.RUN),
        "with its arguments": Example(examples.EXPLICIT_IN, examples.EXPLICIT_RUN),
        "a year of a program": Example({"trace": 2, "reporting_window": {"start": "2018-01-01", "end": "2019-01-01"}}),
        "a meter input": Example({"meter_input": examples.METER_INPUT}, examples.INPUT_RUN),
    },
)
def schedule_meter_run(call: Call[MeterRunIn, NoQuery]) -> Reply:
    """Schedule a meter run.

    Give a trace, a project that has one trace, both, or the complete `meter_input`. A project that the trace does not
    belong to is accepted, as in the reference document: the trace is then run with the periods of that project.
    """
    body = call.body
    if body.meter_input is not None:
        _refuse_beside_input(body)
        key = stored_key(body.meter_input, from_json(call.raw)["meter_input"])
        spec = RunSpec(meter_input=key, **body.arguments())
    else:
        project, trace = single(body.project, body.trace)
        spec = RunSpec(project=project, trace=trace, **body.arguments())
    run = runs.schedule(spec)
    telemetry.note(meter_run=run.id)
    telemetry.emit({"RunsScheduled": 1})
    return Reply(run_out(run), {"Location": f"/api/v1/meter_runs/{run.id}/"})


@resource.endpoint(
    "POST",
    "/meter_runs/bulk/",
    scope=WRITE,
    body=BulkIn,
    returns=list[list[MeterRunOut]],
    status=201,
    headers={"Location": "The path of the batch, `/api/v1/batches/{id}/`, which counts the runs by status."},
    examples={
        "two projects": Example({"targets": [{"project": 1}, {"project": 2}]}, examples.BULK),
        "a trace group": Example({"targets": [{"group": 1}]}),
        "the latest year of a trace group": Example({"targets": [{"group": 1}], "reporting_window": "latest_year"}),
    },
)
def schedule_meter_runs(call: Call[BulkIn, NoQuery]) -> Reply:
    """Schedule the meter runs of many targets.

    The response groups the runs by target, in the order of the targets; a project without traces has an empty group.
    A target with both runs its trace for its project, also where the trace does not belong to it. A trace group runs
    each of its traces for each of its projects with which it fits, ordered by trace and then project; those that belong
    to no project cannot be run and are left out.
    """
    groups = pairs_of(call.body.targets)
    pairs = [pair for group in groups for pair in group]
    arguments = call.body.arguments()
    _check_size(len(pairs), arguments)
    specs = [RunSpec(project=project, trace=trace, **arguments) for project, trace in pairs]
    batch, scheduled = runs.schedule_batch(specs)
    telemetry.note(batch=batch)
    telemetry.emit({"RunsScheduled": len(scheduled)})
    rendered = iter([run_out(run) for run in scheduled])
    grouped = [[next(rendered) for _ in group] for group in groups]
    return Reply(grouped, {"Location": f"/api/v1/batches/{batch}/"})


@resource.endpoint(
    "POST",
    "/meter_runs/check/",
    scope=READ,
    body=CheckIn,
    returns=checks.ChecksOut,
    errors={503: "No run could be checked now; `Retry-After` says when to try again, in seconds."},
    examples={
        "a trace": Example({"trace": 2}, checks.EXAMPLE),
        "a project": Example({"targets": [{"project": 1}]}, checks.BULK_EXAMPLE),
        "a meter input": Example({"meter_input": examples.METER_INPUT}),
    },
)
def check_meter_runs(call: Call[CheckIn, NoQuery]) -> Reply:
    """Check what meter runs would find in their data.

    Takes the body of a meter run or of a bulk request, and needs the scope `read`: nothing is scheduled, fitted,
    fetched or written. The response has the data-quality report of each run, its warnings, and the failure that it
    would end with, as far as that is known before a model is fitted. Of many runs a sample is checked.
    """
    body = call.body
    return Reply(checks.summary(_runs_to_check(body, call.raw), body.arguments()))


def _runs_to_check(body: CheckIn, raw: bytes) -> list[dict[str, Any]]:
    """The runs that a body schedules, as chalicelib.jobs.check_runs takes them. Raises the 400 Problem."""
    if body.targets is not None:
        if beside := [name for name in ("trace", "project", "meter_input") if getattr(body, name) is not None]:
            raise invalid(*(error(f"A check has either targets or a {name}.", name) for name in beside))
        pairs = [pair for group in pairs_of(body.targets) for pair in group]
        _check_size(len(pairs), body.arguments())
    elif body.meter_input is not None:
        _refuse_beside_input(body)
        given = resolved(body.meter_input, from_json(raw)["meter_input"])
        return [{"meter_input": given} if isinstance(given, str) else {"document": given}]
    else:
        pairs = [single(body.project, body.trace)]
    return [{"project": project, "trace": trace} for project, trace in pairs]


def _refuse_beside_input(body: MeterRunIn) -> None:
    """Raises the 400 Problem for a meter input with a trace or project."""
    if body.trace is not None or body.project is not None:
        raise invalid(error("A run has either a meter_input or a trace and project.", "meter_input"))


def _check_size(count: int, arguments: dict[str, Any]) -> None:
    """Raises the 400 Problem for a bulk request of no run, or of too many for one response."""
    if count == 0:
        raise invalid(error("None of the targets has a trace to run.", "targets"))
    size = RUN_BYTES + lambda_bytes(arguments)
    most = min(MOST_RUNS, MOST_BULK_BYTES // size)
    if count > most:
        detail = f"These targets make {count:,} runs, and one request makes at most {most:,}; split it into several."
        raise invalid(error(detail, "targets"))
