"""eemeter.eemeter.models.daily.model: the season and weekday of each day, and the days usable for a fit."""

from typing import Any

import numpy as np
import pandas as pd
from eemeter.eemeter.models.daily.model import DailyModel

_their_initialize_data: Any = DailyModel._initialize_data
_ADDED = ("season", "day_of_week")


def _initialize_data(self: Any, meter_data: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`_initialize_data`: the days with complete numbers, and the others; each table is built once.

    Tables that are empty, unordered, or have columns that eemeter renames or uses as the index are left to eemeter.
    """
    index = meter_data.index
    if (
        not isinstance(index, pd.DatetimeIndex)
        or not index.is_monotonic_increasing
        or not index.is_unique
        or meter_data.empty
        or {"predicted", "datetime"} & set(meter_data.columns)
    ):
        return _their_initialize_data(self, meter_data)  # type: ignore[no-any-return]
    of_month = self.settings.season._num_dict
    seasons = np.array([of_month[month] for month in range(1, 13)], dtype=object)
    columns = {name: meter_data[name] for name in meter_data.columns if name not in _ADDED}
    rows = pd.DataFrame(
        {"season": seasons[index.month - 1], "day_of_week": index.dayofweek + 1, **columns}, index=index
    )
    whole = np.ones(len(rows), dtype=bool)
    for name, column in columns.items():
        whole &= np.isfinite(column) if name in ("temperature", "observed") else column.notna().to_numpy()
    return rows[whole], rows[~whole]
