"""Readings far above or below what others at such temperatures are.

CalTRACK 2.3.6 has values above the median and three interquartile ranges reviewed. By itself that also finds the cold
days of a building that heats, so that a reading has to stand out among the days nearest in temperature as well.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from chalicelib.metering.caltrack.degree_days import daily_means, local_days
from chalicelib.metering.temperatures import Temperatures

Floats = npt.NDArray[np.float64]

_DAY = pd.Timedelta(days=1)
EXTREME = 3  # interquartile ranges from the median of all readings (CalTRACK 2.3.6)
FAR = 10  # interquartile ranges from the median of those alike
TIMES = 2  # the least distance from the median of those alike, in medians
ALIKE = 20  # days nearest in temperature
FEWEST = 6  # readings
SEVERAL_DAYS, SEVERAL_BILLS = 5, 2  # of as many that are like each other none is an outlier
LIKE = 2.0  # times


def find_outliers(readings: pd.DataFrame, temperatures: Temperatures, *, bills: bool) -> pd.DataFrame:
    """Days, or bills, that stand out: start, end, value and limit (of hours the day's sums), the farthest first."""
    if bills:
        table = readings[["start", "end", "value"]]
        days = (table["end"] - table["start"]).dt.total_seconds().to_numpy() / _DAY.total_seconds()
        low, high = outlier_limits(table["value"].to_numpy(dtype=np.float64) / days, None)
        low, high = low * days, high * days
    else:
        table = _days(readings, temperatures)
        low, high = outlier_limits(table["value"].to_numpy(), table["temperature"].to_numpy())
    value = table["value"].to_numpy(dtype=np.float64)
    found = table.assign(limit=np.where(value > high, high, low))[(value > high) | (value < low)]
    found = found[~recurring(found["value"].to_numpy(), SEVERAL_BILLS if bills else SEVERAL_DAYS)]
    farthest = (found["value"] - found["limit"]).abs().sort_values(ascending=False, kind="stable").index
    return found.loc[farthest, ["start", "end", "value", "limit"]]


def is_among(readings: pd.DataFrame, outliers: pd.DataFrame) -> "pd.Series[bool]":
    """Which readings lie in outliers."""
    starts, among = readings["start"], np.zeros(len(readings), dtype=bool)
    for first, last in zip(outliers["start"], outliers["end"], strict=True):
        among |= ((starts >= first) & (starts < last)).to_numpy()
    return pd.Series(among, index=readings.index, dtype=bool)


def outlier_limits(energy: Floats, temperature: Floats | None) -> tuple[Floats, Floats]:
    """The lowest and the highest value that is no outlier, of each reading.

    energy (readings,) is of a day each, or of a bill per day; NaN where it is missing. temperature (readings,) has the
    days' means (F), None for bills, all of which are then alike. Limits are infinite where there are fewer than six
    readings.
    """
    low, high = np.full(len(energy), -np.inf), np.full(len(energy), np.inf)
    known = np.flatnonzero(
        np.isfinite(energy) if temperature is None else np.isfinite(energy) & np.isfinite(temperature)
    )
    if len(known) < FEWEST:
        return low, high
    values = energy[known]
    median, spread = _middle(values[values != 0] if (values != 0).any() else values)
    if temperature is None:
        centre, width = (np.full(len(known), number) for number in _middle(values))
    else:
        centre, width = _alike(values, temperature[known])
    distance = np.maximum(FAR * width, TIMES * np.abs(centre))
    high[known] = np.maximum(centre + distance, median + EXTREME * spread)
    low[known] = np.minimum(np.minimum(centre - distance, median - EXTREME * spread), 0.0)  # nothing used is no outlier
    return low, high


def recurring(values: Floats, several: int) -> npt.NDArray[np.bool_]:
    """Which of the values beyond their limits are like several others, as the use of a building now and then.

    Like is within a factor of two. One and the same number that comes again is a code, and counts once.
    """
    size = np.abs(values)
    different = np.unique(size)
    like = (different >= size[:, None] / LIKE) & (different <= size[:, None] * LIKE)
    return np.asarray(like.sum(axis=1) >= several)


def _middle(values: Floats) -> tuple[float, float]:
    """The median and the interquartile range."""
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float(median), float(high - low)


def _quantile(ordered: Floats, share: float) -> Floats:
    """That of each row, between the ordered values next to it; numpy's own goes through rows one by one."""
    place = share * (ordered.shape[1] - 1)
    below, weight = int(place), place % 1
    found: Floats = (1 - weight) * ordered[:, below] + weight * ordered[:, min(below + 1, ordered.shape[1] - 1)]
    return found


def _alike(values: Floats, temperature: Floats) -> tuple[Floats, Floats]:
    """Of each day the median and interquartile range of the others nearest to it in the order of temperatures."""
    order = np.argsort(temperature, kind="stable")
    size = min(ALIKE + 1, len(values))
    first = np.clip(np.arange(len(values)) - size // 2, 0, len(values) - size)
    windows = values[order][first[:, None] + np.arange(size)]
    itself = np.arange(len(values)) - first
    others = np.sort(np.where(np.arange(size) == itself[:, None], np.inf, windows), axis=1)[:, :-1]
    low, median, high = (_quantile(others, share) for share in (0.25, 0.5, 0.75))
    centre, width = np.empty(len(values)), np.empty(len(values))
    centre[order], width[order] = median, high - low
    return centre, width


def _days(readings: pd.DataFrame, temperatures: Temperatures) -> pd.DataFrame:
    """The days of a period, hours added up: start, end, value and temperature (F)."""
    timezone = pd.DatetimeIndex(temperatures.hours.index).tz
    start, end = (one.tz_convert(timezone) for one in (readings["start"].min(), readings["end"].max()))
    days = local_days(start, end)
    edges = pd.DatetimeIndex(days.append(pd.DatetimeIndex([end]).as_unit("ns"))).tz_convert("UTC")
    day = np.searchsorted(days.asi8, pd.DatetimeIndex(readings["start"]).as_unit("ns").asi8, side="right") - 1
    value = pd.Series(readings["value"].to_numpy()).groupby(day).sum(min_count=1).reindex(range(len(days)))
    return pd.DataFrame(
        {
            "start": edges[:-1],
            "end": edges[1:],
            "value": value.to_numpy(),
            "temperature": daily_means(temperatures.hours, start, end)[0],
        }
    )
