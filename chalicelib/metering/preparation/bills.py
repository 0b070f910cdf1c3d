"""Bills by their dates, with estimates combined with the actual reads that follow."""

from zoneinfo import ZoneInfo

import pandas as pd

from chalicelib.metering.inputs.frequency import LONGEST_BILL


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
