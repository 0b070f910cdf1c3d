"""Instants, as chalicelib.instants defines them, from and to ISO 8601."""

from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib import instants

HOUR = 3_600_000_000  # microseconds
DAY = 24 * HOUR


def iso(instant: int) -> str:
    """Format an instant as ISO 8601 in UTC."""
    return instants.moment(instant).isoformat()


def instant(text: str, timezone: str = "UTC") -> int:
    """Parse ISO 8601 with an offset, or a date, meaning the first instant of that day in an IANA time zone."""
    moment = datetime.fromisoformat(text)
    return instants.microseconds(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone)))
