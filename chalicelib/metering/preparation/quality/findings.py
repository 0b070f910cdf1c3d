"""Findings of data-quality checks, in the form of eemeter's warnings."""

from collections.abc import Iterable
from typing import Any, Literal

import pandas as pd
from eemeter.eemeter.common.warnings import EEMeterWarning

MAX_DATES = 20  # listed in one finding

Name = Literal[  # documented in docs/data-quality.md
    "days_without_temperature",
    "duplicate_readings",
    "impossible_temperatures",
    "inclusive_ends",
    "long_bills",
    "long_readings",
    "missing_readings",
    "negative_readings",
    "normal_year_filled",
    "outliers",
    "outliers_excluded",
    "register_exchanged",
    "temperatures_missing",
    "weather_in_celsius",
    "weather_mismatch",
    "weather_stuck",
    "zeros_missing",
]


def finding(name: Name, description: str, **data: Any) -> EEMeterWarning:
    """Return a finding `datastore.data_quality.<name>`; chalicelib.metering.fitting.sentences has its sentence."""
    return EEMeterWarning(qualified_name=f"datastore.data_quality.{name}", description=description, data=data)


def dates(instants: Iterable[pd.Timestamp]) -> list[str]:
    """Return the first dates (year-month-day) without repetition."""
    return list(dict.fromkeys(f"{at:%Y-%m-%d}" for at in instants))[:MAX_DATES]


def spans(days: pd.DatetimeIndex) -> list[str]:
    """Format runs of consecutive dates, as "2016-03-01 to 2016-03-12" or "2016-05-01"."""
    dated = pd.Series(days.tz_localize(None).normalize()).drop_duplicates()
    run = (dated.diff() != pd.Timedelta(days=1)).cumsum()
    ends = dated.groupby(run).agg(["first", "last"])
    return [
        f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
        for first, last in ends.itertuples(index=False)
    ]
