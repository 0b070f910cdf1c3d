"""The readings of an interval trace by local hours, days or months."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from chalicelib.metering.failure import MeterFailure
from chalicelib.metering.inputs.frequency import Frequency
from chalicelib.metering.models.caltrack.degree_days import local_days

COMPLETE = 0.99  # of a day: readings may end a second early


def whole_days(readings: pd.DataFrame, frequency: Frequency, timezone: ZoneInfo) -> pd.DataFrame:
    """Convert the readings of an interval trace to days in `timezone`: the same columns, a row per day.

    A daily reading belongs to the day that contains its midpoint, so that days given as midnight UTC keep their date.
    Shorter readings are summed over the day (of 23, 24 or 25 hours) in which they start, following CalTRACK 2.2.2.1: if
    more than half of a day was read, the rest is filled with the average; otherwise the day is missing, rather than too
    low.
    """
    daily = frequency.name == "daily"
    at = readings["start"] + (readings["end"] - readings["start"]) / 2 if daily else readings["start"]
    return _totals(readings, at, timezone, "D", None if daily else 0.5)


def whole_hours(readings: pd.DataFrame, timezone: ZoneInfo) -> pd.DataFrame:
    """Convert readings of an hour or less to hours in `timezone`, filled or missing by the rule of `whole_days`."""
    return _totals(readings, readings["start"], timezone, "h", 0.5)


def whole_months(days: pd.DataFrame, timezone: ZoneInfo) -> pd.DataFrame:
    """Sum days to monthly bills; a month is missing unless more than 90 % of it was read."""
    months = _totals(days, days["start"], timezone, "MS", 0.9)
    return months.assign(bill=range(len(months)))


def _totals(
    readings: pd.DataFrame, at: "pd.Series[pd.Timestamp]", timezone: ZoneInfo, step: str, enough: float | None
) -> pd.DataFrame:
    """Sum readings by hour (h), day (D) or month (MS), filled if more than `enough` of it was read, else missing.

    The column `filled` flags those that were filled.
    """
    known = readings["value"].notna().to_numpy()
    if not known.any():
        raise MeterFailure(
            "The trace has readings for more than half of the day on no day at all: post the missing readings."
        )
    length = (readings["end"] - readings["start"]).to_numpy()
    by_step = pd.DataFrame(
        {"value": readings["value"].to_numpy()[known], "covered": length[known]},
        index=pd.DatetimeIndex(at[known]).tz_convert(timezone),
    )
    start, end = _edges(pd.DatetimeIndex(by_step.index), step)
    number = start.searchsorted(by_step.index, side="right") - 1
    sums = by_step.groupby(number).sum(min_count=1).reindex(range(len(start)))
    value, filled = sums["value"].to_numpy(), np.zeros(len(sums), dtype=bool)
    if enough is not None:
        covered = sums["covered"].fillna(pd.Timedelta(0)).to_numpy()
        coverage = (covered / (end - start).to_numpy()).clip(max=1.0)
        value = np.where(coverage > enough, value / np.maximum(coverage, enough), np.nan)
        filled = (coverage > enough) & (coverage < COMPLETE)
    columns = {"start": start.tz_convert("UTC"), "end": end.tz_convert("UTC"), "value": value, "filled": filled}
    return pd.DataFrame(columns)


def _edges(index: pd.DatetimeIndex, step: str) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """Return the start and end of each hour (h), day (D) or month (MS) with the instants of an index."""
    if step == "D":
        edges = local_days(index.min(), index.max().tz_localize(None) + pd.Timedelta(days=2))
        return edges[:-1], edges[1:]
    start = pd.DatetimeIndex(pd.Series(index=index, dtype=float).resample(step).sum().index)
    following = start[-1] + (pd.DateOffset(hours=1) if step == "h" else pd.DateOffset(months=1))
    return start, pd.DatetimeIndex(start[1:].append(pd.DatetimeIndex([following])))
