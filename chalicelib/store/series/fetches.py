"""A log of the station years requested from each weather source, so that each year is fetched only once.

Each record is a small document next to the series; a record without a year is for the normal year. A year that was
found at least a month after its end is final. Any other record expires after a day, since the source may have more
data by then. Records of normal years expire too, but a normal year is requested only while the store has none.
"""

from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from chalicelib.store.shared import documents

RECHECK_AFTER = timedelta(days=1)


def record(source: str, station: str, year: int | None, found: bool) -> None:
    """Record that a station's year was just requested from a source, and whether the source had it."""
    documents.put(_key(source, station, year), {"asked": datetime.now(UTC).isoformat(), "found": found})


def is_current(source: str, station: str, year: int | None) -> bool:
    """Whether a station's year was requested from a source so recently that another request would find nothing new."""
    try:
        fetch = documents.get(_key(source, station, year))
    except ClientError as error:
        # S3 may answer 403 for a missing key when the role may list the bucket only by prefix.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            return False
        raise
    asked = datetime.fromisoformat(fetch["asked"])
    final = fetch["found"] and year is not None and asked >= datetime(year + 1, 2, 1, tzinfo=UTC)
    return final or datetime.now(UTC) - asked < RECHECK_AFTER


def _key(source: str, station: str, year: int | None) -> str:
    return f"series/fetched/{source}/{station}/{'normal' if year is None else year}.json"
