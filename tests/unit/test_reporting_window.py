"""Windows that are taken, those that are not and why, and midnight in the project's time zone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.reporting_window import MOST_DAYS, checked, instants

CHICAGO = ZoneInfo("America/Chicago")


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(-400, 800), st.booleans())
def test_a_window_has_from_one_day_to_366(start: date, days: int, timestamps: bool) -> None:
    def text(day: date) -> str:
        return f"{day.isoformat()}T06:00:00-06:00" if timestamps else day.isoformat()

    window = {"start": text(start), "end": text(start + timedelta(days=days))}
    if 1 <= days <= MOST_DAYS:
        assert checked(window) == window
    else:
        with pytest.raises(ValueError, match=f"{days} days, and at most 366" if days > 0 else "not after its start"):
            checked(window)


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ({}, "has to be"),
        ({"start": "2018-01-01"}, "has to be"),
        ({"start": "2018-01-01", "end": None}, "has to be"),
        ({"start": "2018-01-01", "end": "2018-02-01", "days": "31"}, "has to be"),
        ({"start": "January", "end": "2018-02-01"}, "'January' is neither a date"),
        ({"start": "2018-02-30", "end": "2018-03-01"}, "'2018-02-30' is neither a date"),
        ({"start": "2018-01-01T00:00:00", "end": "2018-02-01"}, "'2018-01-01T00:00:00' needs an offset"),
        ({"start": "2018-01-01", "end": "2018-02-01T00:00:00Z"}, "both dates, or both timestamps"),
        ({"start": "2018-01-01T00:00:00Z", "end": "2018-01-01T01:00:00+01:00"}, "not after its start"),
        ({"start": "2018-01-01T00:00:00Z", "end": "2019-01-02T00:00:01Z"}, "has 366 days"),
    ],
)
def test_what_is_wrong_with_a_window_is_said(window: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        checked(window)


def test_a_date_is_midnight_in_the_time_zone_of_the_project() -> None:
    winter, summer = instants({"start": "2018-01-01", "end": "2018-07-01"}, CHICAGO)
    assert winter == datetime(2018, 1, 1, 6, tzinfo=UTC)
    assert summer == datetime(2018, 7, 1, 5, tzinfo=UTC)


def test_a_timestamp_is_the_instant_that_it_says() -> None:
    window = {"start": "2018-01-01T00:00:00Z", "end": "2018-07-01T00:00:00-07:00"}
    assert instants(window, CHICAGO) == (datetime(2018, 1, 1, tzinfo=UTC), datetime(2018, 7, 1, 7, tzinfo=UTC))
