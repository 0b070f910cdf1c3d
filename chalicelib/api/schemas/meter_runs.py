"""Meter runs in requests and responses."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.alternatives import GIVEN, ID, NULL, any_of
from chalicelib.api.http.fields import (
    MAX_ITEMS,
    OUTPUT,
    Arguments,
    Body,
    Id,
    Ids,
    Name,
    PageQuery,
    Several,
    Timestamp,
    Url,
)
from chalicelib.api.http.items import Items
from chalicelib.api.http.problems import error, invalid
from chalicelib.api.http.times import timestamp
from chalicelib.api.http.validation import OBJECT, TEXT, object_or_text
from chalicelib.api.shared.data_quality import DataQualities
from chalicelib.api.shared.meter_inputs import MeterInput
from chalicelib.api.shared.reporting_windows import WINDOW, ReportingWindow
from chalicelib.api.shared.targets import Target
from chalicelib.store.shared import documents
from chalicelib.store.tables.runs import MeterRun
from chalicelib.vocabulary import FailureReason, UncertaintyMethod

Status = Literal["PENDING", "RUNNING", "SUCCESS", "FAILED"]

UNCERTAINTY = """\
The method for the 95% intervals; null: the default of the model.

- `regression`: the delta method, from the fitted model; the default for the models it is validated for.
- `guideline14`: ASHRAE Guideline 14 as eemeter 4.1.1 implements it.
- `caltrack`: CalTRACK 4.3.2.2, with a single autocorrelation correction.
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


AnyMeterInput = Annotated[
    Annotated[MeterInput, Tag(OBJECT)]
    | Annotated[str, Tag(TEXT), Field(description="A MeterInput as JSON, or its URL.")],
    Discriminator(object_or_text),
]


class RunArguments(Body):
    """How to fit the models; null: the default for the trace."""

    model_class: Name | None = Field(
        default=None,
        description="`DailyModel`, `DailyLegacyModel`, `CaltrackBillingModel`, `BillingModel`, `HourlyModel` or "
        "`HourlyCaltrackModel`, the name that the original OpenEEmeter datastore used for one of them, or a model of "
        "this deployment; null: `DailyModel` for daily or more frequent readings, and `CaltrackBillingModel` for "
        "bills.",
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
        '`{"outliers": "exclude"}` leaves out readings far from comparable ones; the default is `keep`.',
    )
    uncertainty: UncertaintyMethod | None = Field(default=None, description=UNCERTAINTY)
    reporting_window: ReportingWindow | None = Field(default=None, description=WINDOW)

    def arguments(self) -> dict[str, Any]:
        """The arguments of every run of the request."""
        return {name: getattr(self, name) for name in RunArguments.model_fields}


ONE_RUN = (
    {"trace": ID, "meter_input": NULL},
    {"project": ID, "meter_input": NULL},
    {"meter_input": GIVEN, "trace": NULL, "project": NULL},
)


class MeterRunIn(RunArguments):
    """A meter run to schedule, for a trace or a meter input."""

    model_config = ConfigDict(json_schema_extra=any_of(*ONE_RUN))

    trace: Id | None = Field(default=None, description="The id of the trace; optional if the project has exactly one.")
    project: Id | None = Field(
        default=None, description="The id of the project; optional if the trace belongs to exactly one."
    )
    meter_input: AnyMeterInput | None = Field(
        default=None,
        description="Instead of trace and project: the complete serialized input, as an object, as a JSON string, or "
        "as the URL of an input that this datastore returned, until it expires; a URL also needs the scope `read`.",
    )

    def require_input_alone(self) -> None:
        """Raise the 400 Problem if there is a trace or project along with the meter input."""
        if self.trace is not None or self.project is not None:
            detail = "The run has both a meter_input and a trace or project; give either the meter_input or the others."
            raise invalid(error(detail, "meter_input"))


class BulkIn(RunArguments):
    """Meter runs to schedule at once."""

    targets: Annotated[list[Target], Items(MAX_ITEMS, min_length=1)] = Field(
        description="What to run: projects, traces, traces for one project each, trace groups, all traces, or runs "
        "that have FAILED."
    )


@with_config(OUTPUT)
class MeterRunOut(TypedDict):
    """A meter run."""

    id: Id
    project: Id | None
    trace: Id | None
    status: Annotated[Status, Field(description="PENDING, then RUNNING, then SUCCESS or FAILED; it never moves back.")]
    meter_input: Annotated[
        Url | None,
        Field(
            description="A presigned URL (GET it without a token) of the complete serialized input. Null until the run "
            "has ended or an attempt has failed; of a run with a posted meter_input, the posted one until then."
        ),
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
            description="The data-quality report of a run that FAILED, except because of the machine or before its "
            "readings were checked; that of a SUCCESS is in its result."
        ),
    ]
    reporting_window: Annotated[
        ReportingWindow | None, Field(description="The requested reporting window; null: `first_year`.")
    ]


class MeterRunQuery(PageQuery):
    """Filters for meter runs."""

    project: Ids = Field(default=[], description="Ids of projects; several are separated by commas.")
    trace: Ids = Field(default=[], description="Ids of traces; several are separated by commas.")
    status: Annotated[list[Status], *Several] = Field(
        default=[], description="Statuses; several are separated by commas."
    )
    batch: Ids = Field(default=[], description="Ids of batches; several are separated by commas.")
    failure_reason: Annotated[list[FailureReason], *Several] = Field(
        default=[], description=f"{FAILURE_REASON}\nSeveral are separated by commas."
    )


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
