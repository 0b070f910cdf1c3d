"""The interpretation of a derivative: which models and which weather its numbers compare."""

from typing import Annotated, Literal

from pydantic import Field

Interpretation = Annotated[
    Literal["annualized_weather_normal", "gross_predicted", "gross_observed"],
    Field(
        description="Which numbers: both models with the weather of the normal year; both models with the weather of "
        "the reporting period; or the baseline model with that weather, and the metered consumption."
    ),
]
