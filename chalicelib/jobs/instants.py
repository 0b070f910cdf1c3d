"""Instants as the stored series count them: microseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1) // MICROSECOND
DAY = 24 * HOUR


def iso(instant: int) -> str:
    """ISO 8601 in UTC."""
    return (EPOCH + instant * MICROSECOND).isoformat()


def instant(text: str) -> int:
    """What ISO 8601 with an offset says."""
    return (datetime.fromisoformat(text) - EPOCH) // MICROSECOND
