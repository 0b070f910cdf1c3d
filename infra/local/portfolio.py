"""The sample portfolio: eemeter's Illinois sample meters, as request bodies for the API.

The 16 samples are meters simulated with real temperatures, one year before and one year after a project that saves
10%: electricity (heating and cooling; cooling only) and gas (heating; neither), each read hourly, daily, monthly and
every two months. Each is one building: a project with one trace.
"""

import json
import logging
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import pandas as pd
from eemeter.eemeter.samples import load_sample, samples
from eemeter.eemeter.utilities.io import meter_data_from_csv

# importing eemeter turns on the logs of all libraries, and these would show presigned URLs
logging.getLogger("httpx").setLevel(logging.WARNING)

STATION = "724390"  # Springfield, Illinois
NORMAL_YEAR = (
    "A substitute for TMY3: for each calendar month, the completely observed month of the sample whose mean temperature"
    " is closest to the average over all years."
)
_ZIPCODE = "62707"
# in this zone the samples' hours add up to their days, and their bills are read at midnight standard time
_TIMEZONE = "America/Chicago"
_INTERPRETATIONS = {"electricity": "ELECTRICITY_CONSUMPTION_SUPPLIED", "gas": "NATURAL_GAS_CONSUMPTION_SUPPLIED"}
_FILES = files("eemeter.eemeter.samples")
_NORMAL_INDEX = pd.date_range("2015-01-01", periods=8760, freq="h", tz="UTC")  # any year that is not a leap year


class SampleMeter(NamedTuple):
    """JSON-ready: a project, its trace without project ids, and its records without the trace id."""

    project: dict[str, Any]
    trace: dict[str, Any]
    records: list[dict[str, Any]]


def names() -> list[str]:
    """Return the names of the 16 samples, in display order."""
    return [name for name in samples() if name.startswith("il-")]


def sample_meter(name: str) -> SampleMeter:
    """Return a sample by its name in eemeter. The project's metadata hold its true savings."""
    about = _about()[name]
    readings = _readings(about)
    before, after = about["annual_baseline_total_load"], about["annual_reporting_total_load"]
    project = {
        "project_id": name,
        "baseline_period_start": None,
        "baseline_period_end": _local_midnight(about["blackout_start_date"]),
        "reporting_period_start": _local_midnight(about["blackout_end_date"]),
        "reporting_period_end": None,
        "zipcode": _ZIPCODE,
        "weather_station": STATION,
        "weather_normal_station": STATION,
        "timezone": _TIMEZONE,
        "metadata": {
            "source": "eemeter sample",
            "fuel": about["interpretation"],
            "frequency": about["freq"],
            "true_annual_baseline": float(before),
            "true_annual_reporting": float(after),
            "true_savings_percent": round(100 * (1 - after / before), 6),
        },
    }
    trace = {
        "trace_id": name,
        "interpretation": _INTERPRETATIONS[about["interpretation"]],
        "unit": {"kWh": "KWH", "therm": "THERM"}[about["unit"]],
    }
    records = [
        {"start": start.isoformat(), "value": None if pd.isna(value) else float(value), "estimated": False}
        for start, value in zip(readings.index, readings["value"], strict=True)
    ]
    return SampleMeter(project, trace, records)


def weather_records() -> list[dict[str, Any]]:
    """Return the hourly observed temperatures of station 724390, and its normal year (see NORMAL_YEAR)."""
    series = {"observed": _observed(), "normal": _normal(_observed())}
    return [
        {"station": STATION, "dataset": dataset, "start": start.isoformat(), "temperature": float(value), "unit": "F"}
        for dataset, temperature in series.items()
        for start, value in temperature.items()
    ]


def meter_input(name: str) -> dict[str, Any]:
    """Return the complete serialized input of a sample, as the worker builds it from the posted data."""
    project, trace, records = sample_meter(name)
    return {
        "type": "SINGLE_TRACE_SIMPLE_PROJECT",
        "trace": {"type": "ARBITRARY_START", **trace, "interval": project["metadata"]["frequency"], "records": records},
        "project": {
            "type": "PROJECT_WITH_SINGLE_MODELING_PERIOD_GROUP",
            "project_id": project["project_id"],
            "zipcode": _ZIPCODE,
            "timezone": _TIMEZONE,
            "modeling_period_group": {
                "baseline_period": {"start": None, "end": project["baseline_period_end"]},
                "reporting_period": {"start": project["reporting_period_start"], "end": None},
            },
        },
        "weather": _weather_input(_observed()),
        "weather_normal": _weather_input(_normal(_observed())),
        "model_class": None,
        "model_kwargs": None,
        "formatter_class": None,
        "formatter_kwargs": None,
    }


@cache
def _about() -> dict[str, dict[str, Any]]:
    about: dict[str, dict[str, Any]] = json.loads((_FILES / "metadata.json").read_text())
    return about


def _readings(about: dict[str, Any]) -> Any:
    """Return the readings as eemeter's `load_sample` does, without spending a second on reading temperatures."""
    freq = about["freq"] if about["freq"] in ("hourly", "daily") else None
    with (_FILES / about["meter_data_filename"]).open("rb") as file:
        return meter_data_from_csv(file, gzipped=True, freq=freq)


@cache
def _observed() -> Any:
    """Return hourly temperatures in °F, a pandas Series; they are the same for all Illinois samples."""
    return load_sample(names()[0])[1].dropna()


def _normal(observed: Any) -> Any:
    """Return the 8760 hours that NORMAL_YEAR describes."""
    whole_months = defaultdict(list)
    for (_, month), hours in observed.groupby([observed.index.year, observed.index.month]):
        if len(hours) == 24 * hours.index[0].days_in_month:
            whole_months[month].append(hours)
    typical = []
    for _, candidates in sorted(whole_months.items()):
        means = [hours.mean() for hours in candidates]
        distance = [round(abs(mean - sum(means) / len(means)), 6) for mean in means]  # a tie goes to the earliest
        hours = candidates[distance.index(min(distance))]
        typical.append(hours[~((hours.index.month == 2) & (hours.index.day == 29))])
    return pd.concat(typical).set_axis(_NORMAL_INDEX)


def _weather_input(temperature: Any) -> dict[str, Any]:
    records = [[start.isoformat(), float(value)] for start, value in temperature.items()]
    return {"station": STATION, "unit": "F", "records": records}


def _local_midnight(date: Any) -> str:
    return pd.Timestamp(date).tz_localize(None).tz_localize(_TIMEZONE).isoformat()
