"""Select the readings of a modeling period: complete readings, covering as close to 365 days as possible.

The year is counted from the complete reading closest to the project's date (baseline end or reporting start), at most
one reading away. A period has at most 365 days, or the number of bills closest to that (CalTRACK issue 126). Programs
that track savings for years request another reporting window than the first year (CalTRACK issues 74 and 127).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from chalicelib.metering.failure import ModelFailure
from chalicelib.metering.inputs.frequency import LONGEST_BILL, Frequency
from chalicelib.metering.inputs.meter_input import Project
from chalicelib.reporting_window import FIRST_YEAR, LATEST_YEAR, Window, instants

YEAR_DAYS = 365


def baseline_readings(
    readings: pd.DataFrame, frequency: Frequency, project: Project, *, nearest: bool = False
) -> pd.DataFrame:
    """Return the readings of the last 365 days before `baseline_period_end`; nearest: as close to 365 as possible."""
    whole = readings[readings["end"] <= project.baseline_end]
    if project.baseline_start is not None:
        whole = whole[whole["start"] >= project.baseline_start]
    if nearest:
        whole = whole[: _count_to_last_known(whole)]
    if whole.empty:
        return whole
    last = max(whole["end"].max(), project.baseline_end - _longest(frequency, nearest))
    return _year_up_to(last, whole, project, nearest)


def reporting_readings(
    readings: pd.DataFrame,
    frequency: Frequency,
    project: Project,
    window: Window = FIRST_YEAR,
    *,
    nearest: bool = False,
) -> pd.DataFrame:
    """Return the readings of the reporting period in a window.

    first_year: the first 365 days from `reporting_period_start`. latest_year: the last 365 days up to the last reading
    with a value. A start and an end: the readings in between. nearest: as close to 365 days as possible, rather than at
    most 365. Raises ModelFailure if the window starts before `reporting_period_start`.
    """
    whole = readings[readings["start"] >= project.reporting_start]
    if project.reporting_end is not None:
        whole = whole[whole["end"] <= project.reporting_end]
    if not isinstance(window, str):
        start, end = _edges(window, project)
        return whole[(whole["start"] >= start) & (whole["end"] <= end)]
    if window == LATEST_YEAR:
        whole = whole[: _count_to_last_known(whole)]
        return whole if whole.empty else _year_up_to(whole["end"].max(), whole, project, nearest)
    if nearest:
        whole = whole[len(whole) - _count_to_last_known(whole[::-1]) :]
    if whole.empty:
        return whole
    first = min(whole["start"].min(), project.reporting_start + _longest(frequency, nearest))
    last = _shifted(first, YEAR_DAYS, project)
    return whole[whole["end"] <= (_nearest(whole["end"], last) if nearest else last)]


def _edges(window: Mapping[str, str], project: Project) -> tuple[pd.Timestamp, pd.Timestamp]:
    start, end = (pd.Timestamp(edge) for edge in instants(window, project.timezone))
    if start < project.reporting_start:
        shown = (instant.tz_convert(project.timezone).isoformat() for instant in (start, project.reporting_start))
        raise ModelFailure(
            "The reporting window starts at {}, before the project's reporting period starts at {}: set the window's"
            " start to that date or later.".format(*shown)
        )
    return start, end


def _longest(frequency: Frequency, nearest: bool) -> pd.Timedelta:
    """Return how far a complete reading may be from the project's date; monthly bills may include a bimonthly one."""
    return max(frequency.longest, LONGEST_BILL) if nearest else frequency.longest


def _year_up_to(last: pd.Timestamp, readings: pd.DataFrame, project: Project, nearest: bool) -> pd.DataFrame:
    first = _shifted(last, -YEAR_DAYS, project)
    return readings[readings["start"] >= (_nearest(readings["start"], first) if nearest else first)]


def _count_to_last_known(readings: pd.DataFrame) -> int:
    """Return the number of readings up to the last one with a value."""
    known = np.flatnonzero(readings["value"].notna())
    return int(known[-1]) + 1 if len(known) else 0


def _nearest(edges: "pd.Series[pd.Timestamp]", instant: pd.Timestamp) -> pd.Timestamp:
    return edges.iloc[int((edges - instant).abs().to_numpy().argmin())]


def _shifted(instant: pd.Timestamp, days: int, project: Project) -> pd.Timestamp:
    """Shift an instant by calendar days in the project's time zone: clock changes do not lose or add an hour."""
    wall = instant.tz_convert(project.timezone).tz_localize(None) + pd.Timedelta(days=days)
    return wall.tz_localize(project.timezone, ambiguous=True, nonexistent="shift_forward")
