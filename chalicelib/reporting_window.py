"""Which part of the time after the measure a run models: `first_year`, `latest_year`, or a start and an end.

The start and the end are both dates, each at midnight in the project's time zone, or both timestamps with an offset.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Literal, TypeAlias, get_args

NamedWindow = Literal["first_year", "latest_year"]
NAMED_WINDOWS: tuple[NamedWindow, ...] = get_args(NamedWindow)
FIRST_YEAR, LATEST_YEAR = NAMED_WINDOWS
Window: TypeAlias = str | Mapping[str, str]
MOST_DAYS = 366  # a leap year


def edge(text: str) -> date:
    """The date, or the datetime with its offset, that a start or an end is. Raises ValueError with what is wrong."""
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
            f"the timestamp {text!r} needs an offset, such as Z or -08:00; a date alone is midnight in the project's"
            " time zone"
        )
    return moment


def checked(window: Mapping[str, Any]) -> dict[str, str]:
    """The start and end of a window that is an object. Raises ValueError with what is wrong."""
    if window.keys() != {"start", "end"} or not all(isinstance(text, str) for text in window.values()):
        raise ValueError('the window has to be {"start": date or timestamp, "end": date or timestamp}')
    start, end = edge(window["start"]), edge(window["end"])
    if type(start) is not type(end):
        raise ValueError("the window's start and end have to be both dates, or both timestamps with an offset")
    if end <= start:
        raise ValueError(f"the window ends at {window['end']}, which is not after its start at {window['start']}")
    days = (end - start) / timedelta(days=1)
    if days > MOST_DAYS:
        raise ValueError(
            f"the window from {window['start']} to {window['end']} has {days:.6g} days, and at most {MOST_DAYS} are"
            " taken: make a run of each year"
        )
    return {"start": window["start"], "end": window["end"]}


def instants(window: Mapping[str, str], timezone: tzinfo) -> tuple[datetime, datetime]:
    """The start and the end of a checked window, dates at midnight in the project's time zone."""
    start, end = (_instant(edge(window[name]), timezone) for name in ("start", "end"))
    return start, end


def _instant(given: date, timezone: tzinfo) -> datetime:
    return given if isinstance(given, datetime) else datetime.combine(given, time(), timezone)
