from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from chalicelib.metering.preparation.bills import combine_estimates, merge_bills, snap_to_midnight
from tests.unit.metering.readings import readings

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize("hour", ["00:00:00Z", "06:00:00Z", "01:00:00-05:00"])
def test_a_bill_starts_at_midnight_of_its_date_whatever_its_hour(hour: str) -> None:
    reads = pd.to_datetime([f"2016-{month:02}-17T{hour}" for month in range(1, 13)], utc=True)
    bills = snap_to_midnight(readings(pd.DatetimeIndex(reads)), CHICAGO)
    for edge in ("start", "end"):
        local = pd.DatetimeIndex(bills[edge]).tz_convert(CHICAGO)
        assert set(zip(local.day, local.hour, strict=True)) == {(17, 0)}


def with_estimates(values: list[float | None], estimated: list[bool], months: str = "MS") -> pd.DataFrame:
    starts = pd.date_range("2016-01-01", periods=len(values) + 1, freq=months, tz="UTC")
    return pd.DataFrame(
        {
            "start": starts[:-1],
            "end": starts[1:],
            "value": np.array(values, dtype=float),
            "estimated": np.array(estimated, dtype=bool),
        }
    )


def by_bill(bills: pd.DataFrame) -> list[Any]:
    """Return the energy of each combined bill."""
    sums = bills.groupby("bill")["value"].apply(lambda values: values.sum(skipna=False))
    return [None if np.isnan(value) else pytest.approx(value) for value in sums]


def test_estimated_bills_are_combined_with_the_next_actual_read() -> None:
    bills = combine_estimates(with_estimates([10, 20, 30, 40], [False, True, False, False]))
    assert by_bill(bills) == [10, 50, 40]
    assert bills["value"][1] / 29 == pytest.approx(bills["value"][2] / 31)  # a day of February and one of March
    assert combine_estimates(with_estimates([10, 20], [False, False]))["value"].tolist() == [10, 20]


@pytest.mark.parametrize(
    ("values", "estimated", "left"),
    [
        ([10, 20, 30, 40], [False, True, True, False], [10, None]),  # 90 days, longer than any bill
        ([10, 20, 30, 40], [False, False, False, True], [10, 20, 30, None]),  # no actual read follows
        ([10, None, 30, 40], [False, True, False, False], [10, None, 40]),
    ],
)
def test_an_estimate_without_an_actual_read_is_missing(
    values: list[float | None], estimated: list[bool], left: list[float | None]
) -> None:
    assert by_bill(combine_estimates(with_estimates(values, estimated))) == left


def test_combined_bills_are_merged() -> None:
    bills = combine_estimates(with_estimates([10, 20, 30, 40, None], [False, True, False, False, False]))
    joined = merge_bills(bills)
    assert joined["value"].tolist()[:3] == pytest.approx([10, 50, 40])
    assert joined["value"].isna().tolist() == [False, False, False, True]
    assert joined["start"].tolist() == bills["start"][[0, 1, 3, 4]].tolist()
    assert joined["end"].tolist() == bills["end"][[0, 2, 3, 4]].tolist()
    assert joined["bill"].is_unique
    gap = bills.assign(start=bills["start"].where(bills.index != 2, bills["start"] + pd.Timedelta(days=5)))
    assert merge_bills(gap)["value"].isna().tolist() == [False, True, False, True]
