"""Texts of dates and times."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.files.dates import Order, likely_format, order_of
from chalicelib.files.moments import moments
from chalicelib.files.options import FileError
from chalicelib.instants import microseconds

FORMATS = [
    ("%Y-%m-%d %H:%M", "ymd"),
    ("%Y-%m-%dT%H:%M:%S", "ymd"),
    ("%Y/%m/%d %H:%M", "ymd"),
    ("%Y%m%d %H:%M", "ymd"),
    ("%Y%m%dT%H%M", "ymd"),
    ("%m/%d/%Y %H:%M", "mdy"),
    ("%m/%d/%Y %I:%M %p", "mdy"),
    ("%m/%d/%y %I:%M:%S %p", "mdy"),
    ("%d/%m/%Y %H:%M", "dmy"),
    ("%d.%m.%Y %H:%M:%S", "dmy"),
    ("%d-%b-%Y %H:%M", "ymd"),
    ("%d %B %Y %H:%M", "ymd"),
    ("%b %d, %Y %H:%M", "ymd"),
]
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2060, 1, 1)).map(lambda time: time.replace(second=0, microsecond=0))


def local(text: str, order: Order = "ymd", date_format: str | None = None) -> Any:
    return moments(pl.Series([text], dtype=pl.String), order, date_format)["local"][0]


def instant(text: str, order: Order = "ymd", date_format: str | None = None) -> Any:
    return moments(pl.Series([text], dtype=pl.String), order, date_format)["instant"][0]


@given(st.lists(TIMES, min_size=1, max_size=20), st.sampled_from(FORMATS))
def test_any_common_format_is_read_as_it_was_written(times: list[datetime], spelling: tuple[str, Order]) -> None:
    date_format, order = spelling
    found = moments(pl.Series([time.strftime(date_format) for time in times]), order, None)
    assert found["local"].to_list() == times
    assert not found["date_only"].any()


@given(st.lists(TIMES, min_size=1, max_size=20), st.sampled_from(FORMATS))
def test_the_result_does_not_depend_on_the_format_of_the_first_row(
    times: list[datetime], spelling: tuple[str, Order]
) -> None:
    date_format, order = spelling
    texts = ["2016-01-05T13:00:00+01:00", *(time.strftime(date_format) for time in times)]
    assert moments(pl.Series(texts), order, None)["local"].to_list()[1:] == times


@given(TIMES, st.integers(-14 * 60, 14 * 60))
def test_an_offset_makes_an_instant(time: datetime, minutes: int) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    expected = microseconds(time.replace(tzinfo=UTC) - timedelta(minutes=minutes))
    for offset in (f"{sign}{hours:02}:{rest:02}", f"{sign}{hours:02}{rest:02}"):
        for text in (f"{time:%Y-%m-%dT%H:%M:%S}{offset}", f"{time:%Y-%m-%d %H:%M} {offset}"):
            assert instant(text) == expected
            assert local(text) is None


@pytest.mark.parametrize("text", ["2016-01-05T13:00:00Z", "2016-01-05 13:00 UTC", "01/05/2016 1:00 PM GMT"])
def test_utc(text: str) -> None:
    assert instant(text, "mdy") == microseconds(datetime(2016, 1, 5, 13, tzinfo=UTC))


@pytest.mark.parametrize("text", ["2016-12-31 24:00", "12/31/2016 24:00:00", "20161231T2400"])
def test_24_is_the_next_midnight(text: str) -> None:
    assert local(text, "mdy") == datetime(2017, 1, 1)


@pytest.mark.parametrize(
    "text",
    ["2016-02-30", "2016-13-01", "2016-01-01 24:30", "2016-01-01 25:00", "13/13/2016", "0016-01-05", "2300-01-01", "x",
     "42370", "2016-01-05 13:00 PM", "2016-01-05T13:00:00+99:00", "1/5"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert local(text, "mdy") is None
    assert instant(text, "mdy") is None


def test_dates_alone() -> None:
    found = moments(pl.Series(["2016-01-05", "05-Jan-2016", "20160105", "2016-01-05 00:00"]), "ymd", None)
    assert found["local"].to_list() == [datetime(2016, 1, 5)] * 4
    assert found["date_only"].to_list() == [True, True, True, False]


def test_a_given_format() -> None:
    assert local("05.01.2016 13h30", date_format="%d.%m.%Y %Hh%M") == datetime(2016, 1, 5, 13, 30)
    assert instant("05/01/2016 13:30 +0100", date_format="%d/%m/%Y %H:%M %z") == microseconds(
        datetime(2016, 1, 5, 12, 30, tzinfo=UTC)
    )
    assert instant("1452000600", date_format="%s") == 1_452_000_600_000_000
    assert local("5/1", date_format="%d/%m/%Y") is None


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["01/02/2016", "13/02/2016"], "dmy"),
        (["01/02/2016", "02/13/2016"], "mdy"),
        (["01.02.2016"], "dmy"),
        (["2016-01-02"], "ymd"),
        (["05-Jan-2016", "20160105"], "ymd"),
        ([], "ymd"),
    ],
)
def test_whether_day_or_month_comes_first(texts: list[str], order: Order) -> None:
    assert order_of(texts, None, "Date") == order


def test_an_undecidable_order_is_refused() -> None:
    with pytest.raises(FileError, match=r'"Date", such as "01/02/2016".*date_format'):
        order_of(["01/02/2016", "02/02/2016"], None, "Date")
    assert order_of(["01/02/2016"], "%d/%m/%Y", "Date") == "ymd"


def test_a_column_without_dates_is_refused() -> None:
    with pytest.raises(FileError, match='such as "42370"'):
        order_of(["42370"], None, "Date")


def test_most_dates_are_read_by_their_format() -> None:
    assert likely_format("1/5/2016 3:05 PM", "mdy") == "%m/%d/%Y %I:%M %p"
    assert likely_format("2016-01-05T13:00:00.5-06:00", "ymd") == "%Y-%m-%dT%H:%M:%S%.f%z"
    assert likely_format("05-Jan-2016", "ymd") is None
