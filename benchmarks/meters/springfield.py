"""The temperatures of eemeter's Illinois samples, in Springfield's local time."""

from functools import cache

import pandas as pd

from benchmarks.meters.places import SPRINGFIELD, find_place, hour_of_year, temperatures
from infra.local import portfolio

TIMEZONE = "America/Chicago"


@cache
def observed_hours() -> pd.Series:
    """Return the hourly observed temperatures (°F) of station 724390."""
    sample = portfolio.meter_input("il-electricity-cdd-hdd-daily")
    return temperatures(sample["weather"]).tz_convert(TIMEZONE)


@cache
def normal_hours() -> pd.Series:
    """Return the hourly temperatures (°F) of the normal year, with the dates of 2015."""
    index = pd.date_range("2015-01-01", "2016-01-01", freq="h", tz=TIMEZONE, inclusive="left")
    return pd.Series(find_place(SPRINGFIELD).normal[hour_of_year(index)], index=index)
