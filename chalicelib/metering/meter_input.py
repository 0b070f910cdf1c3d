"""What one meter run computes from: a trace, a project, and observed and normal temperatures."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd


@dataclass(frozen=True)
class Trace:
    """The series of a meter.

    readings: start and end (UTC), value (in `unit`, NaN = missing), estimated, and duplicate (whether several values
    were given), ordered and not overlapping. posted_unit: the unit in which the readings were posted. exchanges: of
    register reads, the readings over which the counter was exchanged or reset; None where the readings were posted as
    consumption. is_consumption: whether they were declared to be that. zero_is_reading: whether 0 is a reading of an
    electricity meter, rather than missing. unplaced: readings that cover several intervals, and count as missing.
    """

    interpretation: str
    unit: str
    posted_unit: str
    readings: pd.DataFrame
    exchanges: pd.DataFrame | None = None
    is_consumption: bool = False
    zero_is_reading: bool = False
    unplaced: pd.DataFrame | None = None

    @property
    def is_electricity(self) -> bool:
        """Whether it is a meter of electricity."""
        return self.interpretation.startswith("ELECTRICITY")

    @property
    def is_unconsumed_generation(self) -> bool:
        """Whether it counts what a building sends back to the grid: nothing, before it has panels."""
        return self.interpretation == "ELECTRICITY_ON_SITE_GENERATION_UNCONSUMED"


@dataclass(frozen=True)
class Project:
    """The modeling period group: when the energy efficiency measure went in, and where the building keeps its days."""

    timezone: ZoneInfo
    baseline_start: pd.Timestamp | None
    baseline_end: pd.Timestamp
    reporting_start: pd.Timestamp
    reporting_end: pd.Timestamp | None


@dataclass(frozen=True)
class Weather:
    """Hourly temperatures in degrees Fahrenheit, indexed in UTC; a missing hour is NaN.

    station_km: how far the station is from the ZIP code by which it was chosen. impossible: how many temperatures were
    given that no place on Earth has, or that are far from all around them; they count as missing.
    """

    station: str | None
    temperature: pd.Series
    station_km: float | None = None
    impossible: int = 0


@dataclass(frozen=True)
class MeterInput:
    """What one meter run computes from."""

    trace: Trace
    project: Project
    weather: Weather
    weather_normal: Weather
