"""The checks of a period, one by one: each gives a finding, or None where there is nothing to say."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.meter_input import Trace
from chalicelib.metering.quality.findings import MOST_DATES, Name, dates, finding, spans
from chalicelib.metering.temperatures import Temperatures

CONSUMPTION = ("ELECTRICITY_CONSUMPTION_SUPPLIED", "ELECTRICITY_CONSUMPTION_TOTAL")  # which is never below 0
LONG = 1.5  # times the median length of bills
MANY_FILLED = 0.1  # of a period's hours of temperature; of fewer nothing is said
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """What the checks look at.

    readings: as the model takes them, with start, end, value, `zero`, a 0 that counts as missing, and `outlier`, one
    that was left out. posted: those that were posted. outliers: of the report.
    """

    trace: Trace
    timezone: ZoneInfo
    readings: pd.DataFrame
    posted: pd.DataFrame
    outliers: dict[str, Any]
    temperatures: Temperatures

    @property
    def has_bills(self) -> bool:
        """Whether readings are bills."""
        return "bill" in self.readings

    def days(self, rows: pd.DataFrame) -> pd.DatetimeIndex:
        """The day that holds a reading's middle, or the first day of a bill."""
        seconds = np.minimum((rows["end"] - rows["start"]).dt.total_seconds(), _DAY.total_seconds())
        return pd.DatetimeIndex(rows["start"] + pd.to_timedelta(seconds / 2, unit="s")).tz_convert(self.timezone)

    def within(self, rows: pd.DataFrame | None) -> pd.DataFrame:
        """Those of the trace's rows that begin in the period; none of None."""
        if rows is None:
            return self.posted[:0]
        first, last = self.readings["start"].min(), self.readings["end"].max()
        inside: pd.DataFrame = rows[(rows["start"] >= first) & (rows["start"] < last)]
        return inside


def findings_of(period: Period) -> list[EEMeterWarning]:
    """What the checks have found."""
    return [found for check in CHECKS if (found := check(period)) is not None]


def _duplicate(period: Period) -> EEMeterWarning | None:
    rows = period.posted[period.posted["duplicate"]]
    description = "Several values were given for one instant in one request; the last of them counts."
    return _dated("duplicate_readings", description, period, rows)


def _exchanged(period: Period) -> EEMeterWarning | None:
    description = "The register falls or jumps as by an exchange of the meter; what was used then is not known."
    return _dated("register_exchanged", description, period, period.within(period.trace.exchanges))


def _long_readings(period: Period) -> EEMeterWarning | None:
    description = "Readings that cover several intervals count as missing."
    return _dated("long_readings", description, period, period.within(period.trace.unplaced))


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
    long = posted[(length >= LONG * length.median()) & posted["value"].notna()]
    if not period.has_bills or period.trace.exchanges is not None or long.empty:
        return None
    ends = pd.DatetimeIndex(long["end"]).tz_convert(period.timezone)
    return finding(
        "long_bills",
        "Bills much longer than usual: of several months, or next to one that is missing.",
        times=LONG,
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
        "Days or hours without a reading.",
        missing=len(rows),
        readings=len(readings),
        step="days" if (readings["end"] - readings["start"]).max() > _DAY / 2 else "hours",
        days=spans(period.days(rows))[:MOST_DATES],
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
        "Readings below 0, which consumption cannot have: perhaps corrections of estimates.",
        count=len(rows),
        readings=[f"{date}, {value:.6g}" for date, value in values][:MOST_DATES],
    )


def _outliers(period: Period) -> EEMeterWarning | None:
    outliers = period.outliers
    if not outliers["count"]:
        return None
    return finding(
        "outliers_excluded" if outliers["excluded"] else "outliers",
        "Readings far from all others like them.",
        count=outliers["count"],
        readings=[f"{one['date']}, {one['value']:.6g} (limit {one['limit']:.6g})" for one in outliers["readings"]],
    )


def _temperatures(period: Period) -> EEMeterWarning | None:
    temperatures = period.temperatures
    days = spans(temperatures.days_without)[:MOST_DATES]
    if temperatures.missing > MANY_FILLED * temperatures.count:
        return finding(
            "temperatures_missing",
            "More than a tenth of the hours had no temperature.",
            hours=temperatures.count,
            missing=temperatures.missing,
            filled=temperatures.filled,
            days=days,
        )
    if not days:
        return None
    description = "Days of which less than half of the hours have a temperature do not count."
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
