"""Daily, monthly and cumulative sums of a period, by the project's calendar, for reports and plots."""

import pandas as pd


def daily(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum hourly rows by day; daily rows are returned unchanged."""
    starts = pd.DatetimeIndex(rows.index).tz_localize(None)
    return rows if (starts == starts.normalize()).all() else rows.resample("D").sum(min_count=1)


def monthly(days: pd.DataFrame) -> pd.DataFrame:
    """Sum the days with complete data by month; `n` is the number of such days.

    The days of a bill have its energy spread evenly over them, as in eemeter.
    """
    whole = days.dropna()
    if whole.empty:
        return whole.assign(n=pd.Series(dtype=int))
    months = whole.assign(n=1).resample("MS").sum()
    return months[months["n"] > 0]


def cumulative(days: pd.DataFrame) -> pd.DataFrame:
    """Return running sums over the days with both a reading and a baseline prediction, including the savings."""
    known = days[days["observed"].notna() & days["predicted"].notna()]
    running = known.cumsum()
    return running.assign(savings=running["predicted"] - running["observed"])
