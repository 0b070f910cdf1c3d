"""The rows of daily readings and hourly temperatures, as eemeter's data classes build them, in a quarter of the time.

pandas asks a ZoneInfo for each instant, so whatever eemeter finds out about local hours takes long, such as their
frequency. Here the days are those of `local_days`, and the hours have a known frequency.
"""

import numpy as np
import pandas as pd
from eemeter.common.const import default_season_def, default_weekday_weekend_def
from eemeter.eemeter.models.daily import data

from chalicelib.metering.models.caltrack.degree_days import local_days

_DAY, _HOUR = pd.Timedelta(days=1), pd.Timedelta(hours=1)
_MONTHS, _WEEK = pd.date_range("2018-01-01", periods=12, freq="MS"), pd.date_range("2018-01-01", periods=7, freq="D")
_SEASONS = _MONTHS.month_name().map(default_season_def).to_numpy(dtype=object)
_KINDS = _WEEK.day_name().map(default_weekday_weekend_def).to_numpy(dtype=object)


def joined(readings: "pd.Series[float]", hours: "pd.Series[float]") -> pd.DataFrame | None:
    """Return the table that `from_series` joins: the hours, with the reading of each day in its first hour.

    None unless the readings are successive local days, and the hours begin before them and include their starts.
    """
    known = readings.loc[readings.first_valid_index() : readings.last_valid_index()]
    hours = hours.loc[hours.first_valid_index() : hours.last_valid_index()]
    days, index = pd.DatetimeIndex(readings.index), pd.DatetimeIndex(hours.index)
    if len(known) < 3 or index.freq != "h" or days.dtype != index.dtype or not days.equals(_days(days)):
        return None
    days = pd.DatetimeIndex(known.index)
    hours = hours[days[0] : days[-1] + (days[-1] - days[-2]) - _HOUR]
    index = pd.DatetimeIndex(hours.index)
    if index.empty or index[0] != days[0] or index[-1] < days[-1] or not days.isin(index).all():
        return None
    observed = np.full(len(hours), np.nan)
    observed[index.searchsorted(days)] = known.to_numpy()
    return pd.DataFrame({"observed": observed, "temperature": hours.to_numpy()}, index=index)


def first_of_day(rows: "pd.Series[float]") -> "pd.Series[float]":
    """Return the first value of each day, `resample("D").first()`."""
    index = pd.DatetimeIndex(rows.index)
    days, known = _days(index), rows.notna().to_numpy()
    values = np.full(len(days), np.nan)
    day = days.searchsorted(index[known], side="right") - 1
    values[day[::-1]] = rows.to_numpy()[known][::-1]
    return pd.Series(values, index=days, name=rows.name)


def temperature_features(hours: "pd.Series[float]", days: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the mean temperature and the number of hours of each day, as `_compute_temperature_features` does."""
    following = days.union(pd.DatetimeIndex([days[-1] + _DAY]))  # the last row of eemeter's table is always empty
    features: pd.DataFrame = data.compute_temperature_features(following, hours, data_quality=True)[:-1]
    return features


def with_kinds_of_day(temperature: "pd.Series[float]", observed: "pd.Series[float]") -> pd.DataFrame:
    """Return eemeter's table of both, with the season and whether it is a weekday, `_merge_meter_temp`."""
    index = pd.DatetimeIndex(observed.index)
    columns = {
        "season": _SEASONS[index.month - 1],
        "weekday_weekend": _KINDS[index.dayofweek],
        "temperature": temperature.to_numpy(),
        "observed": observed.to_numpy(),
    }
    return pd.DataFrame(columns, index=index)


def _days(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the days from the first to the last instant."""
    return local_days(index.min(), index.max().tz_localize(None) + _DAY)
