"""How often a trace is read, and its readings by the days of the building."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from chalicelib.metering.failure import MeterFailure

_MINUTE = pd.Timedelta(minutes=1)
_DAY = pd.Timedelta(days=1)
_BILLING = {"billing_monthly": 35, "billing_bimonthly": 70}  # CalTRACK 2.2.3.5: the longest bill, in days


@dataclass(frozen=True)
class Frequency:
    """`name` is daily, billing_monthly, billing_bimonthly, or minutes such as 15min; `longest` one reading of it."""

    name: str
    longest: pd.Timedelta

    @property
    def is_billing(self) -> bool:
        return self.name in _BILLING


DAILY = Frequency("daily", pd.Timedelta(hours=25))  # the day on which the clock goes back
MONTHLY = Frequency("billing_monthly", _BILLING["billing_monthly"] * _DAY)


def find_frequency(readings: pd.DataFrame) -> Frequency:
    """The frequency by the median length of the readings, which gaps, DST days or an odd bill do not move."""
    length = pd.Timedelta((readings["end"] - readings["start"]).median())
    if length < pd.Timedelta(hours=23):
        minutes = round(length / _MINUTE)
        return Frequency("hourly" if minutes == 60 else f"{minutes}min", length)
    if length <= pd.Timedelta(hours=25):
        return DAILY
    for name, days in _BILLING.items():
        if length <= days * _DAY:
            return Frequency(name, days * _DAY)
    raise MeterFailure(f"The trace is read about every {length / _DAY:.0f} days; bills may cover at most 70 days.")


def whole_days(readings: pd.DataFrame, frequency: Frequency, timezone: ZoneInfo) -> pd.DataFrame:
    """The readings of an interval trace as whole days of `timezone`: the same columns, a row a day.

    A daily reading counts for the day that holds its middle, so that days written as midnights in UTC stay the days
    they are. Shorter readings are added up over the day (of 23, 24 or 25 hours) in which they start, as CalTRACK
    2.2.2.1 has it: a day of which more than half was read is filled up with the average of what was read; any other
    is missing, never a low sum.
    """
    daily = frequency.name == "daily"
    at = readings["start"] + (readings["end"] - readings["start"]) / 2 if daily else readings["start"]
    return _added_up(readings, at, timezone, "D", None if daily else 0.5)


def whole_months(days: pd.DataFrame, timezone: ZoneInfo) -> pd.DataFrame:
    """Days as the monthly bills that they would make; a month of which a tenth was not read is missing."""
    return _added_up(days, days["start"], timezone, "MS", 0.9)


def _added_up(
    readings: pd.DataFrame, at: "pd.Series[pd.Timestamp]", timezone: ZoneInfo, step: str, enough: float | None
) -> pd.DataFrame:
    """Sums by day (D) or month (MS), filled up to the whole where more than `enough` of it was read, else missing."""
    known = readings["value"].notna().to_numpy()
    if not known.any():
        raise MeterFailure("The trace has no day of which more than half was read.")
    length = (readings["end"] - readings["start"]).to_numpy()
    by_step = pd.DataFrame(
        {"value": readings["value"].to_numpy()[known], "covered": length[known]},
        index=pd.DatetimeIndex(at[known]).tz_convert(timezone),
    )
    sums = by_step.resample(step).sum(min_count=1)
    start = pd.DatetimeIndex(sums.index)
    following = start[-1] + (pd.DateOffset(days=1) if step == "D" else pd.DateOffset(months=1))
    end = pd.DatetimeIndex([*start[1:], following])
    value = sums["value"].to_numpy()
    if enough is not None:
        covered = sums["covered"].fillna(pd.Timedelta(0)).to_numpy()
        coverage = (covered / (end - start).to_numpy()).clip(max=1.0)
        value = np.where(coverage > enough, value / np.maximum(coverage, enough), np.nan)
    return pd.DataFrame({"start": start.tz_convert("UTC"), "end": end.tz_convert("UTC"), "value": value})


def dated_bills(readings: pd.DataFrame, timezone: ZoneInfo) -> pd.DataFrame:
    """The bills from day to day of `timezone`: each read counts at the nearest midnight.

    Bills tell dates, not hours, whichever hour stands in their timestamps; and eemeter ends the last one a day early
    when its hour is not that of the others, as after a clock change.
    """
    dated = readings.copy()
    for edge in ("start", "end"):
        wall = pd.DatetimeIndex(readings[edge]).tz_convert(timezone).tz_localize(None)
        midnight = (wall + pd.Timedelta(hours=12)).normalize()
        dated[edge] = midnight.tz_localize(timezone, ambiguous=True, nonexistent="shift_forward").tz_convert("UTC")
    return dated[dated["start"] < dated["end"]]
