"""Timestamps: text in the API, microseconds in the store."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def in_timezone(moment: datetime, timezone: str) -> datetime:
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


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 in UTC, exactly."""
    past = moment - EPOCH
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def moment(microseconds: int) -> datetime:
    """The inverse of `microseconds`."""
    return EPOCH + timedelta(microseconds=microseconds)
