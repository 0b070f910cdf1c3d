"""Instants as the stored series count them: microseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1) // MICROSECOND
DAY = 24 * HOUR


def iso(instant: int) -> str:
    """ISO 8601 in UTC."""
    return (EPOCH + instant * MICROSECOND).isoformat()


def instant(text: str, timezone: str = "UTC") -> int:
    """What ISO 8601 with an offset says; of a bare date the first instant of the day in an IANA time zone."""
    moment = datetime.fromisoformat(text)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))) - EPOCH) // MICROSECOND
