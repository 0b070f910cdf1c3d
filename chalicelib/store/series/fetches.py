"""Which years of which stations were fetched from a source of weather, so that each is fetched once.

A note is a document of its own beside the series; one of no year is of the normal year. That a source had a year a
month after its end stays noted; that it had it before, or did not have it, is forgotten after a day, since the source
may have more by then. So is that it had a normal year, which is not asked for again as long as the store has it.
"""

from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from chalicelib.store.shared import documents

FORGOTTEN_AFTER = timedelta(days=1)


def note(source: str, station: str, year: int | None, found: bool) -> None:
    """Keep that a source was asked for a station's year just now, and whether it had it."""
    documents.put(_key(source, station, year), {"asked": datetime.now(UTC).isoformat(), "found": found})


def noted(source: str, station: str, year: int | None) -> bool:
    """Whether a source was asked for a station's year and would have nothing more by now."""
    try:
        fetch = documents.get(_key(source, station, year))
    except ClientError as error:
        # To a role that may list by prefix only, an absent key may be forbidden.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            return False
        raise
    asked = datetime.fromisoformat(fetch["asked"])
    final = fetch["found"] and year is not None and asked >= datetime(year + 1, 2, 1, tzinfo=UTC)
    return final or datetime.now(UTC) - asked < FORGOTTEN_AFTER


def _key(source: str, station: str, year: int | None) -> str:
    return f"series/fetched/{source}/{station}/{'normal' if year is None else year}.json"
