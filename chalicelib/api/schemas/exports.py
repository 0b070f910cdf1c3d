"""What an export can be limited to."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.http.fields import MAX_VALUES, Body, Id, Instant, TraceInterpretation
from chalicelib.api.schemas.aggregation_runs import AggregationInterpretation
from chalicelib.api.shared.interpretations import Interpretation
from chalicelib.store.exports.columns import Kind

Format = Literal["csv", "parquet"]
Several = Field(min_length=1, max_length=MAX_VALUES)
SomeIds = Annotated[list[Id], Several]


class ExportFilters(Body):
    """The filters of an export; one that is left out accepts all."""

    project: SomeIds | None = Field(default=None, description="Ids of projects.")
    trace: SomeIds | None = Field(default=None, description="Ids of traces.")
    batch: SomeIds | None = Field(default=None, description="Ids of batches.")
    meter_run: SomeIds | None = Field(default=None, description="Ids of meter runs.")
    meter_result: SomeIds | None = Field(default=None, description="Ids of meter results.")
    aggregation_run: SomeIds | None = Field(default=None, description="Ids of aggregation runs.")
    group: Id | None = Field(default=None, description="The id of a trace group, with its filter as it is now.")
    newest: bool | None = Field(
        default=None,
        description="Only those of the newest successful meter run of each trace and project. Savings also have the "
        "last run that ended if it FAILED; for them, it is true by default unless there is a `batch`.",
    )
    interpretation: Annotated[list[Interpretation], Several] | None = Field(
        default=None, description="Interpretations of derivatives."
    )
    trace_interpretation: Annotated[list[TraceInterpretation], Several] | None = Field(
        default=None, description="Interpretations of traces, as full names or short codes."
    )
    derivative_interpretation: Annotated[list[Interpretation], Several] | None = Field(
        default=None, description="Interpretations of the derivatives that were aggregated."
    )
    aggregation_interpretation: Annotated[list[AggregationInterpretation], Several] | None = Field(
        default=None, description="SUM or MEAN."
    )
    start: Instant | None = Field(default=None, description="Only records that start at or after this instant.")
    end: Instant | None = Field(default=None, description="Only records that start before this instant.")


_RESULTS = ("project", "trace", "batch", "group", "newest")
FILTERS_OF: Mapping[Kind, tuple[str, ...]] = {
    "savings": (*_RESULTS, "interpretation"),
    "meter_results": (*_RESULTS, "meter_run"),
    "derivatives": (*_RESULTS, "meter_result", "interpretation"),
    "aggregation_results": (
        "aggregation_run",
        "trace_interpretation",
        "derivative_interpretation",
        "aggregation_interpretation",
    ),
    "trace_records": ("project", "trace", "group", "trace_interpretation", "start", "end"),
}
