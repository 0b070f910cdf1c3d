"""Which readings a modeling period has: whole ones, as near to 365 days as they come, never above.

The year is counted from the whole reading next to the project, which lies at most one reading away from it.
"""

import pandas as pd

from chalicelib.metering.frequency import Frequency
from chalicelib.metering.serialized import Project

YEAR_DAYS = 365


def baseline_readings(readings: pd.DataFrame, frequency: Frequency, project: Project) -> pd.DataFrame:
    """The readings within the last 365 days before `baseline_period_end`."""
    whole = readings[readings["end"] <= project.baseline_end]
    if project.baseline_start is not None:
        whole = whole[whole["start"] >= project.baseline_start]
    if whole.empty:
        return whole
    last = max(whole["end"].max(), project.baseline_end - frequency.longest)
    return whole[whole["start"] >= _shifted(last, -YEAR_DAYS, project)]


def reporting_readings(readings: pd.DataFrame, frequency: Frequency, project: Project) -> pd.DataFrame:
    """The readings within the first 365 days from `reporting_period_start`."""
    whole = readings[readings["start"] >= project.reporting_start]
    if project.reporting_end is not None:
        whole = whole[whole["end"] <= project.reporting_end]
    if whole.empty:
        return whole
    first = min(whole["start"].min(), project.reporting_start + frequency.longest)
    return whole[whole["end"] <= _shifted(first, YEAR_DAYS, project)]


def _shifted(instant: pd.Timestamp, days: int, project: Project) -> pd.Timestamp:
    """Days by the calendar of the building: a year over two clock changes is 365 days, and an hour is not lost."""
    wall = instant.tz_convert(project.timezone).tz_localize(None) + pd.Timedelta(days=days)
    return wall.tz_localize(project.timezone, ambiguous=True, nonexistent="shift_forward")
