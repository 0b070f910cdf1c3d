"""The normal year: 8,760 hours, from any calendar year, as the 365 days of the project's calendar."""

from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from chalicelib.metering.failure import WeatherFailure
from chalicelib.metering.inputs.meter_input import Weather

# the calendar year that the original eemeter used for normal years; it determines which days are weekends
NORMAL_YEAR = 2015
HOURS = 8760
LONGEST_GAP = 48  # hours; gaps up to this length are interpolated

_DAY = 24  # hours


def normal_temperatures(normal: Weather, timezone: ZoneInfo) -> pd.Series:
    """Return the hourly temperatures (F) of the local days of 2015, taken cyclically from the UTC hours of `normal`.

    A gap of at most two days is filled by linear interpolation between the same hours of the days around it. The 29th
    of February is ignored. Raises WeatherFailure for a longer gap.
    """
    by_hour = _filled(hours_of_year(normal))
    missing = np.flatnonzero(np.isnan(by_hour))
    if len(missing):
        of_station = f" of station {normal.station}" if normal.station else ""
        raise WeatherFailure(
            f"The normal year{of_station} lacks {len(missing):,} of its {HOURS:,} hours, from"
            f" {_date(missing[0])} to {_date(missing[-1])}; only gaps of up to {LONGEST_GAP} hours are filled. Post"
            " the missing hours to weather_records/, or upload the station's TMY3 file, then run again."
        )
    index = pd.date_range(f"{NORMAL_YEAR}-01-01", f"{NORMAL_YEAR + 1}-01-01", freq="h", tz=timezone, inclusive="left")
    return pd.Series(by_hour[_hour_of_year(index.tz_convert("UTC"))], index=index)


def hours_of_year(normal: Weather) -> npt.NDArray[np.float64]:
    """Return the temperature (F) of each hour of the year in UTC, (8760,); NaN if missing."""
    temperature = normal.temperature
    index = pd.DatetimeIndex(temperature.index)
    temperature = temperature[~((index.month == 2) & (index.day == 29))]
    by_hour = temperature.groupby(_hour_of_year(pd.DatetimeIndex(temperature.index))).mean()
    return np.asarray(by_hour.reindex(range(HOURS)), dtype=np.float64)


def missing_dates(by_hour: npt.NDArray[np.float64]) -> list[str]:
    """Return the days of the year (month-day) with missing hours; by_hour: from `hours_of_year`."""
    return sorted({_date(hour) for hour in np.flatnonzero(np.isnan(by_hour))})


def _filled(by_hour: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Fill the short gaps of the year; a gap may extend across New Year."""
    cyclic = np.tile(by_hour, 3)
    missing = pd.Series(np.isnan(cyclic))
    length = missing.groupby((missing != missing.shift()).cumsum()).transform("size")
    between_days = pd.DataFrame(cyclic.reshape(-1, _DAY)).interpolate().to_numpy().ravel()
    between_hours = pd.Series(cyclic).interpolate().to_numpy()  # for an hour of the day that every day lacks
    estimate = np.where(np.isnan(between_days), between_hours, between_days)
    filled = np.where(missing & (length <= LONGEST_GAP), estimate, cyclic)
    return np.asarray(filled[HOURS : 2 * HOURS], dtype=np.float64)


def _date(hour: np.int64) -> str:
    return f"{pd.Timestamp(NORMAL_YEAR, 1, 1) + pd.Timedelta(hours=int(hour)):%m-%d}"


def _hour_of_year(index: pd.DatetimeIndex) -> npt.NDArray[np.int64]:
    """Return the hours since the first of January, in a year of 365 days."""
    day = index.dayofyear - (index.is_leap_year & (index.dayofyear > 59)).astype(int)
    return np.asarray((day - 1) * 24 + index.hour, dtype=np.int64)
