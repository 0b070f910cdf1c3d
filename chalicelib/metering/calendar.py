"""A period's days, months and running sums, for reports and plots: days and months of the project's calendar."""

import pandas as pd


def daily(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by the day: hours are added up, days stay as they are."""
    starts = pd.DatetimeIndex(rows.index).tz_localize(None)
    return rows if (starts == starts.normalize()).all() else rows.resample("D").sum(min_count=1)


def monthly(days: pd.DataFrame) -> pd.DataFrame:
    """The days that have every number, added up by month; `n` is how many those are.

    A bill's days are eemeter's even spreading of it.
    """
    whole = days.dropna()
    if whole.empty:
        return whole.assign(n=pd.Series(dtype=int))
    months = whole.assign(n=1).resample("MS").sum()
    return months[months["n"] > 0]


def cumulative(days: pd.DataFrame) -> pd.DataFrame:
    """The days that were read and have the baseline's prediction, added up from the first, and what they have saved."""
    known = days[days["observed"].notna() & days["predicted"].notna()]
    running = known.cumsum()
    return running.assign(savings=running["predicted"] - running["observed"])
