"""Daily mean temperatures, and the degree days of bills."""

from datetime import tzinfo
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.floating[Any]]

_MIN_DAY_COVERAGE = 0.5  # share of the hours of a day, CalTRACK 2.2.2.3
_HOUR_NS = 3_600_000_000_000


def daily_means(hours: "pd.Series[float]", first: pd.Timestamp, end: pd.Timestamp) -> tuple[Floats, Floats]:
    """Return the mean temperature and the share of known hours of each day from `first` to `end` (local midnights).

    hours: hourly temperatures (F), NaN if missing. The mean of a day with less than half of its hours is NaN.
    """
    midnights = np.append(local_days(first, end).asi8, end.as_unit("ns").value)
    values = hours.to_numpy(dtype=np.float64)
    known = np.isfinite(values)
    at = np.searchsorted(pd.DatetimeIndex(hours.index).as_unit("ns").asi8, midnights)
    counts, sums = (
        np.diff(np.concatenate(([0.0], np.cumsum(part)))[at]) for part in (known, np.where(known, values, 0.0))
    )
    share = counts / (np.diff(midnights) / _HOUR_NS)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(share >= _MIN_DAY_COVERAGE, sums / counts, np.nan), share


def local_days(first: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
    """Return the first instant of each day from `first` to `end`: 01:00 if a clock change skips midnight."""
    return _local_days(first.tz_localize(None).normalize(), end.tz_localize(None).normalize(), first.tz)


@lru_cache(maxsize=64)  # pandas asks a ZoneInfo for each day; a run needs the same days several times
def _local_days(first: pd.Timestamp, end: pd.Timestamp, timezone: tzinfo | None) -> pd.DatetimeIndex:
    days: pd.DatetimeIndex = pd.date_range(  # type: ignore[call-overload]  # the stubs lack options
        first, end, freq="D", tz=timezone, ambiguous=True, nonexistent="shift_forward", inclusive="left", unit="ns"
    )
    return days


def degree_days(temperature: Floats, balance_points: Floats) -> tuple[Floats, Floats]:
    """Return the heating and cooling degree days of each day (rows) for each balance point (columns), in °F-days."""
    above = temperature[:, None] - balance_points
    return np.maximum(-above, 0.0), np.maximum(above, 0.0)


def bill_means(daily: Floats, bill: npt.NDArray[np.int64], bills: int) -> Floats:
    """Return the means over each bill's days; `daily` has a row per day, `bill` is the bill number of each day."""
    sums = np.zeros((bills, *daily.shape[1:]))
    np.add.at(sums, bill, daily)
    return sums / np.bincount(bill, minlength=bills).reshape(-1, *[1] * (daily.ndim - 1))
