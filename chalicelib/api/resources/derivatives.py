"""derivatives/"""

from typing import Annotated

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib.api.http.collections import CollectionEndpoints
from chalicelib.api.http.endpoints import Example, Resource
from chalicelib.api.http.fields import OUTPUT, Id, Ids, Several, Timestamp
from chalicelib.api.http.times import timestamp
from chalicelib.api.shared.interpretations import Interpretation
from chalicelib.api.shared.result_filters import ResultQuery
from chalicelib.store.results import derivatives
from chalicelib.store.shared.pages import Page
from chalicelib.store.tables.results import Derivative
from chalicelib.vocabulary import SPREAD_NUMBERS, UncertaintyMethod

DESCRIPTION = """\
The numbers of meter results, one derivative for each interpretation:

- `annualized_weather_normal`: both models with the weather of the normal year.
- `gross_predicted`: both models with the weather of the reporting period.
- `gross_observed`: the baseline model with that weather, and the metered consumption, over the days that have both.

The savings are `baseline_value - reporting_value`, or the reverse for energy generated on site; the half-width of their
95% interval is `sqrt(baseline_lower**2 + reporting_lower**2)`. `uncertainty` is the method for the interval, which a
meter run can choose. `systematic_error` is the error that the interval does not include; it matters when the savings of
many meters are added up.
"""
resource = Resource("derivatives", "derivative", DESCRIPTION)

HalfWidth = Annotated[
    float | None,
    Field(description="Half-width of the 95% interval: `lower` is subtracted from the value, `upper` added."),
]
Days = Annotated[float | None, Field(description="The number of days that the value covers.")]
Method = Annotated[UncertaintyMethod, Field(description="The method for the 95% intervals.")]
SystematicError = Annotated[
    float | None,
    Field(
        ge=0,
        description="An upper bound, in `unit`, on the error of the savings that meters of the same kind with the same "
        "weather share. It is not included in the half-widths, and does not average out over a portfolio. Null if it "
        "has not been measured for the model.",
    ),
]
StandardError = Annotated[
    float | None, Field(description="The standard error of the value, in `unit`; null if the method has none.")
]
DegreesOfFreedom = Annotated[
    float | None,
    Field(
        description="The degrees of freedom of Student's t distribution; the half-width is its quantile times the "
        "standard error."
    ),
]
NoiseAutocorrelation = Annotated[
    float | None,
    Field(
        description="The lag-1 autocorrelation of the residuals, from one day to the next; assumed to be 0 for bills."
    ),
]
NoiseExponent = Annotated[
    float | None,
    Field(
        description="The exponent p if the standard deviation of the residuals is proportional to load**p: 0 is "
        "constant, 1 is proportional to the load; assumed to be 0.7 for bills."
    ),
]


@with_config(OUTPUT)
class DerivativeOut(TypedDict):
    """One quantity of a meter result, before and after the measure."""

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
    uncertainty: Method
    systematic_error: SystematicError
    baseline_standard_error: StandardError
    baseline_degrees_of_freedom: DegreesOfFreedom
    baseline_noise_autocorrelation: NoiseAutocorrelation
    baseline_noise_exponent: NoiseExponent
    reporting_standard_error: StandardError
    reporting_degrees_of_freedom: DegreesOfFreedom
    reporting_noise_autocorrelation: NoiseAutocorrelation
    reporting_noise_exponent: NoiseExponent
    added: Timestamp
    updated: Timestamp


class DerivativeQuery(ResultQuery):
    """Filters for derivatives."""

    meter_result: Ids = Field(default=[], description="Ids of meter results; several are separated by commas.")
    interpretation: Annotated[list[Interpretation], *Several] = Field(
        default=[], description="Interpretations; several are separated by commas."
    )


def derivative_out(derivative: Derivative) -> DerivativeOut:
    """A derivative as shown in responses."""
    return {
        "id": derivative.id,
        "meter_result": derivative.meter_result,
        "trace": derivative.trace,
        "project": derivative.project,
        "trace_interpretation": derivative.trace_interpretation,
        "interpretation": derivative.interpretation,
        "unit": derivative.unit,
        "baseline_value": derivative.baseline_value,
        "baseline_lower": derivative.baseline_lower,
        "baseline_upper": derivative.baseline_upper,
        "baseline_n": derivative.baseline_n,
        "reporting_value": derivative.reporting_value,
        "reporting_lower": derivative.reporting_lower,
        "reporting_upper": derivative.reporting_upper,
        "reporting_n": derivative.reporting_n,
        "uncertainty": derivative.uncertainty,
        "systematic_error": derivative.systematic_error,
        **dict(zip(SPREAD_NUMBERS, derivative.spread or [None] * len(SPREAD_NUMBERS), strict=True)),  # type: ignore[typeddict-item]
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
    "uncertainty": "regression",
    "systematic_error": 11.0,
    "baseline_standard_error": 108.9,
    "baseline_degrees_of_freedom": 360.0,
    "baseline_noise_autocorrelation": 0.31,
    "baseline_noise_exponent": 1.0,
    "reporting_standard_error": 101.0,
    "reporting_degrees_of_freedom": 360.0,
    "reporting_noise_autocorrelation": 0.28,
    "reporting_noise_exponent": 1.0,
    "added": "2016-09-28T23:57:25.114235Z",
    "updated": "2016-09-28T23:57:25.114235Z",
}


collection = CollectionEndpoints[Derivative](resource, DerivativeOut, derivative_out)


@collection.list(DerivativeQuery, examples={"one derivative": Example(response=[EXAMPLE])})
def list_derivatives(query: DerivativeQuery) -> Page[Derivative]:
    """List derivatives."""
    return derivatives.page(meter_result=query.meter_result, interpretation=query.interpretation, **query.filters())


@collection.get(examples={"a derivative": Example(response=EXAMPLE)})
def get_derivative(id: int) -> Derivative | None:
    """Get a derivative."""
    return derivatives.get(id)
