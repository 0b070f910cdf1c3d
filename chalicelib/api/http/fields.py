"""The kinds of value that several schemas share."""

import json
import re
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from chalicelib import vocabulary
from chalicelib.api.http.times import EARLIEST, LATEST

MOST_ITEMS = 10_000  # in a POST that takes a list
MOST_ARGUMENT_BYTES = 20_000  # of JSON in one free-form object: it is kept with every run and every result
BARE_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
ZIPCODE, STATION = r"^[0-9]{5}$", r"^[0-9A-Z]{6}$"


class Body(BaseModel):
    """A JSON object on the way in: nothing is converted, nothing unknown is taken."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Query(BaseModel):
    """The parameters of a query."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, defer_build=True)


class PageQuery(Query):
    """The parameters of every list."""

    limit: int = Field(default=100, ge=1, le=1000, description="How many items a page holds at most.")
    after: int = Field(
        default=0,
        ge=0,
        le=2**53 - 1,
        description="Where the page starts; the Link header of a page has the next one's.",
    )

    def filters(self) -> dict[str, Any]:
        """All parameters but those of the page."""
        return {name: value for name, value in self if name not in PageQuery.model_fields}


def small(value: Any) -> Any:
    """Raises ValueError for what JSON cannot say or a row of a table cannot hold."""
    try:
        size = len(json.dumps(value, allow_nan=False).encode())
    except ValueError:
        raise ValueError("JSON has no NaN and no Infinity") from None
    if size > MOST_ARGUMENT_BYTES:
        raise ValueError(f"this is {size:,} bytes of JSON, and the datastore keeps at most {MOST_ARGUMENT_BYTES:,}")
    return value


def _scalar(value: Any) -> Any:
    if isinstance(value, dict | list):
        raise ValueError("metadata is flat: a value is a string, a number, true, false or null")
    return value


def _instant(given: Any) -> Any:
    """What ISO 8601 says; pydantic would also take a number in a string, as seconds since 1970.

    Every room reads timestamps with this function, so none fails later on one that was let in here.
    """
    if not isinstance(given, str):
        return given
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        hint = "; in a URL a + is written %2B" if " " in given else ""
        raise ValueError(f"{given!r} is not an ISO 8601 timestamp such as 2016-09-28T23:57:21Z{hint}") from None


def in_range(instant: datetime) -> datetime:
    """Raises ValueError for an instant that is no time of a meter."""
    if not EARLIEST <= instant < LATEST:
        raise ValueError(f"a timestamp lies between the years {EARLIEST.year} and {LATEST.year - 1}")
    return instant


def _or_midnight(given: Any, instant: ValidatorFunctionWrapHandler) -> Any:
    """The midnight of a bare date without an offset, which nothing else lacks here; of all else the instant."""
    if not isinstance(given, str) or not BARE_DATE.fullmatch(given):
        return instant(given)
    midnight = _instant(given)
    in_range(midnight.replace(tzinfo=UTC))
    return midnight


@cache
def _timezones() -> frozenset[str]:
    """IANA's names, from the package that ships them: the machine's own files also hold other things."""
    return frozenset((resources.files("tzdata") / "zones").read_text().split())


def _known_timezone(name: str) -> str:
    if name not in _timezones():
        raise ValueError(f"{name!r} is not an IANA time zone such as America/Chicago")
    return name


Id = Annotated[int, Field(ge=1, le=2**53 - 1)]
Reading = Annotated[float, Field(ge=-1e12, le=1e12)]
Key = Annotated[str, Field(min_length=1, max_length=255)]
Instant = Annotated[AwareDatetime, BeforeValidator(_instant), AfterValidator(in_range)]
DateOrInstant = Annotated[
    Instant,
    WrapValidator(_or_midnight),  # api.times.in_timezone makes an instant of it
    WithJsonSchema({"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]}),
]
Zipcode = Annotated[str, Field(pattern=ZIPCODE, examples=["60601"])]
Station = Annotated[str, Field(pattern=STATION, examples=["724390"])]
TimeZone = Annotated[str, AfterValidator(_known_timezone), Field(examples=["America/Chicago"])]
TraceInterpretation = Annotated[
    str,
    AfterValidator(vocabulary.full_name),
    Field(json_schema_extra={"enum": [*vocabulary.SHORT_CODES, *vocabulary.INTERPRETATIONS]}),
]
TraceCode = Annotated[str, Field(json_schema_extra={"enum": list(vocabulary.INTERPRETATIONS)})]
Arguments = Annotated[dict[str, Any], AfterValidator(small)]
Scalar = Annotated[
    Any, AfterValidator(_scalar), Field(json_schema_extra={"type": ["string", "number", "boolean", "null"]})
]  # a union would point at each of its members instead of at the value
Metadata = Annotated[dict[str, Scalar], AfterValidator(small)]
Timestamp = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
        json_schema_extra={"format": "date-time"},
        examples=["2016-09-28T23:57:21.454235Z"],
    ),
]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
OUTPUT = ConfigDict(extra="forbid", defer_build=True)  # of a response: exactly the keys that it documents
