"""The reading frequency of a trace, and its readings by local hours, days, months or bills."""

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
    """A reading frequency.

    name: daily, hourly, billing_monthly, billing_bimonthly, or minutes such as 15min. longest: the longest reading.
    """

    name: str
    longest: pd.Timedelta

    @property
    def is_billing(self) -> bool:
        """Whether the readings are bills."""
        return self.name in _BILLING

    @property
    def minutes(self) -> float | None:
        """The length of a reading of less than a day; None for days and bills."""
        return None if self.is_billing or self.name == "daily" else self.longest / _MINUTE

    @property
    def typical(self) -> pd.Timedelta:
        """The usual length of a reading; for bills, the longest."""
        return _DAY if self.name == "daily" else self.longest


LONGEST_BILL = 70 * _DAY
COMPLETE = 0.99  # of a day: readings may end a second early

DAILY = Frequency("daily", pd.Timedelta(hours=25))  # the day on which clocks are set back
MONTHLY = Frequency("billing_monthly", _BILLING["billing_monthly"] * _DAY)
HOURLY = Frequency("hourly", pd.Timedelta(hours=1))


def find_frequency(readings: pd.DataFrame) -> Frequency:
    """Return the frequency, by the median length of the readings: robust to gaps, clock changes and unusual bills."""
    length = pd.Timedelta((readings["end"] - readings["start"]).median())
    if length < pd.Timedelta(hours=23):
        minutes = round(length / _MINUTE)
        return Frequency("hourly" if minutes == 60 else f"{minutes}min", length)
    if length <= pd.Timedelta(hours=25):
        return DAILY
    for name, days in _BILLING.items():
        if length <= days * _DAY:
            return Frequency(name, days * _DAY)
    raise MeterFailure(
        f"The trace is read about every {length / _DAY:.0f} days, but bills may cover at most 70 days: post monthly or"
        " bimonthly bills."
    )


def whole_days(readings: pd.DataFrame, frequency: Frequency, timezone: ZoneInfo) -> pd.DataFrame:
    """Convert the readings of an interval trace to days in `timezone`: the same columns, a row per day.

    A daily reading belongs to the day that contains its midpoint, so that days given as midnight UTC keep their date.
    Shorter readings are summed over the day (of 23, 24 or 25 hours) in which they start, following CalTRACK 2.2.2.1: if
    more than half of a day was read, the rest is filled with the average; otherwise the day is missing, rather than too
    low.
    """
    daily = frequency.name == "daily"
    at = readings["start"] + (readings["end"] - readings["start"]) / 2 if daily else readings["start"]
    return _totals(readings, at, timezone, "D", None if daily else 0.5)


def whole_hours(readings: pd.DataFrame, timezone: ZoneInfo) -> pd.DataFrame:
    """Convert readings of an hour or less to hours in `timezone`, filled or missing by the rule of `whole_days`."""
    return _totals(readings, readings["start"], timezone, "h", 0.5)


def whole_months(days: pd.DataFrame, timezone: ZoneInfo) -> pd.DataFrame:
    """Sum days to monthly bills; a month is missing unless more than 90 % of it was read."""
    months = _totals(days, days["start"], timezone, "MS", 0.9)
    return months.assign(bill=range(len(months)))


def _totals(
    readings: pd.DataFrame, at: "pd.Series[pd.Timestamp]", timezone: ZoneInfo, step: str, enough: float | None
) -> pd.DataFrame:
    """Sum readings by hour (h), day (D) or month (MS), filled if more than `enough` of it was read, else missing.

    The column `filled` flags those that were filled.
    """
    known = readings["value"].notna().to_numpy()
    if not known.any():
        raise MeterFailure("The trace has no day with readings for more than half of it: post the missing readings.")
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
        filled = (coverage > enough) & (coverage < COMPLETE)
    columns = {"start": start.tz_convert("UTC"), "end": end.tz_convert("UTC"), "value": value, "filled": filled}
    return pd.DataFrame(columns)


def combine_estimates(bills: pd.DataFrame) -> pd.DataFrame:
    """Combine estimated bills with the following ones, up to and including the next actual read.

    The column `bill` numbers the combined bills; their energy is spread evenly over their days, as eemeter does for
    each bill. CalTRACK 2.0 combines estimates up to 70 days; a longer combination, or one without an actual read, is
    missing. eemeter's `clean_caltrack_billing_data` does the same, but its data classes do not call it.
    """
    number = (~bills["estimated"]).cumsum().shift(fill_value=0).to_numpy()
    length = (bills["end"] - bills["start"]).dt.total_seconds()
    together = length.groupby(number).transform("sum")
    energy = bills["value"].groupby(number).transform(lambda values: values.sum(skipna=False))
    unresolved = bills["estimated"].groupby(number).transform("all")
    joined = bills["estimated"].groupby(number).transform("any")
    long = joined & (together > LONGEST_BILL.total_seconds())
    value = bills["value"].where(~joined, energy * length / together)
    return bills.assign(value=value.mask(unresolved | long), bill=number)


def merge_bills(bills: pd.DataFrame) -> pd.DataFrame:
    """Merge combined bills (column `bill`) into one row each, from the start of the first to the end of the last.

    If there is a gap between them, the merged bill is missing, because the days of the gap belong to none of them.
    """
    by_bill = bills.groupby("bill")
    joined = by_bill.agg(start=("start", "first"), end=("end", "last"), estimated=("estimated", "any"))
    joined["value"] = by_bill["value"].agg(lambda values: values.sum(skipna=False))
    covered = (bills["end"] - bills["start"]).groupby(bills["bill"]).sum()
    joined["value"] = joined["value"].where(covered == joined["end"] - joined["start"])
    return joined.reset_index()


def snap_to_midnight(readings: pd.DataFrame, timezone: ZoneInfo) -> pd.DataFrame:
    """Move the start and end of bills to the nearest midnight in `timezone`.

    Bills have dates, not hours, whatever the hour of their timestamps. eemeter would also end the last bill a day early
    if its hour differed from that of the others, as after a clock change.
    """
    dated = readings.copy()
    for edge in ("start", "end"):
        wall = pd.DatetimeIndex(readings[edge]).tz_convert(timezone).tz_localize(None)
        midnight = (wall + pd.Timedelta(hours=12)).normalize()
        dated[edge] = midnight.tz_localize(timezone, ambiguous=True, nonexistent="shift_forward").tz_convert("UTC")
    return dated[dated["start"] < dated["end"]]
