"""What one meter run computes from: a trace, a project, and observed and normal temperatures."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd


@dataclass(frozen=True)
class Trace:
    """The readings of a meter.

    readings: start and end (UTC), value (in `unit`, NaN if missing), estimated, and duplicate (several values were
    posted), in order and not overlapping. posted_unit: the unit in which the readings were posted. exchanges: for
    register reads, the readings during which the meter was exchanged or reset; None if the readings are consumption.
    is_consumption: whether they were explicitly declared as consumption. zero_is_reading: whether 0 is a valid reading
    of an electricity meter rather than missing. long_readings: readings that cover several intervals, and count as
    missing.
    """

    interpretation: str
    unit: str
    posted_unit: str
    readings: pd.DataFrame
    exchanges: pd.DataFrame | None = None
    is_consumption: bool = False
    zero_is_reading: bool = False
    long_readings: pd.DataFrame | None = None

    @property
    def is_electricity(self) -> bool:
        """Whether it is an electricity meter."""
        return self.interpretation.startswith("ELECTRICITY")

    @property
    def is_unconsumed_generation(self) -> bool:
        """Whether it measures energy exported to the grid, which is nothing before there are panels."""
        return self.interpretation == "ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED"


@dataclass(frozen=True)
class Project:
    """The modeling period group: the dates of the energy efficiency measure, and the building's time zone."""

    timezone: ZoneInfo
    baseline_start: pd.Timestamp | None
    baseline_end: pd.Timestamp
    reporting_start: pd.Timestamp
    reporting_end: pd.Timestamp | None


@dataclass(frozen=True)
class Weather:
    """Hourly temperatures (F), indexed in UTC; a missing hour is NaN.

    station_km: the distance of the station from the ZIP code it was matched to. impossible: the number of temperatures
    that are impossible on Earth, or far from those around them; they count as missing.
    """

    station: str | None
    temperature: pd.Series
    station_km: float | None = None
    impossible: int = 0


@dataclass(frozen=True)
class MeterInput:
    """The parsed input of one meter run."""

    trace: Trace
    project: Project
    weather: Weather
    weather_normal: Weather
