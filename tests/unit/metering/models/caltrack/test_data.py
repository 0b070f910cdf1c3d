from typing import Any

import numpy as np
import pandas as pd
import pytest

from chalicelib.metering.fitting.period import plain_criteria
from chalicelib.metering.models.caltrack.data import BillData, normal_days

CHICAGO = "America/Chicago"
MONTHS = [31, 29, 32, 30, 28, 33, 30, 31, 29, 30, 32, 30]


def hours_of(days: int, zone: str = CHICAGO) -> "pd.Series[float]":
    index = pd.date_range("2015-12-20", periods=24 * (days + 4), freq="h", tz=zone)
    return pd.Series(50 + 25 * np.sin(np.arange(len(index)) / 1400), index=index)


def bills_of(lengths: list[int], values: list[float] | None = None, zone: str = CHICAGO) -> "pd.Series[float]":
    edges = pd.Timestamp("2015-12-22") + pd.to_timedelta(np.append(0, np.cumsum(lengths)), unit="D")
    energy = [30.0 * length for length in lengths] if values is None else values
    return pd.Series([*energy, np.nan], index=pd.DatetimeIndex(edges).tz_localize(zone))


def made(
    lengths: list[int], values: list[float] | None = None, *, electricity: bool = True, zone: str = CHICAGO
) -> BillData:
    return BillData.from_series(bills_of(lengths, values, zone), hours_of(sum(lengths), zone), electricity)


def details(found: list[Any]) -> list[str]:
    return [criterion["detail"] for criterion in plain_criteria(found)]


def test_each_bill_is_spread_over_its_days() -> None:
    data = made(MONTHS, [float(number) for number in range(1, 13)])
    assert (len(data.df), data.disqualification, data.warnings) == (sum(MONTHS), [], [])
    assert data.df.groupby("bill")["observed"].sum().tolist() == pytest.approx(range(1, 13))
    assert data.df["bill"].value_counts(sort=False).tolist() == MONTHS
    assert data.df["temperature"].notna().all()


def test_a_two_month_bill_from_a_skipped_read_is_usable() -> None:
    data = made([31, 29, 62, 28, 33, 30, 31, 29, 30, 32, 30])
    assert (data.disqualification, data.warnings) == ([], [])
    assert data.df["observed"].notna().all()


def test_a_null_bill_loses_only_its_own_days() -> None:
    data = made(MONTHS, [np.nan if at == 4 else 900.0 for at in range(12)])
    assert data.disqualification == []
    assert data.df["observed"].isna().sum() == 28
    assert details(data.warnings) == ["excluded bills: 2016-04-22 to 2016-05-20 (28 days), no reading (unused_bills)"]


def test_too_few_days_are_disqualified_with_the_bills_by_date() -> None:
    data = made([61, 61, 75, 61, 61, 46], [1800.0, 1800.0, 2000.0, 1800.0, 1800.0, 1400.0])
    [detail] = details(data.disqualification)
    assert detail.startswith("the usable bills cover 290 days, but 329 (90 % of 365) are required; excluded bills: ")
    assert (
        "excluded bills: 2016-04-22 to 2016-07-06 (75 days), longer than 70 days; usable bills: 2015-12-22 to "
        in detail
    )


def test_329_days_are_enough() -> None:
    assert made([55, 55, 55, 55, 55, 54]).disqualification == []
    assert len(made([55, 55, 55, 55, 55, 53]).disqualification) == 1


def test_an_off_cycle_read_is_excluded_but_weekly_reads_are_not() -> None:
    data = made([31, 29, 32, 30, 12, 33, 30, 31, 29, 30, 32, 30])
    assert details(data.warnings) == [
        "excluded bills: 2016-04-22 to 2016-05-04 (12 days), an off-cycle read, shorter than 25 days (unused_bills)"
    ]
    assert made([7] * 52).df["observed"].notna().all()


def test_zero_is_missing_for_electricity_and_a_reading_for_gas() -> None:
    values = [0.0 if at in (6, 7) else 900.0 for at in range(12)]
    assert made(MONTHS, values, electricity=False).df["observed"].notna().all()
    electricity = made(MONTHS, values)
    assert electricity.df["observed"].isna().sum() == 61
    assert "0, which counts as missing for electricity" in details(electricity.warnings)[0]


def test_negative_bills_disqualify_gas_but_not_electricity() -> None:
    values = [-50.0 if at == 6 else 900.0 for at in range(12)]
    assert details(made(MONTHS, values, electricity=False).disqualification) == [
        "negative bills, which are impossible for gas consumption: 2016-06-22 to 2016-07-22 (30 days), -50."
        " Correct these bills (negative_bills)"
    ]
    assert made(MONTHS, values).disqualification == []


def test_an_extreme_bill_is_reported_and_used() -> None:
    data = made(MONTHS, [60_000.0 if at == 6 else 900.0 + at for at in range(12)])
    assert "2016-06-22 to 2016-07-22 (30 days), 2000 per day" in details(data.warnings)[0]
    assert data.df["observed"].notna().all()


def test_a_bill_needs_temperatures_for_90_percent_of_its_days() -> None:
    hours = hours_of(sum(MONTHS))
    gap = hours.copy()
    gap["2016-04-23":"2016-04-25"] = np.nan
    data = BillData.from_series(bills_of(MONTHS), gap, True)
    assert "only 89% of its days have a temperature, but 90% are required" in details(data.warnings)[0]
    gap = hours.copy()
    gap["2016-04-23":"2016-04-24"] = np.nan
    data = BillData.from_series(bills_of(MONTHS), gap, True)
    assert data.warnings == []
    assert data.df["temperature"].isna().sum() == 2


def test_days_in_utc_give_a_warning() -> None:
    assert "set the project's timezone" in details(made(MONTHS, zone="UTC").warnings)[0]


def test_the_days_of_a_normal_year() -> None:
    index = pd.date_range("2015-01-01", "2016-01-01", freq="h", tz=CHICAGO, inclusive="left")
    hours = pd.Series(np.random.default_rng(1).normal(50, 10, len(index)), index=index)
    days = normal_days(hours, True)
    assert days.to_numpy() == pytest.approx(hours.resample("D").mean().to_numpy())
    assert len(days) == 365
