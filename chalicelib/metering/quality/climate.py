"""Whether temperatures can be what they are said to be: of this Earth, of one place, in degrees Fahrenheit."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.meter_input import Weather
from chalicelib.metering.normal_year import LONGEST_GAP, hours_of_year, missing_dates
from chalicelib.metering.quality.findings import MOST_DATES, finding, spans

Floats = npt.NDArray[np.float64]

# Between years the mean of a place differs by 5 F at most, and between stations of one ZIP code by 10 F.
MEANS_APART = 12.0  # F
SPREADS_APART = 1.5  # times; Celsius taken for Fahrenheit, or the reverse, makes it 1.8
WARM_ENOUGH = 60.0  # F; where people live a year has warmer hours
STUCK = 72  # hours
FEWEST_HOURS = 90 * 24  # of observed weather to compare
MOST_OF_A_YEAR = 330 * 24  # hours


def check_weather(observed: Weather, normal: Weather) -> list[EEMeterWarning]:
    """Warnings of observed and normal temperatures that cannot belong to one place, or were changed on reading."""
    found = []
    for name, weather in (("observed", observed), ("normal", normal)):
        if weather.impossible:
            found.append(
                finding(
                    "impossible_temperatures",
                    "Temperatures that are impossible, or far from all around them, count as missing.",
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
                "Temperatures that stay the same for days.",
                station=observed.station,
                hours=STUCK,
                days=spans(stuck)[:MOST_DATES],
            )
        )
    by_hour = hours_of_year(normal)
    filled = missing_dates(by_hour)
    if filled:
        found.append(
            finding(
                "normal_year_filled",
                "Short gaps of the normal year were filled from the days around them.",
                station=normal.station,
                hours=int(np.isnan(by_hour).sum()),
                longest_gap=LONGEST_GAP,
                dates=filled[:MOST_DATES],
            )
        )
    return found + _apart(observed, normal, by_hour)


def _apart(observed: Weather, normal: Weather, by_hour: Floats) -> list[EEMeterWarning]:
    """By the days of a year: the means and spreads of what was observed, and of the normal year on the same days."""
    known = observed.temperature.dropna()
    if len(known) < FEWEST_HOURS:
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
    if abs(means[0] - means[1]) > MEANS_APART or (ratio > SPREADS_APART and max(spreads) > MEANS_APART):
        description = "Observed and normal temperatures cannot belong to one place."
        found.append(finding("weather_mismatch", description, **numbers))
    hottest = float(known.max())
    if hottest < WARM_ENOUGH and len(known) > MOST_OF_A_YEAR:
        found.append(finding("weather_in_celsius", "The temperatures may be in Celsius.", **numbers, hottest=hottest))
    return found


def _stuck(temperature: "pd.Series[float]") -> pd.DatetimeIndex:
    """The hours at which a temperature has stayed the same for three days and more."""
    values = temperature.to_numpy()
    begins = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    lengths = np.diff(np.append(begins, len(values)))
    return pd.DatetimeIndex(temperature.index)[np.repeat(lengths >= STUCK, lengths)]


def _means(days: Floats) -> Floats:
    """The mean of each row's known values; NaN without one."""
    known = np.isfinite(days)
    with np.errstate(invalid="ignore"):
        means: Floats = np.where(known, days, 0.0).sum(axis=1) / known.sum(axis=1)
    return means


def _by_day_of_year(temperature: "pd.Series[float]") -> Floats:
    """The mean of each day of the year (UTC), over the years; NaN without one, (365,)."""
    index = pd.DatetimeIndex(temperature.index)
    day = np.minimum(index.dayofyear - (index.is_leap_year & (index.dayofyear > 59)), 365) - 1
    sums = np.bincount(day, weights=temperature.to_numpy(), minlength=365)
    counts = np.bincount(day, minlength=365)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(counts > 0, sums / counts, np.nan), dtype=np.float64)
