"""How long the log of fetches keeps a station's year from being requested again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.store.series import fetches
from chalicelib.store.shared import documents


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The documents of a store in memory."""
    notes: dict[str, Any] = {}

    def get(key: str) -> Any:
        if key not in notes:
            raise ClientError({"ResponseMetadata": {"HTTPStatusCode": 404}}, "GetObject")
        return notes[key]

    monkeypatch.setattr(documents, "put", notes.__setitem__)
    monkeypatch.setattr(documents, "get", get)
    return notes


class TestFetchRecords:
    @pytest.mark.parametrize(
        ("found", "age", "year", "still"),
        [
            (True, timedelta(days=400), 2007, True),  # the year had ended
            (False, timedelta(hours=23), 2007, True),
            (False, timedelta(hours=25), 2007, False),
            (True, timedelta(hours=25), datetime.now(UTC).year, False),  # the year has not ended
            (True, timedelta(hours=23), datetime.now(UTC).year, True),
            (False, timedelta(hours=23), None, True),  # the normal year
            (False, timedelta(hours=25), None, False),
            (True, timedelta(hours=25), None, False),  # the store has it, or has lost it
        ],
    )
    def test_expire_if_the_source_may_have_more_data(
        self, notes: dict[str, Any], found: bool, age: timedelta, year: int | None, still: bool
    ) -> None:
        assert not fetches.is_current("isd", "722874", year)
        fetches.record("isd", "722874", year, found)
        (key,) = notes
        notes[key]["asked"] = (datetime.now(UTC) - age).isoformat()
        assert fetches.is_current("isd", "722874", year) is still
        assert not fetches.is_current("isd", "722874", 1999)
        assert not fetches.is_current("ghcnh", "722874", year)
