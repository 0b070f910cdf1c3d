"""Two years of real hourly temperatures at each of two places: Springfield, Illinois, and one in Great Britain.

They are the temperatures of eemeter's samples. A year is 8760 hours in UTC from 1 January, without 29 February. The
British years were measured from 6 December to 5 December; their days are put in calendar order.
"""

from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.meters import uk_samples
from infra.local import portfolio

HOURS = 8760
SPRINGFIELD, GREAT_BRITAIN = "Springfield", "Great Britain"
_FIRST_DAYS = {
    SPRINGFIELD: {2016: "2016-01-01", 2017: "2017-01-01"},
    GREAT_BRITAIN: {2021: "2020-12-06", 2022: "2021-12-06"},
}

Hours: TypeAlias = npt.NDArray[np.float64]


class Place(NamedTuple):
    """Hourly temperatures (°F): the observed ones by year, and those of the normal year."""

    timezone: str
    years: dict[int, Hours]
    normal: Hours


@cache
def find_place(name: str) -> Place:
    """Return Springfield or Great Britain."""
    if name == SPRINGFIELD:
        sample = portfolio.meter_input("il-electricity-cdd-hdd-daily")
    else:
        sample = uk_samples.meter_input("uk-electricity-hdd-only-hourly-sample-0")
    observed = temperatures(sample["weather"])
    years = {year: _year(observed, pd.Timestamp(first, tz="UTC")) for year, first in _FIRST_DAYS[name].items()}
    return Place(sample["project"]["timezone"], years, temperatures(sample["weather_normal"]).to_numpy())


def hour_of_year(index: pd.DatetimeIndex) -> npt.NDArray[np.int64]:
    """Return the hour in UTC, counted from 1 January; 29 February counts as 28 February."""
    utc = index.tz_convert("UTC")
    day = utc.dayofyear - (utc.is_leap_year & (utc.dayofyear > 59)).astype(int)
    return np.asarray((day - 1) * 24 + utc.hour, dtype=np.int64)


def temperatures(weather: dict[str, Any]) -> pd.Series:
    """Return the hourly temperatures of a serialized meter input's weather, in °F and UTC."""
    hours = pd.Series(dict(map(tuple, weather["records"])), dtype=float)
    hours.index = pd.to_datetime(hours.index, utc=True)
    return hours * 9 / 5 + 32 if weather["unit"] == "C" else hours


def _year(observed: pd.Series, first: pd.Timestamp) -> Hours:
    """Return the hours of the year that starts at `first`, in calendar order."""
    year = observed[first : first + pd.DateOffset(years=1) - pd.Timedelta("1h")]
    index = pd.DatetimeIndex(year.index)
    year = year[~((index.month == 2) & (index.day == 29))]
    ordered = year.iloc[np.argsort(hour_of_year(pd.DatetimeIndex(year.index)))]
    if len(ordered) != HOURS:
        raise ValueError(f"The year from {first} has {len(ordered)} hours; it must have {HOURS}.")
    return np.asarray(ordered, dtype=np.float64)
