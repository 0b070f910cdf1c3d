"""eemeter's four samples from the United Kingdom as meter inputs: smart meters read hourly, temperatures in °C.

Their metadata have one date, which ends the baseline and starts the reporting period, and no station. The loads in the
metadata are those of the Illinois sample il-gas-intercept-only, so the true savings are not known. The normal year is
the first complete calendar year of the sample. Gas is read in kWh, which is converted to therms here.
"""

from typing import Any

import pandas as pd
from eemeter.eemeter.samples import load_sample, samples

KWH_PER_THERM = 29.3071
TIMEZONE = "Europe/London"


def names() -> list[str]:
    """Return the names of the four samples."""
    return [name for name in samples() if name.startswith("uk-")]


def meter_input(name: str) -> dict[str, Any]:
    """Return a sample's complete serialized input with all readings; a run uses one year before and one after."""
    readings, temperature, about = load_sample(name, tempF=False)
    gas = about["interpretation"] == "gas"
    values = readings["value"] / (KWH_PER_THERM if gas else 1)
    changed = pd.Timestamp(about["blackout_start_date"]).tz_localize(None).tz_localize(TIMEZONE).isoformat()
    return {
        "type": "SINGLE_TRACE_SIMPLE_PROJECT",
        "trace": {
            "type": "ARBITRARY_START",
            "trace_id": name,
            "interpretation": f"{'NATURAL_GAS' if gas else 'ELECTRICITY'}_CONSUMPTION_SUPPLIED",
            "unit": "THERM" if gas else "KWH",
            "interval": "hourly",
            "records": [
                {"start": start.isoformat(), "value": None if pd.isna(value) else float(value), "estimated": False}
                for start, value in zip(pd.DatetimeIndex(values.index), values, strict=True)
            ],
        },
        "project": {
            "type": "PROJECT_WITH_SINGLE_MODELING_PERIOD_GROUP",
            "project_id": name,
            "timezone": TIMEZONE,
            "modeling_period_group": {
                "baseline_period": {"start": None, "end": changed},
                "reporting_period": {"start": changed, "end": None},
            },
        },
        "weather": _weather(temperature),
        "weather_normal": _weather(_normal_year(temperature)),
    }


def _normal_year(temperature: pd.Series) -> pd.Series:
    """Return the first complete calendar year."""
    years = temperature.dropna().groupby(pd.DatetimeIndex(temperature.index).year)
    return next(hours for _, hours in years if len(hours) == 8760)


def _weather(temperature: pd.Series) -> dict[str, Any]:
    known = temperature.dropna()
    starts = [start.isoformat() for start in pd.DatetimeIndex(known.index)]
    return {"station": None, "unit": "C", "records": [list(pair) for pair in zip(starts, known.tolist(), strict=True)]}
