"""The temperatures of eemeter's Illinois samples, in the local time of Springfield."""

from functools import cache

import pandas as pd

from benchmarks.meters.places import SPRINGFIELD, find_place, hour_of_year, temperatures
from infra.local import portfolio

TIMEZONE = "America/Chicago"


@cache
def observed_hours() -> pd.Series:
    """The temperatures (F) that station 724390 measured, by the hour."""
    sample = portfolio.meter_input("il-electricity-cdd-hdd-daily")
    return temperatures(sample["weather"]).tz_convert(TIMEZONE)


@cache
def normal_hours() -> pd.Series:
    """The temperatures (F) of the normal year, by the hour of the year 2015."""
    index = pd.date_range("2015-01-01", "2016-01-01", freq="h", tz=TIMEZONE, inclusive="left")
    return pd.Series(find_place(SPRINGFIELD).normal[hour_of_year(index)], index=index)
