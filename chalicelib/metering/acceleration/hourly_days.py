"""eemeter.eemeter.models.hourly.model: rows of days, built from their hours by position."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from eemeter.eemeter.models.hourly.model import HourlyModel

from chalicelib.metering.acceleration.libm import Floats

_HOURS = 24
_DAY = pd.Timedelta(days=1).value
_their_matrices = HourlyModel._get_feature_matrices

Hours: TypeAlias = list[tuple[int, int]]  # day number, and the hour that is missing or occurs twice


def _get_dst_indices(df: pd.DataFrame) -> tuple[Hours, Hours]:
    """`_get_dst_indices`: the days with 23 readings and those with 25, from local times rather than dates."""
    index = pd.DatetimeIndex(df.index)
    clock = index.tz_localize(None).as_unit("ns").asi8
    days, day = np.unique(clock // _DAY, return_inverse=True)
    hour = clock % _DAY // pd.Timedelta(hours=1).value
    counts = np.bincount(day[df["observed"].notna().to_numpy()], minlength=len(days))
    return (
        [(int(number), _missing(hour[day == number])) for number in np.flatnonzero(counts == _HOURS - 1)],
        [(int(number), _second(hour[day == number])) for number in np.flatnonzero(counts == _HOURS + 1)],
    )


def _missing(hours: npt.NDArray[np.int64]) -> int:
    missing = set(range(_HOURS)).difference(hours.tolist())
    if len(missing) != 1:
        raise ValueError("too many missing hours")  # as eemeter does
    return missing.pop()


def _second(hours: npt.NDArray[np.int64]) -> int:
    return int(hours[pd.Series(hours).duplicated().to_numpy()][0])


def _get_feature_matrices(self: Any, df: pd.DataFrame, dst_indices: tuple[Hours, Hours]) -> tuple[Floats, Any]:
    """`_get_feature_matrices`: a row per day with the 24 hours of each feature, then the categories of the day.

    At clock changes, an hour is inserted or two are merged, as in eemeter. Data with days of other lengths, or with
    categories that are not boolean, are left to eemeter.
    """
    dates = df["date"].to_numpy()
    starts = np.flatnonzero(np.append(True, dates[1:] != dates[:-1]))
    categories = df[self._categorical_features]
    sizes = np.diff(starts, append=len(df))
    if not (_is_plain(dates[starts], sizes, dst_indices) and all(map(pd.api.types.is_bool_dtype, categories.dtypes))):
        return _their_matrices(self, df, dst_indices)  # type: ignore[no-any-return]
    features = _days(df[self._ts_feature_norm].to_numpy(dtype=float), starts, dst_indices)
    X = np.concatenate((features, categories.to_numpy()[starts]), axis=1)
    return X, None if self.is_fitted else _days(df[["observed_norm"]].to_numpy(dtype=float), starts, dst_indices)


def _is_plain(dates: npt.NDArray[Any], sizes: npt.NDArray[np.int64], dst_indices: tuple[Hours, Hours]) -> bool:
    shorter, longer = dst_indices
    expected = np.full(len(sizes), _HOURS)
    expected[[day for day, _ in shorter]] -= 1
    expected[[day for day, _ in longer]] += 1
    in_order = bool((dates[1:] > dates[:-1]).all())
    return in_order and bool((sizes == expected).all()) and all(0 < hour < _HOURS - 1 for _, hour in shorter)


def _days(hours: Floats, starts: npt.NDArray[np.int64], dst_indices: tuple[Hours, Hours]) -> Floats:
    shorter, longer = dst_indices
    missing = np.array([starts[day] + hour for day, hour in shorter], dtype=np.int64)
    second = np.array([starts[day] + hour + 1 for day, hour in longer], dtype=np.int64)
    hours = hours.copy()
    between = (hours[missing - 1] + hours[missing]) / 2
    hours[second] = (hours[second] + hours[second - 1]) / 2
    kept = np.ones(len(hours), dtype=bool)
    kept[second - 1] = False
    inserted = missing - np.searchsorted(np.sort(second - 1), missing)
    hours = np.insert(hours[kept], inserted, between, axis=0)
    return hours.reshape(len(starts), _HOURS, -1).transpose(0, 2, 1).reshape(len(starts), -1)
