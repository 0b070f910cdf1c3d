"""The data-quality checks of a period: each returns a finding, or None."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.inputs.meter_input import Trace
from chalicelib.metering.preparation.quality.findings import MAX_DATES, Name, dates, finding, spans
from chalicelib.metering.preparation.temperatures import Temperatures

CONSUMPTION = ("ELECTRICITY_CONSUMPTION_SUPPLIED", "ELECTRICITY_CONSUMPTION_TOTAL")  # cannot be negative
LONG_BILL = 1.5  # times the median length of bills
MAX_MISSING = 0.1  # largest share of hours without a temperature that needs no warning
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """The input of the checks.

    readings: the readings used by the model, with start, end, value, and the flags `zero` (a 0 that counts as missing)
    and `outlier` (an excluded outlier). posted: the readings as posted. outliers: the entry in the report.
    """

    trace: Trace
    timezone: ZoneInfo
    readings: pd.DataFrame
    posted: pd.DataFrame
    outliers: dict[str, Any]
    temperatures: Temperatures

    @property
    def has_bills(self) -> bool:
        """Whether the readings are bills."""
        return "bill" in self.readings

    def days(self, rows: pd.DataFrame) -> pd.DatetimeIndex:
        """Return the day that contains the midpoint of each reading, or the first day of a bill."""
        seconds = np.minimum((rows["end"] - rows["start"]).dt.total_seconds(), _DAY.total_seconds())
        return pd.DatetimeIndex(rows["start"] + pd.to_timedelta(seconds / 2, unit="s")).tz_convert(self.timezone)

    def within(self, rows: pd.DataFrame | None) -> pd.DataFrame:
        """Return the rows that start in the period; empty for None."""
        if rows is None:
            return self.posted[:0]
        first, last = self.readings["start"].min(), self.readings["end"].max()
        inside: pd.DataFrame = rows[(rows["start"] >= first) & (rows["start"] < last)]
        return inside


def findings_of(period: Period) -> list[EEMeterWarning]:
    """Run all checks and return their findings."""
    return [found for check in CHECKS if (found := check(period)) is not None]


def _duplicate(period: Period) -> EEMeterWarning | None:
    rows = period.posted[period.posted["duplicate"]]
    description = "One request has several values for the same instant; the last one is used."
    return _dated("duplicate_readings", description, period, rows)


def _exchanged(period: Period) -> EEMeterWarning | None:
    description = "The register reads drop or jump, as after a meter exchange; the consumption in between is unknown."
    return _dated("register_exchanged", description, period, period.within(period.trace.exchanges))


def _long_readings(period: Period) -> EEMeterWarning | None:
    description = "Readings that cover several intervals count as missing."
    return _dated("long_readings", description, period, period.within(period.trace.long_readings))


def _inclusive_ends(period: Period) -> EEMeterWarning | None:
    posted = period.posted
    gaps = (posted["start"].shift(-1) - posted["end"]).dt.total_seconds()
    count = int(((gaps > 0) & (gaps <= (_DAY * 1.1).total_seconds())).sum())
    if not period.has_bills or count <= len(posted) / 2:
        return None
    description = "Most bills end a day before the next one starts."
    return finding("inclusive_ends", description, count=count, bills=len(posted))


def _long_bills(period: Period) -> EEMeterWarning | None:
    posted = period.posted
    length = (posted["end"] - posted["start"]).dt.total_seconds()
    long = posted[(length >= LONG_BILL * length.median()) & posted["value"].notna()]
    if not period.has_bills or period.trace.exchanges is not None or long.empty:
        return None
    ends = pd.DatetimeIndex(long["end"]).tz_convert(period.timezone)
    return finding(
        "long_bills",
        "Bills are much longer than usual: they cover several months, or the next bill is missing.",
        times=LONG_BILL,
        days=round(length.median() / _DAY.total_seconds()),
        bills=[f"{start:%Y-%m-%d} to {end:%Y-%m-%d}" for start, end in zip(period.days(long), ends, strict=True)],
    )


def _missing(period: Period) -> EEMeterWarning | None:
    readings = period.readings
    rows = readings[readings["value"].isna() & ~readings["outlier"]]
    if period.has_bills or rows.empty:
        return None
    return finding(
        "missing_readings",
        "Days or hours have no reading.",
        missing=len(rows),
        readings=len(readings),
        step="days" if (readings["end"] - readings["start"]).max() > _DAY / 2 else "hours",
        days=spans(period.days(rows))[:MAX_DATES],
    )


def _zeros(period: Period) -> EEMeterWarning | None:
    count = int(period.readings["zero"].sum())
    if not count:
        return None
    description = "Electricity readings of 0 count as missing (CalTRACK 2.2.1.4)."
    return finding("zeros_missing", description, count=count, readings=len(period.readings))


def _negative(period: Period) -> EEMeterWarning | None:
    rows = period.readings[period.readings["value"] < 0]
    if rows.empty or period.trace.interpretation not in CONSUMPTION:
        return None
    values = zip(period.days(rows).strftime("%Y-%m-%d"), rows["value"], strict=True)
    return finding(
        "negative_readings",
        "Readings are negative, which is impossible for consumption; they may be corrections of estimates.",
        count=len(rows),
        readings=[f"{date}, {value:.6g}" for date, value in values][:MAX_DATES],
    )


def _outliers(period: Period) -> EEMeterWarning | None:
    outliers = period.outliers
    if not outliers["count"]:
        return None
    return finding(
        "outliers_excluded" if outliers["excluded"] else "outliers",
        "Readings are outliers: far from comparable readings.",
        count=outliers["count"],
        readings=[f"{one['date']}, {one['value']:.6g} (limit {one['limit']:.6g})" for one in outliers["readings"]],
    )


def _temperatures(period: Period) -> EEMeterWarning | None:
    temperatures = period.temperatures
    days = spans(temperatures.days_without)[:MAX_DATES]
    if temperatures.missing > MAX_MISSING * temperatures.count:
        return finding(
            "temperatures_missing",
            "More than 10 % of the hours had no temperature.",
            hours=temperatures.count,
            missing=temperatures.missing,
            filled=temperatures.filled,
            days=days,
        )
    if not days:
        return None
    description = "Days with temperatures for less than half of their hours are not used."
    return finding("days_without_temperature", description, count=len(temperatures.days_without), days=days)


def _dated(name: Name, description: str, period: Period, rows: pd.DataFrame) -> EEMeterWarning | None:
    if rows.empty:
        return None
    return finding(name, description, count=len(rows), dates=dates(period.days(rows)))


CHECKS: tuple[Callable[[Period], EEMeterWarning | None], ...] = (
    _duplicate,
    _exchanged,
    _long_readings,
    _inclusive_ends,
    _long_bills,
    _missing,
    _zeros,
    _negative,
    _outliers,
    _temperatures,
)
