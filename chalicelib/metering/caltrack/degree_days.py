"""Mean temperatures of days, and the degree days of bills."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.floating[Any]]

_ENOUGH_OF_A_DAY = 0.5  # of its hours, CalTRACK 2.2.2.3
_HOUR_NS = 3_600_000_000_000


def daily_means(hours: "pd.Series[float]", first: pd.Timestamp, end: pd.Timestamp) -> tuple[Floats, Floats]:
    """Of each day from `first` up to `end` (local midnights): the mean temperature, and the share of its hours known.

    `hours` are temperatures (F) by the hour, NaN where missing. A day with less than half of its hours has NaN.
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
        return np.where(share >= _ENOUGH_OF_A_DAY, sums / counts, np.nan), share


def local_days(first: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
    """The first instant of each day from `first` up to `end`: an hour after midnight where clocks skip that."""
    wall = pd.date_range(
        first.tz_localize(None).normalize(), end.tz_localize(None).normalize(), freq="D", inclusive="left"
    )
    return wall.tz_localize(first.tz, ambiguous=True, nonexistent="shift_forward").as_unit("ns")


def degree_days(temperature: Floats, balance_points: Floats) -> tuple[Floats, Floats]:
    """Heating and cooling degree days of days (rows) for each balance point (columns), all in F."""
    above = temperature[:, None] - balance_points
    return np.maximum(-above, 0.0), np.maximum(above, 0.0)


def bill_means(of_days: Floats, bill: npt.NDArray[np.int64], bills: int) -> Floats:
    """The means over each bill's own days; `of_days` has a row a day, `bill` is the number of the bill of each."""
    sums = np.zeros((bills, *of_days.shape[1:]))
    np.add.at(sums, bill, of_days)
    return sums / np.bincount(bill, minlength=bills).reshape(-1, *[1] * (of_days.ndim - 1))
