"""Temperatures as they come in, in °F or °C, and as they are kept, in °F."""

from typing import Annotated, Literal

from pydantic import Field

Unit = Literal["F", "C"]

LIMITS: dict[Unit, tuple[float, float]] = {"F": (-130.0, 140.0), "C": (-90.0, 60.0)}  # a little beyond the records

Temperature = Annotated[float, Field(json_schema_extra={"minimum": LIMITS["F"][0], "maximum": LIMITS["F"][1]})]


def fahrenheit(temperature: float, unit: Unit) -> float:
    """A temperature in °F."""
    return temperature if unit == "F" else temperature * 1.8 + 32.0


def wrong(temperature: float, unit: Unit) -> str | None:
    """Why a temperature cannot be one of this Earth, in a sentence; None: it can."""
    if _is_possible(temperature, unit):
        return None
    coldest, hottest = LIMITS[unit]
    other: Unit = "C" if unit == "F" else "F"
    hint = f"if it is in °{other}, give that unit; " if _is_possible(temperature, other) else ""
    return (
        f"{temperature:g} °{unit} is outside {coldest:g} to {hottest:g} °{unit}; {hint}leave out the hours that were "
        "not observed, whose temperature is a sentinel such as 999.9."
    )


def _is_possible(temperature: float, unit: Unit) -> bool:
    coldest, hottest = LIMITS[unit]
    return coldest <= temperature <= hottest
