"""Instants as stored in the series: microseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1) // MICROSECOND
DAY = 24 * HOUR


def iso(instant: int) -> str:
    """Format an instant as ISO 8601 in UTC."""
    return (EPOCH + instant * MICROSECOND).isoformat()


def instant(text: str, timezone: str = "UTC") -> int:
    """Parse ISO 8601 with an offset, or a date, meaning the first instant of that day in an IANA time zone."""
    moment = datetime.fromisoformat(text)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))) - EPOCH) // MICROSECOND
