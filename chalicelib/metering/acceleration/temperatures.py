"""eemeter.eemeter.common.features: the mean temperature of each day, and the number of its known hours."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from eemeter.eemeter.common.features import compute_temperature_features as _theirs

_HOURS = 24
_MIN_DAY_COVERAGE, _MIN_PERIOD_COVERAGE = 0.5, 0.9  # CalTRACK 2.2.2.3 and 2.2.3.2, eemeter's defaults

Counts = npt.NDArray[np.int64]


def compute_temperature_features(
    meter_data_index: pd.DatetimeIndex, temperature_data: pd.Series, **options: Any
) -> pd.DataFrame:
    """`compute_temperature_features`: a row for each reading, counted for all readings at once.

    The means are pandas' own, of the same groups. Options that eemeter's data classes do not use are left to eemeter.
    """
    if options != {"data_quality": True} or not _is_plain(meter_data_index, temperature_data):
        return _theirs(meter_data_index, temperature_data, **options)  # type: ignore[no-any-return]
    group = _groups(meter_data_index, pd.DatetimeIndex(temperature_data.index))
    temperatures = temperature_data.to_numpy()[group >= 0]
    group = group[group >= 0]
    known = ~np.isnan(temperatures)
    size = np.bincount(group, minlength=len(meter_data_index))
    not_null = np.bincount(group, weights=known, minlength=len(meter_data_index))
    kept, dropped = _days(group, known, size)
    rows = pd.DataFrame(
        {
            "temperature_not_null": not_null,
            "temperature_null": size - not_null,
            "temperature_mean": pd.Series(temperatures).groupby(group).mean().reindex(range(len(size))).to_numpy(),
            "n_days_kept": kept,
            "n_days_dropped": dropped,
        },
        index=meter_data_index.rename(None),
        dtype=float,
    )
    whole = rows["temperature_mean"].notna()  # an empty group has no mean either
    if not whole.any():
        raise ValueError("All rows are NaN.")  # as eemeter does
    rows[~whole] = np.nan
    rows.iloc[-1] = np.nan
    return rows


def _is_plain(index: pd.DatetimeIndex, temperature_data: pd.Series) -> bool:
    """Return whether these are days and hours in one time zone, with enough days for pandas to infer the frequency."""
    hours = pd.DatetimeIndex(temperature_data.index)
    return bool(
        temperature_data.dtype == float
        and hours.freq == "h"
        and hours.tz
        and hours.dtype == index.dtype
        and index.freq == "D"
        and len(index) > 2
        and index.is_monotonic_increasing
        and index.is_unique
    )


def _groups(index: pd.DatetimeIndex, hours: pd.DatetimeIndex) -> Counts:
    """Return the day number of each hour: the last day that started, at most 24 hours before; otherwise -1."""
    starts, instants = index.as_unit("ns").asi8, hours.as_unit("ns").asi8
    group = np.searchsorted(starts, instants, side="right") - 1
    late = instants - starts[group] > pd.Timedelta(days=1).value
    return np.where(late, -1, group)


def _days(group: Counts, known: npt.NDArray[np.bool_], size: Counts) -> tuple[Counts, Counts]:
    """`_degree_day_columns` without a balance point: the days kept and dropped, by the number of their hours."""
    kept = (size > _HOURS * _MIN_DAY_COVERAGE).astype(np.int64)
    dropped = 1 - kept
    for long in np.flatnonzero(size > _HOURS):  # the day on which clocks are set back
        hours = known[group == long]
        parts = [hours[first : first + _HOURS] for first in range(0, len(hours), _HOURS)]
        enough = hours.sum() >= _MIN_PERIOD_COVERAGE * len(hours)
        kept[long] = sum(part.sum() > _HOURS * _MIN_DAY_COVERAGE for part in parts) if enough else 0
        dropped[long] = len(parts) - kept[long]
    return kept, dropped
