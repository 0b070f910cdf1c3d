"""The part of the reporting period that a run models: `first_year`, `latest_year`, or a start and an end.

The start and end are either both dates, meaning midnight in the project's time zone, or both timestamps with an offset.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Literal, TypeAlias, get_args

NamedWindow = Literal["first_year", "latest_year"]
NAMED_WINDOWS: tuple[NamedWindow, ...] = get_args(NamedWindow)
FIRST_YEAR, LATEST_YEAR = NAMED_WINDOWS
Window: TypeAlias = str | Mapping[str, str]
MAX_DAYS = 366  # a leap year


def edge(text: str) -> date:
    """Parse a start or an end: a date, or a datetime with an offset. Raises ValueError, stating what is wrong."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is neither a date such as 2018-01-01 nor an ISO 8601 timestamp such as 2018-01-01T00:00:00Z"
        ) from None
    if moment.tzinfo is None:
        raise ValueError(
            f"the timestamp {text!r} has no UTC offset; add one, such as Z or -08:00, or give only the date, which"
            " means midnight in the project's time zone"
        )
    return moment


def checked(window: Mapping[str, Any]) -> dict[str, str]:
    """Validate a window that is an object and return its start and end. Raises ValueError, stating what is wrong."""
    if window.keys() != {"start", "end"} or not all(isinstance(text, str) for text in window.values()):
        raise ValueError(
            f'the window is {dict(window)!r}; it must be {{"start": ..., "end": ...}}, both dates or both timestamps'
        )
    start, end = edge(window["start"]), edge(window["end"])
    if type(start) is not type(end):
        raise ValueError("the window's start and end must be both dates, or both timestamps with an offset")
    if end <= start:
        raise ValueError(f"the window ends at {window['end']}, which is not after its start at {window['start']}")
    days = (end - start) / timedelta(days=1)
    if days > MAX_DAYS:
        raise ValueError(
            f"the window from {window['start']} to {window['end']} is {days:.6g} days long, but the maximum is"
            f" {MAX_DAYS} days; start a separate run for each year"
        )
    return {"start": window["start"], "end": window["end"]}


def instants(window: Mapping[str, str], timezone: tzinfo) -> tuple[datetime, datetime]:
    """Return the start and end of a validated window; a date is midnight in the project's time zone."""
    start, end = (_instant(edge(window[name]), timezone) for name in ("start", "end"))
    return start, end


def _instant(given: date, timezone: tzinfo) -> datetime:
    return given if isinstance(given, datetime) else datetime.combine(given, time(), timezone)
