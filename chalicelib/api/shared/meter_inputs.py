"""The serialized meter input that clients post."""

import json
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, TypeAdapter
from pydantic_core import from_json

from chalicelib import vocabulary
from chalicelib.api.http import validation
from chalicelib.api.http.endpoints import READ
from chalicelib.api.http.fields import (
    MAX_NAME,
    Arguments,
    DateOrInstant,
    Instant,
    Name,
    Reading,
    Station,
    TimeZone,
    TraceInterpretation,
    Zipcode,
)
from chalicelib.api.http.items import Items
from chalicelib.api.http.problems import FORBIDDEN, MAX_ERRORS, ErrorItem, Problem, error, invalid, raise_if_any
from chalicelib.api.shared.reporting_windows import ReportingWindow
from chalicelib.api.shared.temperatures import Temperature, Unit, fahrenheit, range_error
from chalicelib.store.shared import documents, signatures

MAX_RECORDS = 300_000  # per series; a body of 6 MB has room for fewer, as a valid record has more than 20 bytes
# What every number beyond the range of a float has: its exponent, or as many digits.
_MAYBE_NOT_FINITE = re.compile(rb"NaN|Infinity|[eE]\+?\d{3}|\d{309}")
LIST = Strict(False)  # a tuple that is given as a list, which is all that JSON has


class Part(BaseModel):
    """A part of a meter input; unknown keys are ignored, as in the original datastore."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False, defer_build=True)


class InputRecord(Part):
    """A reading. The type ARBITRARY has start and end, ARBITRARY_START only start, ARBITRARY_END only end.

    A date alone means midnight in the project's time zone.
    """

    start: DateOrInstant | None = None
    end: DateOrInstant | None = None
    value: Reading | None = None
    estimated: bool = False
    duplicate: bool = Field(
        default=False, description="Whether there were several different values, of which this is the last."
    )


class InputTrace(Part):
    """The readings of the meter."""

    type: Literal["ARBITRARY", "ARBITRARY_START", "ARBITRARY_END"]
    trace_id: str | None = None
    interpretation: TraceInterpretation
    unit: str = Field(
        max_length=MAX_NAME, description="The unit of the values, as for a trace; they are stored in KWH or THERM."
    )
    posted_unit: Annotated[str, Field(max_length=MAX_NAME)] | None = Field(
        default=None, description="The original unit, if the values are already converted, as in a stored input."
    )
    heat_content: float | None = Field(
        default=None, description="Only for gas by volume: the therms in one `unit`, or in one `posted_unit`."
    )
    readings: vocabulary.ReadingType | None = Field(
        default=None,
        description="Whether a value is the consumption of a period (`consumption`), or a read of the meter's register "
        "at an instant (`register`), which is the record's `start` or `end`. Null: consumption, and a run fails if the "
        "values look like register reads.",
    )
    zero_is_reading: bool = Field(
        default=False, description="Whether 0 is a valid reading of electricity, rather than a missing one."
    )
    interval: str | None = None
    records: Annotated[list[InputRecord], Items(MAX_RECORDS)]


class Period(Part):
    """A modeling period; null leaves that end open. A date alone means midnight in the project's time zone."""

    start: DateOrInstant | None = None
    end: DateOrInstant | None = None


class PeriodGroup(Part):
    """The periods before and after the measure."""

    baseline_period: Period
    reporting_period: Period


class InputProject(Part):
    """The project of the trace."""

    type: Literal["PROJECT_WITH_SINGLE_MODELING_PERIOD_GROUP"]
    project_id: str | None = None
    zipcode: Zipcode | None = None
    timezone: TimeZone = "UTC"
    modeling_period_group: PeriodGroup


class InputWeather(Part):
    """Hourly temperatures as `[start, temperature]` pairs, from -130 to 140 °F or -90 to 60 °C."""

    station: Station | None = None
    unit: Unit
    records: Annotated[list[Annotated[tuple[Instant, Temperature | None], LIST]], Items(MAX_RECORDS)]


class MeterInput(Part):
    """The serialized input of a meter run. If weather is left out, that of a station near the ZIP code is used."""

    type: Literal["SINGLE_TRACE_SIMPLE_PROJECT"]
    trace: InputTrace
    project: InputProject
    weather: InputWeather | None = None
    weather_normal: InputWeather | None = None
    model_class: Name | None = None
    model_kwargs: Arguments | None = None
    formatter_class: Name | None = None
    formatter_kwargs: Arguments | None = None
    uncertainty: vocabulary.UncertaintyMethod | None = None
    reporting_window: ReportingWindow | None = None


@cache
def adapter() -> TypeAdapter[MeterInput]:
    """The validator of a meter input in a string, built on first use."""
    return TypeAdapter(MeterInput)


REQUIRED_TIMES = {"ARBITRARY": ("start", "end"), "ARBITRARY_START": ("start",), "ARBITRARY_END": ("end",)}


def resolved(given: MeterInput | str, raw: bytes, scopes: Collection[str]) -> dict[str, Any] | str:
    """A posted meter input, normalized, or the key of one that is already stored.

    raw: the body that has it. scopes: of the token. Raises the 400 Problem, or the 403 Problem for a URL.
    """
    if isinstance(given, str):
        if not given.lstrip().startswith("{"):
            return _key_of(given.strip(), scopes)
        return normalized(validation.from_json(adapter(), given, "meter_input"), _parsed(given.encode()))
    return normalized(given, _parsed(raw)["meter_input"])


def _parsed(raw: bytes) -> dict[str, Any]:
    """Valid JSON as Python values. Raises the 400 Problem for NaN and Infinity, which an ignored key may have."""
    parsed: dict[str, Any] = from_json(raw)
    if _MAYBE_NOT_FINITE.search(raw):
        try:
            json.dumps(parsed, allow_nan=False)
        except ValueError:
            detail = "JSON does not allow NaN and Infinity; use null, or numbers below 1e308."
            raise invalid(error(detail, "meter_input")) from None
    return parsed


def normalized(given: MeterInput, raw: dict[str, Any]) -> dict[str, Any]:
    """The posted document with the datastore's interpretation name and units. Raises the 400 Problem."""
    raise_if_any(list(islice(_errors(given), MAX_ERRORS)))
    unit, factor = _unit(given.trace)
    trace = {**raw["trace"], "interpretation": given.trace.interpretation, "unit": unit}
    converted = given.trace.posted_unit is not None and not vocabulary.is_volume(given.trace.unit)
    if unit != given.trace.unit and not converted:
        trace["posted_unit"] = given.trace.unit
    if factor != 1.0:
        trace["records"] = [
            record if record.get("value") is None else {**record, "value": record["value"] * factor}
            for record in trace["records"]
        ]
    document = {**raw, "trace": trace}
    for name in ("weather", "weather_normal"):
        if document.get(name) is not None and document[name]["unit"] == "C":
            document[name] = _in_fahrenheit(document[name])
    return document


def _unit(trace: InputTrace) -> tuple[str, float]:
    """The datastore's unit, and the factor that converts a value to it. Raises ValueError and HeatContentError."""
    return vocabulary.normalized_unit(trace.unit, trace.interpretation, trace.heat_content, trace.posted_unit)


def _in_fahrenheit(weather: dict[str, Any]) -> dict[str, Any]:
    records = [[start, None if value is None else fahrenheit(value, "C")] for start, value in weather["records"]]
    return {**weather, "unit": "F", "records": records}


def _errors(given: MeterInput) -> Iterator[ErrorItem]:
    try:
        _unit(given.trace)
    except vocabulary.HeatContentError as problem:
        yield error(f"{problem}.", "meter_input", "trace", "heat_content")
    except ValueError as problem:
        yield error(f"{problem}.", "meter_input", "trace", "unit")
    if given.trace.readings == "register" and given.trace.type == "ARBITRARY":
        detail = (
            "A register is read at one instant, but records of type ARBITRARY have two; use the type ARBITRARY_START "
            "with the instant as start."
        )
        yield error(detail, "meter_input", "trace", "readings")
    for index, record in enumerate(given.trace.records):
        for name in REQUIRED_TIMES[given.trace.type]:
            if getattr(record, name) is None:
                detail = f"This record has no {name}; in a trace of type {given.trace.type} it is required."
                yield error(detail, "meter_input", "trace", "records", index, name)
    yield from _temperature_errors("weather", given.weather)
    yield from _temperature_errors("weather_normal", given.weather_normal)
    if given.weather is None and given.project.zipcode is None:
        detail = "There is neither weather nor a ZIP code to find it; give one of them."
        yield error(detail, "meter_input", "project", "zipcode")


def _temperature_errors(name: str, weather: InputWeather | None) -> Iterator[ErrorItem]:
    if weather is None:
        return
    for index, (_, temperature) in enumerate(weather.records):
        if temperature is not None and (why := range_error(temperature, weather.unit)):
            yield error(why, "meter_input", name, "records", index, 1)


def _key_of(url: str, scopes: Collection[str]) -> str:
    """The key of an input from its URL, with which whoever has it may read the input."""
    if READ not in scopes:  # the response has a new URL of the input, which would outlive the given one
        detail = (
            "A URL as meter_input also needs the scope read, which the token lacks. Use a token with both "
            "scopes, or post the meter input itself."
        )
        raise Problem(FORBIDDEN, detail)
    key = documents.key_of(url)
    if key is not None and (why := signatures.why_refused(url, datetime.now(UTC))):
        detail = f"This URL {why}. Get its meter run again for a new URL, or post the meter input itself."
        raise invalid(error(detail, "meter_input"))
    if key is None or not documents.exists(key):
        detail = (
            "This is neither a meter input as JSON nor the URL of one that this datastore returned; nothing is fetched "
            "from other servers. Post the meter input itself."
        )
        raise invalid(error(detail, "meter_input"))
    return key
