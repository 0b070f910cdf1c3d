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
        """Whether it is that of bills."""
        return self.name in _BILLING

    @property
    def minutes(self) -> float | None:
        """How long a reading of less than a day is; None for days and bills."""
        return None if self.is_billing or self.name == "daily" else self.longest / _MINUTE

    @property
    def typical(self) -> pd.Timedelta:
        """How long a reading usually is; of bills the longest."""
        return _DAY if self.name == "daily" else self.longest


LONGEST_BILL = 70 * _DAY
WHOLE = 0.99  # of a day: readings may end a second early

DAILY = Frequency("daily", pd.Timedelta(hours=25))  # the day on which the clock goes back
MONTHLY = Frequency("billing_monthly", _BILLING["billing_monthly"] * _DAY)
HOURLY = Frequency("hourly", pd.Timedelta(hours=1))


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


def whole_hours(readings: pd.DataFrame, timezone: ZoneInfo) -> pd.DataFrame:
    """The readings of an hour or less as hours of `timezone`, filled up and missing as `whole_days` has it."""
    return _added_up(readings, readings["start"], timezone, "h", 0.5)


def whole_months(days: pd.DataFrame, timezone: ZoneInfo) -> pd.DataFrame:
    """Days as the monthly bills that they would make; a month of which a tenth was not read is missing."""
    months = _added_up(days, days["start"], timezone, "MS", 0.9)
    return months.assign(bill=range(len(months)))


def _added_up(
    readings: pd.DataFrame, at: "pd.Series[pd.Timestamp]", timezone: ZoneInfo, step: str, enough: float | None
) -> pd.DataFrame:
    """Sums by hour (h), day (D) or month (MS), filled up where more than `enough` of it was read, else missing.

    The column `filled` says which were filled up.
    """
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
    following = (
        start[-1] + {"h": pd.DateOffset(hours=1), "D": pd.DateOffset(days=1), "MS": pd.DateOffset(months=1)}[step]
    )
    end = pd.DatetimeIndex(start[1:].append(pd.DatetimeIndex([following])))
    value, filled = sums["value"].to_numpy(), np.zeros(len(sums), dtype=bool)
    if enough is not None:
        covered = sums["covered"].fillna(pd.Timedelta(0)).to_numpy()
        coverage = (covered / (end - start).to_numpy()).clip(max=1.0)
        value = np.where(coverage > enough, value / np.maximum(coverage, enough), np.nan)
        filled = (coverage > enough) & (coverage < WHOLE)
    columns = {"start": start.tz_convert("UTC"), "end": end.tz_convert("UTC"), "value": value, "filled": filled}
    return pd.DataFrame(columns)


def settled_bills(bills: pd.DataFrame) -> pd.DataFrame:
    """Estimated bills counted as one with those that follow, up to the next that was read, which settles them.

    The column `bill` numbers those that count as one; their energy is spread evenly over their days, as eemeter spreads
    each bill. CalTRACK 2.0 joins estimates up to 70 days; what is longer, or was never settled, is missing. eemeter's
    `clean_caltrack_billing_data` joins them too, but its data classes do not call it.
    """
    number = (~bills["estimated"]).cumsum().shift(fill_value=0).to_numpy()
    length = (bills["end"] - bills["start"]).dt.total_seconds()
    together = length.groupby(number).transform("sum")
    energy = bills["value"].groupby(number).transform(lambda values: values.sum(skipna=False))
    unsettled = bills["estimated"].groupby(number).transform("all")
    joined = bills["estimated"].groupby(number).transform("any")
    long = joined & (together > LONGEST_BILL.total_seconds())
    value = bills["value"].where(~joined, energy * length / together)
    return bills.assign(value=value.mask(unsettled | long), bill=number)


def joined_bills(bills: pd.DataFrame) -> pd.DataFrame:
    """Bills that count as one (column `bill`) in one row, from the start of the first to the end of the last.

    With a gap between them they are missing: the days of the gap are in none of them.
    """
    by_bill = bills.groupby("bill")
    joined = by_bill.agg(start=("start", "first"), end=("end", "last"), estimated=("estimated", "any"))
    joined["value"] = by_bill["value"].agg(lambda values: values.sum(skipna=False))
    covered = (bills["end"] - bills["start"]).groupby(bills["bill"]).sum()
    joined["value"] = joined["value"].where(covered == joined["end"] - joined["start"])
    return joined.reset_index()


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
