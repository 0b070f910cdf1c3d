"""eemeter.eemeter.models.daily.model: a day's season and weekday, and the days that can be fitted to."""

from typing import Any

import numpy as np
import pandas as pd
from eemeter.eemeter.models.daily.model import DailyModel

_step_by_step: Any = DailyModel._initialize_data
_ADDED = ("season", "day_of_week")


def _initialize_data(self: Any, meter_data: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`_initialize_data`: the days with all of their numbers, and the others; each table is made once.

    What is empty, out of order, or has columns that eemeter renames or takes for the index is left to eemeter.
    """
    index = meter_data.index
    if (
        not isinstance(index, pd.DatetimeIndex)
        or not index.is_monotonic_increasing
        or not index.is_unique
        or meter_data.empty
        or {"predicted", "datetime"} & set(meter_data.columns)
    ):
        return _step_by_step(self, meter_data)  # type: ignore[no-any-return]
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
