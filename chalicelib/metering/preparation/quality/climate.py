"""Check that temperatures are plausible: possible on Earth, from one place, and in degrees Fahrenheit."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.inputs.meter_input import Weather
from chalicelib.metering.preparation.normal_year import LONGEST_GAP, hours_of_year, missing_dates
from chalicelib.metering.preparation.quality.findings import MAX_DATES, finding, spans

Floats = npt.NDArray[np.float64]

# The annual mean of a place varies by at most 5 F between years, and between stations of one ZIP code by 10 F.
MAX_MEAN_DIFFERENCE = 12.0  # F
MAX_SPREAD_RATIO = 1.5  # times; Celsius read as Fahrenheit, or the reverse, gives 1.8
MIN_SPREAD = 12.0  # F; below it, a ratio of standard deviations says nothing
MIN_HOTTEST = 60.0  # F; every inhabited place has warmer hours in a year
STUCK_HOURS = 72
MIN_HOURS = 90 * 24  # of observed weather, for a comparison
MOST_OF_A_YEAR = 330 * 24  # hours


def check_weather(observed: Weather, normal: Weather) -> list[EEMeterWarning]:
    """Return warnings about observed and normal temperatures that are implausible or were corrected when read."""
    found = []
    for name, weather in (("observed", observed), ("normal", normal)):
        if weather.impossible:
            found.append(
                finding(
                    "impossible_temperatures",
                    "Temperatures that are impossible, or far from those around them, count as missing.",
                    dataset=name,
                    station=weather.station,
                    count=weather.impossible,
                )
            )
    stuck = _stuck(observed.temperature)
    if len(stuck):
        found.append(
            finding(
                "weather_stuck",
                "Temperatures do not change for days.",
                station=observed.station,
                hours=STUCK_HOURS,
                days=spans(stuck)[:MAX_DATES],
            )
        )
    by_hour = hours_of_year(normal)
    filled = missing_dates(by_hour)
    if filled:
        found.append(
            finding(
                "normal_year_filled",
                "Short gaps in the normal year were interpolated from the days around them.",
                station=normal.station,
                hours=int(np.isnan(by_hour).sum()),
                longest_gap=LONGEST_GAP,
                dates=filled[:MAX_DATES],
            )
        )
    return found + _mismatch(observed, normal, by_hour)


def _mismatch(observed: Weather, normal: Weather, by_hour: Floats) -> list[EEMeterWarning]:
    """Compare the mean and spread of daily temperatures with those of the normal year on the same days of the year."""
    known = observed.temperature.dropna()
    if len(known) < MIN_HOURS:
        return []
    days = _by_day_of_year(known)
    normals = _means(by_hour.reshape(-1, 24))
    both = np.isfinite(days) & np.isfinite(normals)
    if not both.any():
        return []
    means = float(days[both].mean()), float(normals[both].mean())
    spreads = float(days[both].std()), float(normals[both].std())
    numbers = {
        "observed_station": observed.station,
        "normal_station": normal.station,
        "observed_mean": means[0],
        "normal_mean": means[1],
        "observed_spread": spreads[0],
        "normal_spread": spreads[1],
    }
    found = []
    ratio = max(spreads) / max(min(spreads), 1e-9)
    if abs(means[0] - means[1]) > MAX_MEAN_DIFFERENCE or (ratio > MAX_SPREAD_RATIO and max(spreads) > MIN_SPREAD):
        description = "Observed and normal temperatures cannot be from the same place."
        found.append(finding("weather_mismatch", description, **numbers))
    hottest = float(known.max())
    if hottest < MIN_HOTTEST and len(known) > MOST_OF_A_YEAR:
        description = "The observed temperatures may be in Celsius but posted as Fahrenheit."
        found.append(finding("weather_in_celsius", description, **numbers, hottest=hottest))
    return found


def _stuck(temperature: "pd.Series[float]") -> pd.DatetimeIndex:
    """Return the hours in runs of a constant temperature of three days or more."""
    values = temperature.to_numpy()
    begins = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    lengths = np.diff(np.append(begins, len(values)))
    return pd.DatetimeIndex(temperature.index)[np.repeat(lengths >= STUCK_HOURS, lengths)]


def _means(days: Floats) -> Floats:
    """Return the mean of the known values of each row; NaN if there are none."""
    known = np.isfinite(days)
    with np.errstate(invalid="ignore"):
        means: Floats = np.where(known, days, 0.0).sum(axis=1) / known.sum(axis=1)
    return means


def _by_day_of_year(temperature: "pd.Series[float]") -> Floats:
    """Return the mean of each day of the year (UTC) over all years, (365,); NaN if there is none."""
    index = pd.DatetimeIndex(temperature.index)
    day = np.minimum(index.dayofyear - (index.is_leap_year & (index.dayofyear > 59)), 365) - 1
    sums = np.bincount(day, weights=temperature.to_numpy(), minlength=365)
    counts = np.bincount(day, minlength=365)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(counts > 0, sums / counts, np.nan), dtype=np.float64)
