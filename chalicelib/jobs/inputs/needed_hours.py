"""The hours of weather that a run needs: those of the readings that are modeled."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib import reporting_window
from chalicelib.jobs.inputs.instants import DAY, HOUR, instant
from chalicelib.reporting_window import LATEST_YEAR

YEAR = 365 * DAY  # the longest part of a period that eemeter uses


def needed_hours(meter_input: dict[str, Any]) -> list[range]:
    """The hours (since 1970 UTC) of each modeling period, for at most 365 days of readings next to the installation.

    A reporting window other than the first year has the hours of its own readings. Raises MeterFailure when the trace
    has no records.
    """
    instants = sorted(reading_edges(meter_input))
    group, timezone = meter_input["project"]["modeling_period_group"], _timezone(meter_input)
    periods = []
    if group["baseline_period"].get("end"):
        read = _within(instants, group["baseline_period"], timezone)
        periods.append(_hours(max(read[0], read[-1] - YEAR), read[-1]) if read else range(0))
    if group["reporting_period"].get("start"):
        read = _within(instants, group["reporting_period"], timezone)
        periods.append(_window_hours(read, meter_input) if read else range(0))
    return [hours for hours in periods if hours]


def reading_edges(meter_input: dict[str, Any]) -> list[int]:
    """The starts and ends of a trace's records. Raises MeterFailure if there are none."""
    from chalicelib.metering import MeterFailure

    timezone = _timezone(meter_input)
    edges = (record.get(end) for record in meter_input["trace"]["records"] for end in ("start", "end"))
    found = [instant(edge, timezone) for edge in edges if edge is not None]
    if not found:
        raise MeterFailure("The trace has no records: post its readings to trace_records/, then run again.")
    return found


def _window_hours(read: list[int], meter_input: dict[str, Any]) -> range:
    """The hours of the reporting window; `read` are the instants at which the period's readings start or end."""
    window = meter_input.get("reporting_window")
    if isinstance(window, Mapping):
        start, end = reporting_window.instants(window, ZoneInfo(_timezone(meter_input)))
        inside = _within(read, {"start": start.isoformat(), "end": end.isoformat()}, _timezone(meter_input))
        return _hours(inside[0], inside[-1]) if inside else range(0)
    if window == LATEST_YEAR:
        last = _last_reading_end(read, meter_input["trace"]["records"], _timezone(meter_input))
        return _hours(max(read[0], last - YEAR), last)
    return _hours(read[0], min(read[-1], read[0] + YEAR))


def _last_reading_end(read: list[int], records: list[dict[str, Any]], timezone: str) -> int:
    """The end of the last reading with a value. A reading without an end lasts until the next one starts."""
    last = read[0]
    for record in records:
        if record.get("value") is None:
            continue
        if record.get("end") is not None:
            end = instant(record["end"], timezone)
        else:
            following = bisect_right(read, instant(record["start"], timezone))
            end = read[following] if following < len(read) else last
        if end <= read[-1]:
            last = max(last, end)
    return last


def _timezone(meter_input: dict[str, Any]) -> str:
    return meter_input["project"].get("timezone") or "UTC"


def _within(instants: list[int], period: dict[str, Any], timezone: str) -> list[int]:
    start, end = (None if period.get(edge) is None else instant(period[edge], timezone) for edge in ("start", "end"))
    return [one for one in instants if (start is None or one >= start) and (end is None or one <= end)]


def _hours(start: int, end: int) -> range:
    return range(-(-start // HOUR), end // HOUR)
