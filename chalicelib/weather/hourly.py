"""Convert observations at arbitrary minutes to hourly means, as eeweather does."""

import numpy as np
import pandas as pd

Hours = list[tuple[int, float]]


def hourly(celsius: pd.Series) -> Hours:
    """Return the mean of each hour (microseconds since 1970 UTC, °F) of temperatures in °C indexed in UTC.

    Temperatures between observations are interpolated linearly, up to an hour from each observation (CalTRACK 2.3.3;
    the steps of eeweather's `fetch_isd_hourly_temp_data`). Hours beyond that are left out.
    """
    by_instant = celsius.sort_index().groupby(level=0).mean()
    hours = (
        by_instant.resample("min")
        .mean()
        .interpolate(method="linear", limit=60, limit_direction="both")
        .resample("h")
        .mean()
        .dropna()
    )
    instants = pd.DatetimeIndex(hours.index).as_unit("us").asi8
    return list(zip(instants.tolist(), (np.asarray(hours) * 1.8 + 32.0).tolist(), strict=True))
