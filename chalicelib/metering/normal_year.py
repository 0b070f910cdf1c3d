"""The normal year: 8760 hours whose own year does not matter, as the 365 days of the project's calendar."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from chalicelib.metering.failure import WeatherFailure
from chalicelib.metering.serialized import Weather

# the year in which the original eemeter set its normal years: it decides which days are weekends
NORMAL_YEAR = 2015
HOURS = 8760


def normal_temperatures(normal: Weather, timezone: ZoneInfo) -> pd.Series:
    """Hourly temperatures (F) over the local days of 2015, read round the year from the hours of `normal`.

    Raises WeatherFailure when an hour is missing.
    """
    by_hour = normal.temperature.groupby(_hour_of_year(pd.DatetimeIndex(normal.temperature.index))).mean()
    by_hour = by_hour.reindex(range(HOURS))
    missing = int(by_hour.isna().sum())
    if missing:
        raise WeatherFailure(
            f"The normal year of station {normal.station} lacks {missing} of its {HOURS} hours; it has to have all."
        )
    index = pd.date_range(f"{NORMAL_YEAR}-01-01", f"{NORMAL_YEAR + 1}-01-01", freq="h", tz=timezone, inclusive="left")
    return pd.Series(by_hour.to_numpy()[_hour_of_year(index.tz_convert("UTC"))], index=index)


def _hour_of_year(index: pd.DatetimeIndex) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The hour counted from the first of January; the 29th of February counts as the 1st of March."""
    day = index.dayofyear - (index.is_leap_year & (index.dayofyear > 59)).astype(int)
    return np.asarray((day - 1) * 24 + index.hour, dtype=np.int64)
