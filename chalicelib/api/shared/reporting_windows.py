"""The reporting window as clients give it and responses show it."""

from datetime import UTC, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, with_config
from typing_extensions import TypedDict

from chalicelib import reporting_window
from chalicelib.api.http.fields import in_range
from chalicelib.api.http.validation import OBJECT, TEXT
from chalicelib.reporting_window import NamedWindow

WINDOW = """\
Which readings after `reporting_period_start` the reporting model is fitted on; null: `first_year`.

- `first_year`: the first 365 days.
- `latest_year`: the last 365 days up to `reporting_period_end` or the last reading that has a value, or all of them
  where there are fewer.
- `{"start": "2018-01-01", "end": "2019-01-01"}`: the whole readings in between, up to `reporting_period_end`. It starts
  at or after `reporting_period_start`, and has at most 366 days. Of a trace of bills, give dates on which it was read.
"""


def _dated(text: str) -> str:
    edge = reporting_window.edge(text)
    in_range(edge if isinstance(edge, datetime) else datetime.combine(edge, time(), UTC))
    return text


def _kind(value: Any) -> str | None:
    return OBJECT if isinstance(value, dict) else TEXT if isinstance(value, str) else None


Edge = Annotated[
    str,
    AfterValidator(_dated),
    Field(json_schema_extra={"anyOf": [{"format": "date"}, {"format": "date-time"}]}, examples=["2018-01-01"]),
]


@with_config(ConfigDict(strict=True, extra="forbid", defer_build=True))
class WindowDates(TypedDict):
    """A start and an end: both dates, at midnight in the project's time zone, or both timestamps with an offset."""

    start: Annotated[Edge, Field(description="Readings that start before it do not count.")]
    end: Annotated[Edge, Field(description="After the start. Readings that end after it do not count.")]


ReportingWindow = Annotated[
    Annotated[WindowDates, AfterValidator(reporting_window.checked), Tag(OBJECT)] | Annotated[NamedWindow, Tag(TEXT)],
    Discriminator(_kind),
]
