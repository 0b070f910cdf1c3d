"""The hourly temperatures of a period, with gaps filled."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from chalicelib.metering.failure import WeatherFailure
from chalicelib.metering.inputs.meter_input import MeterInput
from chalicelib.metering.models.caltrack.degree_days import daily_means, local_days

_EDGE = pd.Timedelta(days=2)
_DAY, _HOUR = pd.Timedelta(days=1), pd.Timedelta(hours=1)


@dataclass(frozen=True)
class Temperatures:
    """The temperatures of a period, in the project's time zone.

    hours: hourly temperatures (F), including two days before and after the period; NaN if missing. count, missing,
    filled: the number of hours in the period, of those without a temperature, and of those that were filled.
    days_without: the days of the period without a temperature, because less than half of their hours have one.
    """

    hours: "pd.Series[float]"
    count: int
    missing: int
    filled: int
    days_without: pd.DatetimeIndex


def period_temperatures(readings: pd.DataFrame, meter_input: MeterInput, *, by_day: bool) -> Temperatures:
    """Return the temperatures of the period that the readings span. by_day: whether the model uses daily means.

    Missing hours adjacent to known ones are interpolated linearly (CalTRACK 2.3.3, as in eeweather). With daily means,
    a day that then has at least half of its hours is filled by monotone cubic interpolation (Fritsch and Carlson 1980),
    which for hours missing at random has 0.4 times the error of the mean of the known hours. Any other day has no
    temperature (CalTRACK 2.2.2.3). Raises WeatherFailure if there are no temperatures.
    """
    first, last = readings["start"].min(), readings["end"].max()
    temperature = meter_input.weather.temperature
    station = meter_input.weather.station
    source = f"Weather station {station}" if station else "The input's weather"
    given = _at_whole_hours(temperature[first - _EDGE : last + _EDGE].tz_convert(meter_input.project.timezone))
    inside = given[first : last - pd.Timedelta(1)]
    if not inside.notna().any():
        known_hours = temperature.dropna().index
        only = f", only from {known_hours[0]:%Y-%m-%d} to {known_hours[-1]:%Y-%m-%d}" if len(known_hours) else ""
        raise WeatherFailure(
            f"{source} has no temperatures from {first:%Y-%m-%d} to {last:%Y-%m-%d}{only}: post the missing hours to"
            " weather_records/, then run again."
        )
    hours = given
    if given.isna().any():
        hours = _whole_or_missing_days(given) if by_day else _next_to_known(given)
        if hours[first:last].isna().all():
            raise WeatherFailure(
                f"{source} has only {int(inside.notna().sum()):,} temperatures from {first:%Y-%m-%d} to"
                f" {last:%Y-%m-%d}, and no day has half of its hours (CalTRACK 2.2.2.3): post the missing"
                " hours to weather_records/, then run again."
            )
    known, filled = (int(one[first : last - pd.Timedelta(1)].notna().sum()) for one in (given, hours))
    count = round((last - first) / _HOUR)
    start, end = (one.tz_convert(meter_input.project.timezone) for one in (first, last))
    days = local_days(start, end)
    without = days[~np.isfinite(daily_means(hours, start, end)[0])] if filled < count else days[:0]
    return Temperatures(hours, count, max(count - known, 0), max(filled - known, 0), without)


def _at_whole_hours(temperature: "pd.Series[float]") -> "pd.Series[float]":
    """Interpolate temperatures to full local hours, in time zones that differ from UTC by a fraction of an hour.

    eemeter needs a temperature at local midnight; otherwise it would treat every day as one without temperatures.
    """
    index = pd.DatetimeIndex(temperature.index)
    if index.empty or not (local_days(index[0], index[-1] + _DAY).asi8 % _HOUR.value).any():
        return temperature  # the hours are full ones in UTC
    quarters = temperature.resample("15min").asfreq().interpolate("time", limit=3)
    return quarters[pd.DatetimeIndex(quarters.index).minute == 0]


def _whole_or_missing_days(given: "pd.Series[float]") -> "pd.Series[float]":
    index = pd.DatetimeIndex(given.index)
    first, end = index[0].normalize(), (index[-1] + pd.Timedelta(days=1)).normalize()
    day = np.searchsorted(local_days(first, end).asi8, index.as_unit("ns").asi8, side="right") - 1
    means = pd.Series(daily_means(_next_to_known(given), first, end)[0][day], index=index)  # NaN: too few hours
    curve = given.interpolate("pchip", limit_area="inside") if given.notna().sum() > 1 else given
    return curve.fillna(means).where(means.notna())


def _next_to_known(given: "pd.Series[float]") -> "pd.Series[float]":
    return given.interpolate("time", limit=1, limit_direction="both", limit_area="inside")
