"""Convert results to plain JSON values."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def plain(value: Any) -> Any:
    """Convert a value to dicts, lists, str, float, int, bool and None; NaN and infinities to None, instants to UTC."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, pd.Timestamp):
        return value.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, pd.DatetimeIndex):  # NumPy formats ten times as fast as pandas
        instants = value.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")
        return [f"{text}Z" for text in np.datetime_as_string(instants).tolist()]
    if isinstance(value, pd.Series) and value.dtype == np.float64:
        return [number if math.isfinite(number) else None for number in value.tolist()]
    if isinstance(value, list | tuple | np.ndarray | pd.Series):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
