"""Readings that follow each other without gaps."""

import pandas as pd


def readings(starts: pd.DatetimeIndex, values: "list[float] | float" = 1.0) -> pd.DataFrame:
    """Return a reading from each start to the next."""
    starts = starts.tz_convert("UTC")
    return pd.DataFrame({"start": starts[:-1], "end": starts[1:], "value": values})


def every(step: str, start: str, end: str, tz: str = "America/Chicago") -> pd.DatetimeIndex:
    return pd.date_range(start, end, freq=step, tz=tz)
