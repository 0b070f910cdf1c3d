"""Field types that several schemas share."""

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
from pydantic_core import PydanticKnownError

from chalicelib import vocabulary
from chalicelib.api.http.quoting import quoted
from chalicelib.api.http.times import EARLIEST, LATEST

MAX_ITEMS = 10_000  # per list in a request
MAX_VALUES = 100  # per filter
MAX_ARGUMENT_BYTES = 20_000  # bytes of JSON per free-form object, which is stored with every run and every result
BARE_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
ZIPCODE, STATION = r"^[0-9]{5}$", r"^[0-9A-Z]{6}$"
# For names: files, logs and other databases may truncate them at a NUL, and API Gateway replaces bytes that are not
# UTF-8 by U+FFFD, so that different names become one.
INTACT = r"^[^\x00\uFFFD]*$"
MAX_NAME = 255  # characters
INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")


class Body(BaseModel):
    """A JSON object in a request: values are not converted, and unknown fields are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, defer_build=True)


def _integer(given: Any) -> Any:
    """Refuse texts that are not a JSON integer, such as "1.0", "+1" and "1\\n", which pydantic accepts in a query."""
    if isinstance(given, str) and not INTEGER.fullmatch(given):
        raise PydanticKnownError("int_parsing")
    return given


def _values(given: Any) -> Any:
    """The values of a query parameter that accepts several, separated by commas."""
    return given.split(",") if isinstance(given, str) else given


def _flag(given: Any) -> Any:
    """Refuse texts such as "1" and "on", which pydantic accepts as true."""
    if isinstance(given, str) and given not in ("true", "false"):
        raise ValueError("This should be true or false")
    return given


Integer = BeforeValidator(_integer)
Id = Annotated[int, Field(ge=1, le=2**53 - 1), Integer]
Several = (BeforeValidator(_values), Field(min_length=1, max_length=MAX_VALUES))  # for a list in a query
Ids = Annotated[list[Id], *Several]
Flag = Annotated[bool, BeforeValidator(_flag)]
Limit = Annotated[int, Field(ge=1, le=1000), Integer]


class Query(BaseModel):
    """Query parameters."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, defer_build=True)


class PageQuery(Query):
    """The query parameters of every list."""

    limit: Limit = Field(default=100, description="The maximum number of items per page.")
    after: Annotated[int, Field(ge=0, le=2**53 - 1), Integer] = Field(
        default=0,
        description="The page starts after this id; follow the Link header to get the next page.",
    )


def checked_json(value: Any) -> Any:
    """The value itself. Raises ValueError if JSON cannot express it, or it is too large for a table item."""
    try:
        size = len(json.dumps(value, allow_nan=False).encode())
    except ValueError:
        raise ValueError("JSON does not allow NaN and Infinity; use finite numbers or null") from None
    if size > MAX_ARGUMENT_BYTES:
        raise ValueError(f"This is {size:,} bytes of JSON, and at most {MAX_ARGUMENT_BYTES:,} are stored; shorten it")
    return value


def _scalar(value: Any) -> Any:
    if isinstance(value, dict | list):
        raise ValueError("The metadata must be flat; use a string, a number, true, false or null as the value")
    return value


def _instant(given: Any) -> Any:
    """Parse an ISO 8601 timestamp; pydantic would also accept a number in a string, as seconds since 1970.

    The other packages parse with `datetime.fromisoformat`, too, so a timestamp accepted here cannot fail later.
    """
    if not isinstance(given, str):
        return given
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        hint = "; in a URL, write + as %2B" if " " in given else ""
        raise ValueError(f"{quoted(given)} is not an ISO 8601 timestamp such as 2016-09-28T23:57:21Z{hint}") from None


def in_range(instant: datetime) -> datetime:
    """The instant itself. Raises ValueError if it is outside the years that the datastore accepts."""
    if not EARLIEST <= instant < LATEST:
        raise ValueError(f"{instant.date()} is not between the years {EARLIEST.year} and {LATEST.year - 1}")
    return instant


def _date_or_instant(given: Any, instant: ValidatorFunctionWrapHandler) -> Any:
    """Midnight, without an offset, for a bare date; for anything else the instant, which has an offset."""
    if not isinstance(given, str) or not BARE_DATE.fullmatch(given):
        return instant(given)
    midnight = _instant(given)
    in_range(midnight.replace(tzinfo=UTC))
    return midnight


@cache
def _timezones() -> frozenset[str]:
    """The IANA time zone names, from the tzdata package: the system's own directory also holds other files."""
    return frozenset((resources.files("tzdata") / "zones").read_text().split())


def _known_timezone(name: str) -> str:
    if name not in _timezones():
        raise ValueError(f"{quoted(name)} is not an IANA time zone such as America/Chicago")
    return name


Reading = Annotated[float, Field(ge=-1e12, le=1e12)]
Name = Annotated[str, Field(max_length=MAX_NAME, pattern=INTACT)]
Key = Annotated[Name, Field(min_length=1)]
YEARS = f"^({EARLIEST.year // 100}|{EARLIEST.year // 100 + 1}|{LATEST.year // 100 - 1})[0-9]{{2}}"  # see `in_range`
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_instant),
    AfterValidator(in_range),
    Field(json_schema_extra={"pattern": YEARS}),
]
DateOrInstant = Annotated[
    Instant,
    WrapValidator(_date_or_instant),  # `to_utc` converts it to an instant
    WithJsonSchema({"type": "string", "pattern": YEARS, "anyOf": [{"format": "date-time"}, {"format": "date"}]}),
]
Zipcode = Annotated[str, Field(pattern=ZIPCODE, examples=["60601"])]
Station = Annotated[str, Field(pattern=STATION, examples=["724390"])]
TimeZone = Annotated[str, AfterValidator(_known_timezone), Field(examples=["America/Chicago"])]
TraceInterpretation = Annotated[
    str,
    Field(max_length=MAX_NAME),
    AfterValidator(vocabulary.full_name),
    Field(json_schema_extra={"enum": [*vocabulary.SHORT_CODES, *vocabulary.INTERPRETATIONS]}),
]
TraceCode = Annotated[str, Field(json_schema_extra={"enum": list(vocabulary.INTERPRETATIONS)})]
Arguments = Annotated[dict[str, Any], AfterValidator(checked_json)]
SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}
Scalar = Annotated[
    Any, AfterValidator(_scalar), Field(json_schema_extra=SCALAR)
]  # a union would report an error for each of its members instead of one for the value
Metadata = Annotated[
    dict[Annotated[str, Field(pattern=INTACT)], Scalar],
    BeforeValidator(checked_json),  # first the size, which bounds how many fields can be wrong
    WithJsonSchema({"type": "object", "propertyNames": {"pattern": INTACT}, "additionalProperties": SCALAR}),
]
Timestamp = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
        json_schema_extra={"format": "date-time"},
        examples=["2016-09-28T23:57:21.454235Z"],
    ),
]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
OUTPUT = ConfigDict(extra="forbid", defer_build=True)  # for responses: exactly the documented keys
