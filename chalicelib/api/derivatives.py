"""derivatives/"""

from typing import Annotated, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.endpoints import READ, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.fields import OUTPUT, Id, PageQuery, Timestamp
from chalicelib.api.paging import LINK, page_of
from chalicelib.api.times import timestamp
from chalicelib.store import derivatives
from chalicelib.store.tables import Derivative

DESCRIPTION = """\
The numbers of meter results, one derivative for each interpretation:

- `annualized_weather_normal`: both models on the normal year.
- `gross_predicted`: both models on the weather of the reporting period.
- `gross_observed`: the baseline model on that weather, and what the meter read, over the days that have both.

The savings are `baseline_value - reporting_value`, and the half-width of their 95 % interval is
`sqrt(baseline_lower**2 + reporting_lower**2)`.
"""
resource = Resource("derivatives", "derivative", DESCRIPTION)

Interpretation = Annotated[
    Literal["annualized_weather_normal", "gross_predicted", "gross_observed"],
    Field(
        description="Which numbers: both models on the normal year; both on the weather of the reporting period; or "
        "the baseline model on that weather and what the meter read."
    ),
]
HalfWidth = Annotated[
    float | None,
    Field(description="Half-width of the 95 % interval: `lower` is subtracted from the value, `upper` added."),
]
Days = Annotated[float | None, Field(description="The number of days behind the value.")]


@with_config(OUTPUT)
class DerivativeOut(TypedDict):
    """A number of a meter result, before and after the measure."""

    id: Id
    meter_result: Id
    trace: Id | None
    project: Id | None
    trace_interpretation: str
    interpretation: Interpretation
    unit: str
    baseline_value: float | None
    baseline_lower: HalfWidth
    baseline_upper: HalfWidth
    baseline_n: Days
    reporting_value: float | None
    reporting_lower: HalfWidth
    reporting_upper: HalfWidth
    reporting_n: Days
    added: Timestamp
    updated: Timestamp


class DerivativeQuery(PageQuery):
    """The filters of derivatives."""

    project: Id | None = Field(default=None, description="The id of a project.")
    trace: Id | None = Field(default=None, description="The id of a trace.")
    meter_result: Id | None = Field(default=None, description="The id of a meter result.")
    interpretation: Interpretation | None = Field(default=None, description="The interpretation.")


def derivative_out(derivative: Derivative) -> DerivativeOut:
    """A derivative as a response shows it."""
    return {
        "id": derivative.id,
        "meter_result": derivative.meter_result,
        "trace": derivative.trace,
        "project": derivative.project,
        "trace_interpretation": derivative.trace_interpretation,
        "interpretation": derivative.interpretation,  # type: ignore[typeddict-item]
        "unit": derivative.unit,
        "baseline_value": derivative.baseline_value,
        "baseline_lower": derivative.baseline_lower,
        "baseline_upper": derivative.baseline_upper,
        "baseline_n": derivative.baseline_n,
        "reporting_value": derivative.reporting_value,
        "reporting_lower": derivative.reporting_lower,
        "reporting_upper": derivative.reporting_upper,
        "reporting_n": derivative.reporting_n,
        "added": timestamp(derivative.added),
        "updated": timestamp(derivative.updated),
    }


EXAMPLE = {
    "id": 1,
    "meter_result": 1,
    "trace": 2,
    "project": 1,
    "trace_interpretation": "ELECTRICITY_CONSUMPTION_SUPPLIED",
    "interpretation": "annualized_weather_normal",
    "unit": "KWH",
    "baseline_value": 11012.4,
    "baseline_lower": 214.1,
    "baseline_upper": 214.1,
    "baseline_n": 365,
    "reporting_value": 9921.3,
    "reporting_lower": 198.7,
    "reporting_upper": 198.7,
    "reporting_n": 365,
    "added": "2016-09-28T23:57:25.114235Z",
    "updated": "2016-09-28T23:57:25.114235Z",
}


@resource.endpoint(
    "GET",
    "/derivatives/",
    scope=READ,
    query=DerivativeQuery,
    returns=list[DerivativeOut],
    headers=LINK,
    examples={"one derivative": Example(response=[EXAMPLE])},
)
def list_derivatives(call: Call[None, DerivativeQuery]) -> Reply:
    """List derivatives."""
    found = derivatives.page(after=call.query.after, limit=call.query.limit, **call.query.filters())
    return page_of(call, [derivative_out(derivative) for derivative in found.items], found.next)


@resource.endpoint(
    "GET",
    "/derivatives/{id}/",
    scope=READ,
    returns=DerivativeOut,
    examples={"a derivative": Example(response=EXAMPLE)},
)
def get_derivative(call: Call[None, NoQuery]) -> Reply:
    """Get a derivative."""
    derivative = derivatives.get(call.id)
    if derivative is None:
        raise call.not_found()
    return Reply(derivative_out(derivative))
