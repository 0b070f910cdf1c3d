"""aggregation_results/"""

from typing import Annotated, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.collections import CollectionEndpoints
from chalicelib.api.http.endpoints import Example, Resource
from chalicelib.api.http.fields import (
    OUTPUT,
    Id,
    Ids,
    PageQuery,
    Several,
    Timestamp,
    TraceCode,
    TraceInterpretation,
    Url,
)
from chalicelib.api.http.times import timestamp
from chalicelib.api.schemas.aggregation_runs import AggregationInterpretation
from chalicelib.api.shared import examples
from chalicelib.api.shared.interpretations import Interpretation
from chalicelib.store.results import aggregation_results
from chalicelib.store.shared import documents
from chalicelib.store.shared.pages import Page
from chalicelib.store.tables.results import AggregationResult
from chalicelib.vocabulary import SHORT_CODES, UncertaintyMethod

DESCRIPTION = """\
The results of successful aggregation runs. The savings are the differential: baseline minus reporting, or the reverse
for energy generated on site. Half-widths are those of the 95% interval: `sqrt(sum(h**2))` over the derivatives'
half-widths, assuming independent errors. Errors that meters share are reported separately, as `systematic_error`.
"""
resource = Resource("aggregation_results", "aggregation result", DESCRIPTION)

Value = Annotated[float, Field(description="In `unit`.")]
HalfWidth = Annotated[
    float,
    Field(ge=0, description="Half-width of the 95% interval: `lower` is subtracted from the value, `upper` added."),
]
Days = Annotated[int, Field(ge=0, description="The number of days that the values cover, summed over the derivatives.")]
Methods = Annotated[
    list[UncertaintyMethod],
    Field(description="The methods for the derivatives' intervals, sorted; only one, unless they were mixed."),
]
SystematicError = Annotated[
    float | None,
    Field(
        ge=0,
        description="An upper bound, in `unit`, on errors that meters of the same kind with the same weather share; "
        "they add up rather than average out, and are not included in the half-widths (CalTRACK 4.3.2.6). "
        "It is the sum over the derivatives, for MEAN divided by their number; null if none of them has one.",
    ),
]


@with_config(OUTPUT)
class AggregationResultOut(TypedDict):
    """An aggregation result."""

    id: Id
    aggregation_run: Id
    trace_interpretation: TraceCode
    derivative_interpretation: Interpretation
    aggregation_interpretation: AggregationInterpretation
    aggregation_output: Annotated[
        Url,
        Field(description="A presigned URL (GET it without a token) of the result and the status of each derivative."),
    ]
    derivatives: Annotated[
        list[Id] | None,
        Field(
            description="The ids of those that were selected, including rejected ones; null if there are more than "
            "50,000. The `status` in the `aggregation_output` lists them all."
        ),
    ]
    unit: str
    baseline_value: Value
    baseline_lower: HalfWidth
    baseline_upper: HalfWidth
    baseline_n: Days
    reporting_value: Value
    reporting_lower: HalfWidth
    reporting_upper: HalfWidth
    reporting_n: Days
    differential_direction: Literal["BASELINE_MINUS_REPORTING", "REPORTING_MINUS_BASELINE"]
    differential_value: Value
    differential_lower: HalfWidth
    differential_upper: HalfWidth
    differential_n: Days
    uncertainty: Methods
    systematic_error: SystematicError
    systematic_error_n: Annotated[
        int,
        Field(ge=0, description="The number of derivatives that have a systematic error, and are in its sum."),
    ]
    eemeter_version: Annotated[
        str, Field(description="The version of the meter results; several are separated by commas.")
    ]
    datastore_version: str
    added: Timestamp
    updated: Timestamp


class AggregationResultQuery(PageQuery):
    """Filters for aggregation results."""

    aggregation_run: Ids = Field(default=[], description="Ids of aggregation runs; several are separated by commas.")
    trace_interpretation: Annotated[list[TraceInterpretation], *Several] = Field(
        default=[], description="Full names or short codes; several are separated by commas."
    )
    derivative_interpretation: Annotated[list[Interpretation], *Several] = Field(
        default=[], description="Interpretations; several are separated by commas."
    )
    aggregation_interpretation: Annotated[list[AggregationInterpretation], *Several] = Field(
        default=[], description="SUM or MEAN; several are separated by commas."
    )


def result_out(result: AggregationResult) -> AggregationResultOut:
    """An aggregation result as shown in responses."""
    return {
        "id": result.id,
        "aggregation_run": result.aggregation_run,
        "trace_interpretation": SHORT_CODES[result.trace_interpretation],
        "derivative_interpretation": result.derivative_interpretation,  # type: ignore[typeddict-item]
        "aggregation_interpretation": result.aggregation_interpretation,  # type: ignore[typeddict-item]
        "aggregation_output": documents.url(result.aggregation_output),
        "derivatives": result.derivatives,
        "unit": result.unit,
        "baseline_value": result.baseline_value,
        "baseline_lower": result.baseline_lower,
        "baseline_upper": result.baseline_upper,
        "baseline_n": result.baseline_n,
        "reporting_value": result.reporting_value,
        "reporting_lower": result.reporting_lower,
        "reporting_upper": result.reporting_upper,
        "reporting_n": result.reporting_n,
        "differential_direction": result.differential_direction,  # type: ignore[typeddict-item]
        "differential_value": result.differential_value,
        "differential_lower": result.differential_lower,
        "differential_upper": result.differential_upper,
        "differential_n": result.differential_n,
        "uncertainty": result.uncertainty,
        "systematic_error": result.systematic_error,
        "systematic_error_n": result.systematic_error_n,
        "eemeter_version": result.eemeter_version,
        "datastore_version": result.datastore_version,
        "added": timestamp(result.added),
        "updated": timestamp(result.updated),
    }


collection = CollectionEndpoints[AggregationResult](resource, AggregationResultOut, result_out)


@collection.list(AggregationResultQuery, examples={"one result": Example(response=[examples.AGGREGATION_RESULT])})
def list_aggregation_results(query: AggregationResultQuery) -> Page[AggregationResult]:
    """List aggregation results."""
    return aggregation_results.page(**dict(query))


@collection.get(examples={"a result": Example(response=examples.AGGREGATION_RESULT)})
def get_aggregation_result(id: int) -> AggregationResult | None:
    """Get an aggregation result."""
    return aggregation_results.get(id)
