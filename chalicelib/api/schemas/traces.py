"""Traces in requests and responses."""

from typing import Annotated, Any, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from chalicelib import vocabulary
from chalicelib.api.http.fields import (
    MAX_NAME,
    OUTPUT,
    Body,
    Id,
    Ids,
    Key,
    PageQuery,
    Several,
    Timestamp,
    TraceInterpretation,
)
from chalicelib.api.http.items import Items
from chalicelib.api.http.times import timestamp
from chalicelib.store.tables.collections import Trace

MAX_PROJECTS = 40  # per trace

DEFAULTS = {"projects": [], "zero_is_reading": False}  # the meaning of null
UNIT = (
    "The unit of the records you post: kWh, Wh, MWh, GWh, Btu, kBtu, MMBtu, MJ or GJ; for gas also therms, Dth, or a "
    "volume (CCF, MCF, cf, m3) with its `heat_content`. Electricity is stored in KWH, natural gas in THERM."
)

Unit = Annotated[str, Field(max_length=MAX_NAME, examples=["KWH", "kWh", "Wh", "THERM", "therms", "CCF", "m3"])]


class TraceChanges(Body):
    """Some fields of a trace; null resets a field."""

    trace_id: Key = Field(default="", description="Your own unique id for the trace.", examples=["METER-17-E"])
    interpretation: TraceInterpretation = Field(default="", description="What is metered: full name or short code.")
    unit: Unit = Field(default="", description=UNIT)
    projects: Annotated[list[Id], Items(MAX_PROJECTS)] | None = Field(
        default=None, description="The ids of the trace's projects; null: none."
    )
    heat_content: float | None = Field(
        default=None,
        description="Only for gas by volume: the therms in one posted unit, about 1.04 in a CCF, 10.4 in an MCF and "
        "0.366 in an m3. Divide MJ/m3 by 105.5 to get therms per m3.",
        examples=[1.036],
    )
    readings: vocabulary.ReadingType | None = Field(
        default=None,
        description="Whether a value is the consumption of a period (`consumption`), or a read of the meter's register "
        "at an instant (`register`). Null: consumption, and a run fails if the values look like register reads.",
    )
    zero_is_reading: bool | None = Field(
        default=False,
        description="Whether 0 is a valid reading of electricity, rather than a missing one; null: false.",
    )

    def given(self) -> dict[str, Any]:
        """The fields that were given, with null replaced by its default; `unit` as the client spells it."""
        given = self.model_dump(exclude_unset=True)
        given = {name: DEFAULTS.get(name) if value is None else value for name, value in given.items()}
        if "projects" in given:
            given["projects"] = sorted(set(given["projects"]))
        return given


class TraceIn(TraceChanges):
    """A trace to create."""

    trace_id: Key = Field(description="Your own unique id for the trace.", examples=["METER-17-E"])
    interpretation: TraceInterpretation = Field(description="What is metered: full name or short code.")
    unit: Unit = Field(description=UNIT)


@with_config(OUTPUT)
class TraceOut(TypedDict):
    """A trace."""

    id: Id
    trace_id: str
    interpretation: Annotated[str, Field(json_schema_extra={"enum": list(vocabulary.SHORT_CODES)})]
    unit: Literal["KWH", "THERM"]
    projects: list[Id]
    added: Timestamp
    updated: Timestamp
    posted_unit: Annotated[str, Field(description="The unit of the records that are posted, as the client spelled it.")]
    heat_content: Annotated[float | None, Field(description="The therms in one posted unit, if that is a volume.")]
    readings: Annotated[vocabulary.ReadingType | None, Field(description="Null if it was not given.")]
    zero_is_reading: bool


class TraceQuery(PageQuery):
    """Filters for traces."""

    projects: Ids = Field(
        default=[], description="Ids of projects that the traces belong to; several are separated by commas."
    )
    trace_id: Key | None = Field(default=None, description="Your own id for a trace.")
    interpretation: Annotated[list[TraceInterpretation], *Several] = Field(
        default=[], description="Full names or short codes; several are separated by commas."
    )
    group: Id | None = Field(default=None, description="The id of a trace group that the traces are in.")


def trace_out(trace: Trace) -> TraceOut:
    """A trace as shown in responses."""
    return {
        "id": trace.id,
        "trace_id": trace.trace_id,
        "interpretation": trace.interpretation,
        "unit": trace.unit,  # type: ignore[typeddict-item]
        "projects": trace.projects,
        "added": timestamp(trace.added),
        "updated": timestamp(trace.updated),
        "posted_unit": trace.posted_unit or trace.unit,
        "heat_content": trace.heat_content,
        "readings": trace.readings,  # type: ignore[typeddict-item]
        "zero_is_reading": trace.zero_is_reading,
    }


EXAMPLE_IN = {"trace_id": "METER-17-E", "interpretation": "E_C_S", "unit": "kWh", "projects": [1]}
EXAMPLE_OUT = {
    "id": 2,
    "trace_id": "METER-17-E",
    "interpretation": "ELECTRICITY_CONSUMPTION_SUPPLIED",
    "unit": "KWH",
    "projects": [1],
    "added": "2016-09-28T23:57:21.454235Z",
    "updated": "2016-09-28T23:57:21.454260Z",
    "posted_unit": "kWh",
    "heat_content": None,
    "readings": None,
    "zero_is_reading": False,
}
EXAMPLE_GAS_IN = {
    "trace_id": "METER-17-G",
    "interpretation": "NG_C_S",
    "unit": "CCF",
    "projects": [1],
    "heat_content": 1.036,
}
EXAMPLE_GAS_OUT = {
    **EXAMPLE_OUT,
    "id": 3,
    "trace_id": "METER-17-G",
    "interpretation": "NATURAL_GAS_CONSUMPTION_SUPPLIED",
    "unit": "THERM",
    "posted_unit": "CCF",
    "heat_content": 1.036,
}
