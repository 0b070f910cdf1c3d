"""Temperatures: posted in °F or °C, stored in °F."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.vocabulary import TEMPERATURE_LIMITS

Unit = Literal["F", "C"]

Temperature = Annotated[
    float, Field(json_schema_extra={"minimum": TEMPERATURE_LIMITS["F"][0], "maximum": TEMPERATURE_LIMITS["F"][1]})
]


def fahrenheit(temperature: float, unit: Unit) -> float:
    """Convert a temperature to °F."""
    return temperature if unit == "F" else temperature * 1.8 + 32.0


def range_error(temperature: float, unit: Unit) -> str | None:
    """The error message for a temperature that cannot occur on Earth; None: it can."""
    if _is_possible(temperature, unit):
        return None
    coldest, hottest = TEMPERATURE_LIMITS[unit]
    other: Unit = "C" if unit == "F" else "F"
    hint = f"if it is in °{other}, give that unit; " if _is_possible(temperature, other) else ""
    return (
        f"{temperature:g} °{unit} is outside {coldest:g} to {hottest:g} °{unit}; {hint}leave out the hours without an "
        "observation, which often have a sentinel value such as 999.9."
    )


def _is_possible(temperature: float, unit: Unit) -> bool:
    coldest, hottest = TEMPERATURE_LIMITS[unit]
    return coldest <= temperature <= hottest
