"""Which windows are accepted, why others are rejected, and midnight in the project's time zone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.reporting_window import MAX_DAYS, checked, instants

CHICAGO = ZoneInfo("America/Chicago")


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(-400, 800), st.booleans())
def test_a_window_has_1_to_366_days(start: date, days: int, timestamps: bool) -> None:
    def text(day: date) -> str:
        return f"{day.isoformat()}T06:00:00-06:00" if timestamps else day.isoformat()

    window = {"start": text(start), "end": text(start + timedelta(days=days))}
    if 1 <= days <= MAX_DAYS:
        assert checked(window) == window
    else:
        message = f"is {days} days long, but the maximum is 366 days" if days > 0 else "not after its start"
        with pytest.raises(ValueError, match=message):
            checked(window)


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({}, "must be"),
        ({"start": "2018-01-01"}, "must be"),
        ({"start": "2018-01-01", "end": None}, "must be"),
        ({"start": "2018-01-01", "end": "2018-02-01", "days": "31"}, "must be"),
        ({"start": "January", "end": "2018-02-01"}, "'January' is neither a date"),
        ({"start": "2018-02-30", "end": "2018-03-01"}, "'2018-02-30' is neither a date"),
        ({"start": "2018-01-01T00:00:00", "end": "2018-02-01"}, "'2018-01-01T00:00:00' has no UTC offset"),
        ({"start": "2018-01-01", "end": "2018-02-01T00:00:00Z"}, "both dates, or both timestamps"),
        ({"start": "2018-01-01T00:00:00Z", "end": "2018-01-01T01:00:00+01:00"}, "not after its start"),
        ({"start": "2018-01-01T00:00:00Z", "end": "2019-01-02T00:00:01Z"}, "is 366 days long"),
    ],
)
def test_the_message_states_what_is_wrong_with_a_window(window: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checked(window)


def test_a_date_is_midnight_in_the_projects_time_zone() -> None:
    winter, summer = instants({"start": "2018-01-01", "end": "2018-07-01"}, CHICAGO)
    assert winter == datetime(2018, 1, 1, 6, tzinfo=UTC)
    assert summer == datetime(2018, 7, 1, 5, tzinfo=UTC)


def test_a_timestamp_keeps_its_own_offset() -> None:
    window = {"start": "2018-01-01T00:00:00Z", "end": "2018-07-01T00:00:00-07:00"}
    assert instants(window, CHICAGO) == (datetime(2018, 1, 1, tzinfo=UTC), datetime(2018, 7, 1, 7, tzinfo=UTC))
