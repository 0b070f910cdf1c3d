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
    if isinstance(value, pd.Timestamp | pd.DatetimeIndex):
        texts = value.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return texts if isinstance(texts, str) else list(texts)
    if isinstance(value, list | tuple | np.ndarray | pd.Series):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
