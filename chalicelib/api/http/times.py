"""Timestamps in requests and responses."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def to_utc(moment: datetime, timezone: str) -> datetime:
    """The moment in UTC; one without an offset is midnight of a bare date in this IANA time zone.

    If the clocks skip midnight, this is the first instant of the day; if midnight occurs twice, the first of the two.
    """
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)


def timestamp(moment: datetime) -> str:
    """UTC with microseconds and Z: `2016-09-28T23:57:21.454235Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def optional_timestamp(moment: datetime | None) -> str | None:
    """The timestamp, or None."""
    return None if moment is None else timestamp(moment)
