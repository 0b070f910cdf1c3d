"""The columns of tables with a row per day."""

import pytest

from chalicelib.files.intervals import intervals

HALF_HOURS = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)]


@pytest.mark.parametrize(
    ("headers", "minutes", "unit"),
    [
        ([f"HR{hour}" for hour in range(1, 25)], 60, None),
        ([f"H{hour:02}" for hour in range(1, 25)], 60, None),
        ([str(hour) for hour in range(24)], 60, None),
        ([str(hour) for hour in range(1, 26)], 60, None),
        ([f"interval_{number}" for number in range(1, 97)], 15, None),
        ([f"INT {number}" for number in range(1, 101)], 15, None),
        ([f"KWH_{60 * step // 60 // 60:02}{step % 60:02}" for step in range(15, 1441, 15)], 15, "KWH"),
        ([f"{hour}:00" for hour in range(24)], 60, None),
        (HALF_HOURS, 30, None),
        ([*HALF_HOURS[1:], "24:00"], 30, None),
        ([*HALF_HOURS[1:], "00:00"], 30, None),
        ([f"{start} - {end}" for start, end in zip(HALF_HOURS, [*HALF_HOURS[1:], "00:00"], strict=True)], 30, None),
        ([f"{hour or 12}:00 {half}" for half in ("AM", "PM") for hour in range(12)], 60, None),
        ([f"kWh {number}" for number in range(1, 49)], 30, "kWh"),
        ([f"HH{number:02}" for number in range(1, 51)], 30, None),
        ([f"{hour:02}00" for hour in range(1, 25)], 60, None),
    ],
)
def test_a_day(headers: list[str], minutes: int, unit: str | None) -> None:
    found = intervals(["MPAN", "Date", *headers, "Total"], {0, 1})
    assert found is not None
    assert found.positions == tuple(range(2, 2 + len(headers)))
    assert found.minutes == minutes
    assert found.unit == unit


@pytest.mark.parametrize(
    "headers",
    [
        ["value"],
        [f"HR{hour}" for hour in range(1, 24)],
        [f"HR{2 * hour}" for hour in range(24)],
        [str(year) for year in range(1990, 2014)],
    ],
)
def test_what_is_no_day(headers: list[str]) -> None:
    assert intervals(["id", "date", *headers], {0, 1}) is None


def test_columns_in_another_order_are_sorted() -> None:
    found = intervals([f"H{hour}" for hour in range(24, 0, -1)], set())
    assert found is not None
    assert found.positions == tuple(range(23, -1, -1))
