"""meter_runs/"""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, with_config
from pydantic_core import from_json
from typing_extensions import TypedDict

from chalicelib import telemetry
from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import MAX_ITEMS, OUTPUT, Arguments, Body, Id, Name, PageQuery, Timestamp, Url
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
from chalicelib.api.shared.targets import Target, pairs_of, single_pair
from chalicelib.store.runs import meter_runs
from chalicelib.store.runs.meter_runs import RunSpec
from chalicelib.store.shared import documents
from chalicelib.store.tables import MeterRun
from chalicelib.vocabulary import FailureReason, UncertaintyMethod

resource = Resource(
    "meter_runs", "meter run", "Models fitted to one trace of one project, before and after its measure."
)

MAX_RUNS = 10_000  # per bulk request
MAX_BULK_BYTES = 5_500_000  # of its response, below Lambda's limit of 6 MB
RUN_BYTES = 360  # per run in a response, without its arguments

Status = Literal["PENDING", "RUNNING", "SUCCESS", "FAILED"]

UNCERTAINTY = """\
The method for the 95 % intervals; null: the default of the model.

- `regression`: the delta method, from the fitted model; the default for the models it is validated for
  (docs/validation.md).
- `guideline14`: ASHRAE Guideline 14 as eemeter 4.1.1 implements it.
- `caltrack`: CalTRACK 4.3.2.2, with one correction for autocorrelation.
- `bootstrap`: a seeded parametric bootstrap; only for `CaltrackBillingModel`.
"""


FAILURE_REASON = """\
Why a run FAILED.

- `data`: the readings, or the dates of the project.
- `sufficiency`: a baseline that the sufficiency criteria disqualify.
- `weather`: temperatures that are missing or unsuitable.
- `model`: an unknown model or argument, or a model that cannot be computed from these data.
- `machine`: the datastore could not complete the run; its data are not the cause.
"""


def _kind(value: Any) -> str | None:
    return OBJECT if isinstance(value, dict | MeterInput) else TEXT if isinstance(value, str) else None


AnyMeterInput = Annotated[
    Annotated[MeterInput, Tag(OBJECT)]
    | Annotated[str, Tag(TEXT), Field(description="A MeterInput as JSON, or its URL.")],
    Discriminator(_kind),
]


class RunArguments(Body):
    """How to fit the models; null: the default for the trace."""

    model_class: Name | None = Field(
        default=None,
        description="`DailyModel`, `DailyLegacyModel`, `CaltrackBillingModel`, `BillingModel`, `HourlyModel` or "
        "`HourlyCaltrackModel`, the original datastore's name for one of them, or a model of this deployment; null: "
        "`DailyModel` for daily or more frequent readings, and `CaltrackBillingModel` for bills.",
    )
    model_kwargs: Arguments | None = Field(default=None, description="The settings of the model.")
    formatter_class: Name | None = Field(
        default=None,
        description="How the data are prepared: `daily`, `billing` (for either billing model), `caltrack_billing` or "
        "`hourly`; null: as the model requires.",
    )
    formatter_kwargs: Arguments | None = Field(
        default=None,
        description='`{"ignore_sufficiency": true}` also fits data that the sufficiency criteria disqualify. '
        "Otherwise a disqualified baseline fails the run, and a disqualified reporting period has no model. "
        '`{"outliers": "exclude"}` leaves out readings far from all similar ones; the default is `keep`.',
    )
    uncertainty: UncertaintyMethod | None = Field(default=None, description=UNCERTAINTY)
    reporting_window: ReportingWindow | None = Field(default=None, description=WINDOW)

    def arguments(self) -> dict[str, Any]:
        """The arguments of every run of the request."""
        return {name: getattr(self, name) for name in RunArguments.model_fields}


class MeterRunIn(RunArguments):
    """A meter run to schedule, for a trace or a meter input."""

    trace: Id | None = Field(default=None, description="The id of the trace; optional if the project has exactly one.")
    project: Id | None = Field(
        default=None, description="The id of the project; optional if the trace belongs to exactly one."
    )
    meter_input: AnyMeterInput | None = Field(
        default=None,
        description="Instead of trace and project: the complete serialized input, as an object, as a JSON string, or "
        "as the URL of an input that this datastore returned.",
    )


class BulkIn(RunArguments):
    """Meter runs to schedule at once."""

    targets: Annotated[list[Target], Field(min_length=1, max_length=MAX_ITEMS)] = Field(
        description="What to run: projects, traces, traces for one project each, or trace groups."
    )


class CheckIn(MeterRunIn):
    """What to check: the body of a meter run or, with targets, of a bulk request."""

    targets: Annotated[list[Target], Field(min_length=1, max_length=MAX_ITEMS)] | None = Field(
        default=None, description="Instead of trace, project and meter_input: the targets of a bulk request."
    )


@with_config(OUTPUT)
class MeterRunOut(TypedDict):
    """A meter run."""

    id: Id
    project: Id | None
    trace: Id | None
    status: Annotated[Status, Field(description="PENDING, then RUNNING, then SUCCESS or FAILED; it never moves back.")]
    meter_input: Annotated[
        Url | None, Field(description="The complete serialized input, for a GET without a token; null until it exists.")
    ]
    model_class: str | None
    model_kwargs: dict[str, Any] | None
    formatter_class: str | None
    formatter_kwargs: dict[str, Any] | None
    failure_message: Annotated[str | None, Field(description="Why the run FAILED and how to fix it.")]
    traceback: str | None
    added: Timestamp
    updated: Timestamp
    meter_result: Annotated[Id | None, Field(description="The id of the result, once the status is SUCCESS.")]
    batch: Annotated[Id | None, Field(description="The id of the batch, if a bulk request scheduled the run.")]
    uncertainty: Annotated[
        UncertaintyMethod | None,
        Field(description="The requested method for the intervals; the result has the one that was used."),
    ]
    failure_reason: Annotated[
        FailureReason | None,
        Field(description=f"{FAILURE_REASON}\nNull: it has not FAILED, or FAILED before reasons were stored."),
    ]
    data_quality: Annotated[
        DataQualities | None,
        Field(
            description="The data-quality report of a run that FAILED because of its data or weather; that of a "
            "SUCCESS is in its result."
        ),
    ]
    reporting_window: Annotated[
        ReportingWindow | None, Field(description="The requested reporting window; null: `first_year`.")
    ]


class MeterRunQuery(PageQuery):
    """Filters for meter runs."""

    project: Id | None = Field(default=None, description="The id of a project.")
    trace: Id | None = Field(default=None, description="The id of a trace.")
    status: Status | None = Field(default=None, description="The status.")
    batch: Id | None = Field(default=None, description="The id of a batch.")
    failure_reason: FailureReason | None = Field(default=None, description=FAILURE_REASON)


def run_out(run: MeterRun) -> dict[str, Any]:
    """A meter run as shown in responses: a MeterRunOut, except for the order of its keys."""
    model = {"model_class": run.model_class, "model_kwargs": run.model_kwargs}
    formatter = {"formatter_class": run.formatter_class, "formatter_kwargs": run.formatter_kwargs}
    # The reference document shows the model first if the client gave arguments, and the formatter first otherwise.
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
    found = meter_runs.page(after=call.query.after, limit=call.query.limit, **call.query.filters())
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
    run = meter_runs.get(call.id)
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
        _check_only_input(body)
        key = stored_key(body.meter_input, from_json(call.raw)["meter_input"])
        spec = RunSpec(meter_input=key, **body.arguments())
    else:
        project, trace = single_pair(body.project, body.trace)
        spec = RunSpec(project=project, trace=trace, **body.arguments())
    run = meter_runs.schedule(spec)
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
    errors={503: "No run is scheduled; runs that are already listed disappear within minutes."},
    examples={
        "two projects": Example({"targets": [{"project": 1}, {"project": 2}]}, examples.BULK),
        "a trace group": Example({"targets": [{"group": 1}]}),
        "the latest year of a trace group": Example({"targets": [{"group": 1}], "reporting_window": "latest_year"}),
    },
)
def schedule_meter_runs(call: Call[BulkIn, NoQuery]) -> Reply:
    """Schedule the meter runs of many targets.

    The response groups the runs by target, in the order of the targets; a project without traces has an empty group.
    A target with a project and a trace runs this trace for this project, even if the trace does not belong to it. A
    trace group runs each of its traces for each of the trace's projects with which it matches the filter, ordered by
    trace and then project; traces that belong to no project cannot be run and are left out.
    """
    groups = pairs_of(call.body.targets)
    pairs = [pair for group in groups for pair in group]
    arguments = call.body.arguments()
    _check_size(len(pairs), arguments)
    specs = [RunSpec(project=project, trace=trace, **arguments) for project, trace in pairs]
    batch, scheduled = meter_runs.schedule_batch(specs)
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
    errors={503: "No run could be checked; try again after the seconds in `Retry-After`."},
    examples={
        "a trace": Example({"trace": 2}, checks.EXAMPLE),
        "a project": Example({"targets": [{"project": 1}]}, checks.BULK_EXAMPLE),
        "a meter input": Example({"meter_input": examples.METER_INPUT}),
    },
)
def check_meter_runs(call: Call[CheckIn, NoQuery]) -> Reply:
    """Check what meter runs would find in their data.

    Accepts the body of a meter run or of a bulk request. It only needs the scope `read`: nothing is scheduled, fitted,
    fetched or written. The response has the data-quality report of each run, its warnings, and the failure that it
    would end with, as far as that is known before a model is fitted. If there are many runs, a sample is checked.
    """
    body = call.body
    return Reply(checks.summary(_runs_to_check(body, call.raw), body.arguments()))


def _runs_to_check(body: CheckIn, raw: bytes) -> list[dict[str, Any]]:
    """The runs that the body would schedule, as chalicelib.jobs.check_runs accepts them. Raises the 400 Problem."""
    if body.targets is not None:
        if extra := [name for name in ("trace", "project", "meter_input") if getattr(body, name) is not None]:
            raise invalid(*(error(f"The check has both targets and a {name}; give only one.", name) for name in extra))
        pairs = [pair for group in pairs_of(body.targets) for pair in group]
        _check_size(len(pairs), body.arguments())
    elif body.meter_input is not None:
        _check_only_input(body)
        given = resolved(body.meter_input, from_json(raw)["meter_input"])
        return [{"meter_input": given} if isinstance(given, str) else {"document": given}]
    else:
        pairs = [single_pair(body.project, body.trace)]
    return [{"project": project, "trace": trace} for project, trace in pairs]


def _check_only_input(body: MeterRunIn) -> None:
    """Raise the 400 Problem if there is a trace or project along with the meter input."""
    if body.trace is not None or body.project is not None:
        detail = "The run has both a meter_input and a trace or project; give either the meter_input or the others."
        raise invalid(error(detail, "meter_input"))


def _check_size(count: int, arguments: dict[str, Any]) -> None:
    """Raise the 400 Problem if a bulk request makes no runs, or too many for one response."""
    if count == 0:
        raise invalid(error("None of the targets has a trace to run; give targets with traces.", "targets"))
    size = RUN_BYTES + lambda_bytes(arguments)
    limit = min(MAX_RUNS, MAX_BULK_BYTES // size)
    if count > limit:
        detail = f"These targets make {count:,} runs; the limit is {limit:,}, so split them into several requests."
        raise invalid(error(detail, "targets"))
