"""The data-quality report of a period: what its readings and temperatures are like, in numbers and dates."""

from typing import Any

import numpy as np
import pandas as pd
from eemeter.eemeter.common.warnings import EEMeterWarning

from chalicelib.metering.frequency import Frequency
from chalicelib.metering.quality.findings import MOST_DATES, dates, finding, spans
from chalicelib.metering.serialized import MeterInput, Trace
from chalicelib.metering.temperatures import Temperatures

LONG = 1.5  # times the median length of bills
MANY_FILLED = 0.1  # of a period's hours of temperature; of fewer nothing is said
_DAY = pd.Timedelta(days=1)
CONSUMPTION = ("ELECTRICITY_CONSUMPTION_SUPPLIED", "ELECTRICITY_CONSUMPTION_TOTAL")  # which is never below 0


def quality_of(
    readings: pd.DataFrame,
    outliers: pd.DataFrame,
    temperatures: Temperatures | None,
    frequency: Frequency,
    meter_input: MeterInput,
    *,
    excluded: bool,
) -> dict[str, Any]:
    """The report. Counts are of the readings as they were posted, by the frequency at which they are.

    readings: those of the period as the model takes them, with start, end, value, and `filled`, whether a part was
    filled up. outliers: start, value and limit. excluded: whether these were left out.
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
            ][:MOST_DATES],
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
    """The report of readings that were not looked at any further: without outliers and temperatures."""
    none = pd.DataFrame({"start": pd.DatetimeIndex([], tz="UTC"), "value": [], "limit": []})
    return quality_of(readings, none, None, frequency, meter_input, excluded=False)


def readings_between(trace: Trace, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """The readings as they were posted that begin in a period."""
    return trace.readings[(trace.readings["start"] >= first) & (trace.readings["start"] < last)]


def findings_of(
    readings: pd.DataFrame, quality: dict[str, Any], temperatures: Temperatures, meter_input: MeterInput
) -> list[EEMeterWarning]:
    """The warnings that follow from a report and the readings behind it, of which `zero` says which 0 is missing.

    `outlier` says which were left out.
    """
    trace, timezone = meter_input.trace, meter_input.project.timezone
    posted = readings_between(trace, readings["start"].min(), readings["end"].max())

    def local(rows: pd.DataFrame) -> pd.DatetimeIndex:
        """The day that holds a reading's middle, or the first day of a bill."""
        seconds = np.minimum((rows["end"] - rows["start"]).dt.total_seconds(), _DAY.total_seconds())
        return pd.DatetimeIndex(rows["start"] + pd.to_timedelta(seconds / 2, unit="s")).tz_convert(timezone)

    found = []
    if quality["duplicate"]:
        found.append(
            finding(
                "duplicate_readings",
                "Several values were given for one instant in one request; the last of them counts.",
                count=quality["duplicate"],
                dates=dates(local(posted[posted["duplicate"]])),
            )
        )
    if trace.exchanges is not None:
        exchanges = trace.exchanges[trace.exchanges["start"].between(quality["start"], quality["end"])]
        if len(exchanges):
            found.append(
                finding(
                    "register_exchanged",
                    "The register falls or jumps as by an exchange of the meter; what was used then is not known.",
                    count=len(exchanges),
                    dates=dates(local(exchanges)),
                )
            )
    if trace.unplaced is not None:
        unplaced = trace.unplaced[trace.unplaced["start"].between(quality["start"], quality["end"])]
        if len(unplaced):
            found.append(
                finding(
                    "long_readings",
                    "Readings that cover several intervals count as missing.",
                    count=len(unplaced),
                    dates=dates(local(unplaced)),
                )
            )
    inclusive = _short_gaps(posted) if "bill" in readings else 0
    if inclusive > len(posted) / 2:
        description = "Most bills end a day before the next one starts."
        found.append(finding("inclusive_ends", description, count=inclusive, bills=len(posted)))
    long = _long_bills(posted) if "bill" in readings and trace.exchanges is None else posted[:0]
    if len(long):
        found.append(
            finding(
                "long_bills",
                "Bills much longer than usual: of several months, or next to one that is missing.",
                times=LONG,
                days=round((posted["end"] - posted["start"]).dt.days.median()),
                bills=[
                    f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"
                    for start, end in zip(local(long), pd.DatetimeIndex(long["end"]).tz_convert(timezone), strict=True)
                ],
            )
        )
    absent = readings[readings["value"].isna() & ~readings["outlier"]]
    if len(absent) and "bill" not in readings:
        middle = absent["start"] + (absent["end"] - absent["start"]) / 2
        found.append(
            finding(
                "missing_readings",
                "Days or hours without a reading.",
                missing=len(absent),
                readings=len(readings),
                step="days" if (readings["end"] - readings["start"]).max() > _DAY / 2 else "hours",
                days=spans(pd.DatetimeIndex(middle).tz_convert(timezone))[:MOST_DATES],
            )
        )
    if readings["zero"].any():
        found.append(
            finding(
                "zeros_missing",
                "Electricity readings of 0 count as missing (CalTRACK 2.2.1.4).",
                count=int(readings["zero"].sum()),
                readings=len(readings),
            )
        )
    negative = readings[readings["value"] < 0]
    if len(negative) and trace.interpretation in CONSUMPTION:
        values = zip(local(negative).strftime("%Y-%m-%d"), negative["value"], strict=True)
        found.append(
            finding(
                "negative_readings",
                "Readings below 0, which consumption cannot have: perhaps corrections of estimates.",
                count=len(negative),
                readings=[f"{date}, {value:.6g}" for date, value in values][:MOST_DATES],
            )
        )
    outliers = quality["outliers"]
    if outliers["count"]:
        found.append(
            finding(
                "outliers_excluded" if outliers["excluded"] else "outliers",
                "Readings far from all others like them.",
                count=outliers["count"],
                readings=[
                    f"{one['date']}, {one['value']:.6g} (limit {one['limit']:.6g})" for one in outliers["readings"]
                ],
            )
        )
    if temperatures.missing > MANY_FILLED * temperatures.count:
        found.append(
            finding(
                "temperatures_missing",
                "More than a tenth of the hours had no temperature.",
                hours=temperatures.count,
                missing=temperatures.missing,
                filled=temperatures.filled,
                days=spans(temperatures.days_without)[:MOST_DATES],
            )
        )
    elif len(temperatures.days_without):
        found.append(
            finding(
                "days_without_temperature",
                "Days of which less than half of the hours have a temperature do not count.",
                count=len(temperatures.days_without),
                days=spans(temperatures.days_without)[:MOST_DATES],
            )
        )
    return found


def _short_gaps(posted: pd.DataFrame) -> int:
    """How many bills end a day before the next starts."""
    gaps = (posted["start"].shift(-1) - posted["end"]).dt.total_seconds()
    return int(((gaps > 0) & (gaps <= (_DAY * 1.1).total_seconds())).sum())


def _long_bills(posted: pd.DataFrame) -> pd.DataFrame:
    length = (posted["end"] - posted["start"]).dt.total_seconds()
    return posted[(length >= LONG * length.median()) & posted["value"].notna()]
