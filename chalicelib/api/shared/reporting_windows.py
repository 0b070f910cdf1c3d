"""The reporting window in requests and responses."""

from datetime import UTC, datetime, time
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, with_config
from typing_extensions import TypedDict

from chalicelib import reporting_window
from chalicelib.api.http.alternatives import any_of
from chalicelib.api.http.fields import MAX_NAME, YEARS, in_range
from chalicelib.api.http.validation import OBJECT, TEXT, object_or_text
from chalicelib.reporting_window import NamedWindow

WINDOW = """\
Which readings after `reporting_period_start` the reporting model is fitted to; null: `first_year`.

- `first_year`: the first 365 days.
- `latest_year`: the last 365 days up to `reporting_period_end` or the last reading that has a value; all days if there
  are fewer.
- `{"start": "2018-01-01", "end": "2019-01-01"}`: the readings that lie entirely in between, up to
  `reporting_period_end`. The window must start at or after `reporting_period_start` and have at most 366 days. For a
  trace of bills, give dates on which the meter was read.
"""


def _checked_edge(text: str) -> str:
    edge = reporting_window.edge(text)
    in_range(edge if isinstance(edge, datetime) else datetime.combine(edge, time(), UTC))
    return text


Edge = Annotated[
    str,
    Field(max_length=MAX_NAME),
    AfterValidator(_checked_edge),
    Field(
        json_schema_extra={"pattern": YEARS, "anyOf": [{"format": "date"}, {"format": "date-time"}]},
        examples=["2018-01-01"],
    ),
]


DATE, TIMESTAMP = {"maxLength": 10}, {"minLength": 11}


@with_config(
    ConfigDict(
        strict=True,
        extra="forbid",
        defer_build=True,
        json_schema_extra=any_of({"start": DATE, "end": DATE}, {"start": TIMESTAMP, "end": TIMESTAMP}),
    )
)
class WindowDates(TypedDict):
    """A start and an end: both dates, at midnight in the project's time zone, or both timestamps with an offset."""

    start: Annotated[Edge, Field(description="Readings that start before it are not used.")]
    end: Annotated[Edge, Field(description="After the start. Readings that end after it are not used.")]


ReportingWindow = Annotated[
    Annotated[WindowDates, AfterValidator(reporting_window.checked), Tag(OBJECT)] | Annotated[NamedWindow, Tag(TEXT)],
    Discriminator(object_or_text),
]
