"""Find readings far above or below others at similar temperatures.

CalTRACK 2.3.6 asks for a review of values more than three interquartile ranges above the median. By itself, that would
also flag the cold days of a heated building, so a reading must also stand out among the days nearest in temperature.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from chalicelib.metering.models.caltrack.data import EXTREME
from chalicelib.metering.models.caltrack.degree_days import daily_means, local_days
from chalicelib.metering.preparation.temperatures import Temperatures

Floats = npt.NDArray[np.float64]

_DAY = pd.Timedelta(days=1)
FAR = 10  # interquartile ranges from the median of the neighbors
MIN_MEDIANS = 2  # minimum distance from the median of the neighbors, in multiples of that median
NEIGHBORS = 20  # days nearest in temperature
MIN_READINGS = 6
RECURRING_DAYS, RECURRING_BILLS = 5, 2  # this many similar values are not outliers
SIMILAR = 2.0  # ratio of values up to which they are similar


def find_outliers(readings: pd.DataFrame, temperatures: Temperatures, *, bills: bool) -> pd.DataFrame:
    """Return the days or bills that are outliers: start, end, value and limit, farthest first; hours as daily sums."""
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
    found = found[~recurring(found["value"].to_numpy(), RECURRING_BILLS if bills else RECURRING_DAYS)]
    farthest = (found["value"] - found["limit"]).abs().sort_values(ascending=False, kind="stable").index
    return found.loc[farthest, ["start", "end", "value", "limit"]]


def within_outliers(readings: pd.DataFrame, outliers: pd.DataFrame) -> "pd.Series[bool]":
    """Return which readings are within outliers."""
    starts, among = readings["start"], np.zeros(len(readings), dtype=bool)
    for first, last in zip(outliers["start"], outliers["end"], strict=True):
        among |= ((starts >= first) & (starts < last)).to_numpy()
    return pd.Series(among, index=readings.index, dtype=bool)


def outlier_limits(energy: Floats, temperature: Floats | None) -> tuple[Floats, Floats]:
    """Return the lowest and highest value of each reading that is not an outlier.

    energy (readings,) is the energy per day, of days or bills; NaN if missing. temperature (readings,) has the daily
    means (F); None for bills, which are all compared with each other. Limits are infinite with fewer than six readings.
    """
    low, high = np.full(len(energy), -np.inf), np.full(len(energy), np.inf)
    known = np.flatnonzero(
        np.isfinite(energy) if temperature is None else np.isfinite(energy) & np.isfinite(temperature)
    )
    if len(known) < MIN_READINGS:
        return low, high
    values = energy[known]
    median, spread = _median_and_iqr(values[values != 0] if (values != 0).any() else values)
    if temperature is None:
        center, width = (np.full(len(known), number) for number in _median_and_iqr(values))
    else:
        center, width = _of_neighbors(values, temperature[known])
    distance = np.maximum(FAR * width, MIN_MEDIANS * np.abs(center))
    high[known] = np.maximum(center + distance, median + EXTREME * spread)
    low[known] = np.minimum(np.minimum(center - distance, median - EXTREME * spread), 0.0)  # zero is not an outlier
    return low, high


def recurring(values: Floats, several: int) -> npt.NDArray[np.bool_]:
    """Return which of the values beyond their limits have `several` similar ones, as in occasional use of a building.

    Similar means within a factor of two. A repeated identical number is an error code, and counts once.
    """
    size = np.abs(values)
    different = np.unique(size)
    similar = (different >= size[:, None] / SIMILAR) & (different <= size[:, None] * SIMILAR)
    return np.asarray(similar.sum(axis=1) >= several)


def _median_and_iqr(values: Floats) -> tuple[float, float]:
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float(median), float(high - low)


def _quantile(ordered: Floats, share: float) -> Floats:
    """Return the linearly interpolated quantile of each row of ordered values; numpy's own handles rows one by one."""
    place = share * (ordered.shape[1] - 1)
    below, weight = int(place), place % 1
    found: Floats = (1 - weight) * ordered[:, below] + weight * ordered[:, min(below + 1, ordered.shape[1] - 1)]
    return found


def _of_neighbors(values: Floats, temperature: Floats) -> tuple[Floats, Floats]:
    """Return the median and interquartile range of each day's neighbors in the order of temperature."""
    order = np.argsort(temperature, kind="stable")
    size = min(NEIGHBORS + 1, len(values))
    first = np.clip(np.arange(len(values)) - size // 2, 0, len(values) - size)
    windows = values[order][first[:, None] + np.arange(size)]
    itself = np.arange(len(values)) - first
    others = np.sort(np.where(np.arange(size) == itself[:, None], np.inf, windows), axis=1)[:, :-1]
    low, median, high = (_quantile(others, share) for share in (0.25, 0.5, 0.75))
    center, width = np.empty(len(values)), np.empty(len(values))
    center[order], width[order] = median, high - low
    return center, width


def _days(readings: pd.DataFrame, temperatures: Temperatures) -> pd.DataFrame:
    """Return the days of a period, with hours summed: start, end, value and temperature (F)."""
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
