"""The data-quality report of a period: numbers and dates about its readings and temperatures."""

from typing import Any

import pandas as pd

from chalicelib.metering.inputs.frequency import Frequency
from chalicelib.metering.inputs.meter_input import MeterInput, Trace
from chalicelib.metering.preparation.quality.findings import MAX_DATES
from chalicelib.metering.preparation.temperatures import Temperatures


def quality_of(
    readings: pd.DataFrame,
    outliers: pd.DataFrame,
    temperatures: Temperatures | None,
    frequency: Frequency,
    meter_input: MeterInput,
    *,
    excluded: bool,
) -> dict[str, Any]:
    """Return the report. Counts refer to the readings as posted, at the frequency at which they were posted.

    readings: the readings of the period used by the model, with start, end, value, and the flag `filled` (partly filled
    in). outliers: start, value and limit. excluded: whether the outliers are excluded.
    """
    trace, timezone = meter_input.trace, meter_input.project.timezone
    posted = readings_between(trace, readings["start"].min(), readings["end"].max())
    known = posted["value"].notna()
    expected = len(posted)
    if not frequency.is_billing:
        expected = max(expected, round((readings["end"].max() - readings["start"].min()) / frequency.typical))
    weather, normal = meter_input.weather, meter_input.weather_normal
    return {
        "start": readings["start"].min(),
        "end": readings["end"].max(),
        "frequency": frequency.name,
        "timezone": str(timezone),
        "unit": trace.unit,
        "posted_unit": trace.posted_unit,
        "readings": expected,
        "missing": expected - int(known.sum()),
        "filled": int(readings["filled"].sum()) if "filled" in readings else 0,
        "estimated": int(posted["estimated"].sum()),
        "zero": int((posted["value"] == 0).sum()),
        "zero_is_reading": trace.zero_is_reading or not trace.is_electricity,
        "negative": int((posted["value"] < 0).sum()),
        "duplicate": int(posted["duplicate"].sum()),
        "outliers": {
            "count": len(outliers),
            "excluded": excluded,
            "readings": [
                {"date": date, "value": value, "limit": limit}
                for date, value, limit in zip(
                    pd.DatetimeIndex(outliers["start"]).tz_convert(timezone).strftime("%Y-%m-%d"),
                    outliers["value"],
                    outliers["limit"],
                    strict=True,
                )
            ][:MAX_DATES],
        },
        "temperature_hours": temperatures.count if temperatures else None,
        "temperatures_missing": temperatures.missing if temperatures else None,
        "temperatures_filled": temperatures.filled if temperatures else None,
        "days_without_temperature": len(temperatures.days_without) if temperatures else None,
        "weather_station": weather.station,
        "weather_station_km": weather.station_km,
        "weather_normal_station": normal.station,
        "weather_normal_station_km": normal.station_km,
    }


def posted_quality(readings: pd.DataFrame, frequency: Frequency, meter_input: MeterInput) -> dict[str, Any]:
    """Return the report of readings that were not processed further: without outliers and temperatures."""
    none = pd.DataFrame({"start": pd.DatetimeIndex([], tz="UTC"), "value": [], "limit": []})
    return quality_of(readings, none, None, frequency, meter_input, excluded=False)


def readings_between(trace: Trace, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Return the readings, as posted, that start in a period."""
    return trace.readings[(trace.readings["start"] >= first) & (trace.readings["start"] < last)]
