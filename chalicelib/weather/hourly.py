"""From observations at odd minutes to hours, as eeweather does it."""

import numpy as np
import pandas as pd

Hours = list[tuple[int, float]]


def hourly(celsius: pd.Series) -> Hours:
    """The mean of each hour (°F, by microseconds since 1970 UTC) of temperatures in °C indexed in UTC.

    Between observations the temperature is a straight line, drawn up to an hour from each of them (CalTRACK 2.3.3: the
    steps of eeweather's `fetch_isd_hourly_temp_data`); an hour that it does not reach stays out.
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
