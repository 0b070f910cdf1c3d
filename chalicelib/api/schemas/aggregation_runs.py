"""Aggregation runs in requests and responses."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.alternatives import ID, SOME, any_of
from chalicelib.api.http.fields import (
    MAX_ITEMS,
    OUTPUT,
    Body,
    Id,
    PageQuery,
    Several,
    Timestamp,
    TraceCode,
    TraceInterpretation,
    Url,
)
from chalicelib.api.http.items import Items
from chalicelib.api.http.times import timestamp
from chalicelib.api.schemas.meter_runs import Status
from chalicelib.api.shared.interpretations import Interpretation
from chalicelib.store.collections import trace_groups
from chalicelib.store.results.choosing import Selection
from chalicelib.store.shared import documents
from chalicelib.store.tables.runs import AggregationRun
from chalicelib.vocabulary import SHORT_CODES

AggregationInterpretation = Annotated[
    Literal["SUM", "MEAN"], Field(description="SUM, or MEAN: the sum divided by the number of derivatives in it.")
]
Ids = Annotated[list[Id], Items(MAX_ITEMS)]
MAX_RUNS = 200  # per bulk request: each run is an execution of the state machine, and all start at once
Members = Mapping[int, list[trace_groups.Member]]  # by the id of the group


class Sources(Body):
    """Where the derivatives come from."""

    model_config = ConfigDict(
        json_schema_extra=any_of({"projects": SOME}, {"traces": SOME}, {"derivatives": SOME}, {"group": ID})
    )

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
        description="Whether intervals of different methods may be combined; otherwise they are refused.",
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

    trace_interpretations: Annotated[list[TraceInterpretation], Items(MAX_ITEMS, min_length=1)] | None = Field(
        default=None, description="The ones to run, by full name or short code; null: all."
    )
    derivative_interpretations: Annotated[list[Interpretation], Items(MAX_ITEMS, min_length=1)] | None = Field(
        default=None, description="The ones to run; null: all."
    )

    @property
    def selected(self) -> str:
        """What it selects: the same text for all targets with the same selection."""
        return self.model_dump_json(exclude={"aggregation_interpretation", "mix_uncertainty"})

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

    targets: Annotated[list[AggregationTarget], Items(MAX_RUNS, min_length=1)] = Field(
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
            description="A presigned URL (GET it without a token) of the request and every selected derivative with "
            "its values. It changes when the derivatives are selected: if the run has yet to do that, GET the run "
            "again once it has ended."
        ),
    ]
    trace_interpretation: Annotated[TraceCode | None, Field(description="Null until the derivatives are selected.")]
    derivative_interpretation: Interpretation | None
    aggregation_interpretation: AggregationInterpretation
    aggregation_result: Annotated[Id | None, Field(description="The id of the result, once the status is SUCCESS.")]
    failure_message: Annotated[str | None, Field(description="Why the run FAILED and how to fix it.")]
    traceback: str | None
    added: Timestamp
    updated: Timestamp
    group: Id | None
    after_batch: Id | None
    mix_uncertainty: Annotated[bool, Field(description="Whether intervals of different methods may be combined.")]


class AggregationRunQuery(PageQuery):
    """Filters for aggregation runs."""

    status: Annotated[list[Status], *Several] = Field(
        default=[], description="Statuses; several are separated by commas."
    )


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
