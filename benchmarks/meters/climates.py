"""Climates and pairs of years for simulated meters: the real temperatures of two places, shifted and stretched.

A climate adds `shift` (-12 to +12 °F) to a place's temperatures and multiplies their distance from the mean of its
years by `stretch` (0.7 to 1.25). Its normal year is that of the place, changed in the same way. The weather before the
measure repeats one real year, and the weather after it another: first and second, the reverse, or the same year twice.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from benchmarks.meters.places import GREAT_BRITAIN, SPRINGFIELD, Hours, find_place, hour_of_year

DAYS_AROUND = 490  # with readings, before and after: the days until the first full bill, and seven bimonthly bills
YEAR = 365  # days
_BLACKOUT = 9  # days between the end of the baseline and the start of the reporting period
_MARGIN = 3  # days of temperatures around the readings

Days: TypeAlias = pd.Series  # one value per day, indexed by the start of the day in the climate's time zone


@dataclass(frozen=True)
class Climate:
    """shift: in °F. before, after: the years around the measure. measure: start of the reporting period (ISO 8601)."""

    place: str
    shift: float
    stretch: float
    before: int
    after: int
    measure: str

    @property
    def station(self) -> str:
        """The place, with its shift and stretch if any."""
        return self.place if (self.shift, self.stretch) == (0, 1) else f"{self.place} {self.shift:+} F x {self.stretch}"

    @property
    def years(self) -> str:
        """The pair of years."""
        if self.before == self.after:
            return "same year twice"
        return "first, then second" if self.before < self.after else "second, then first"

    @property
    def timezone(self) -> str:
        """The IANA name of the time zone."""
        return find_place(self.place).timezone

    @property
    def baseline_end(self) -> pd.Timestamp:
        """The end of the baseline, a local midnight."""
        return self.reporting_start - pd.DateOffset(days=_BLACKOUT)

    @property
    def reporting_start(self) -> pd.Timestamp:
        """The start of the reporting period, a local midnight."""
        return pd.Timestamp(self.measure, tz=self.timezone)


# eight stations, because a worker caches sixteen normal years, one each for electricity and gas
CLIMATES = (
    Climate(SPRINGFIELD, 0, 1, 2016, 2017, "2017-01-04"),
    Climate(SPRINGFIELD, 0, 1, 2017, 2016, "2017-07-05"),
    Climate(SPRINGFIELD, 0, 1, 2016, 2016, "2017-01-04"),
    Climate(SPRINGFIELD, 12, 0.7, 2016, 2017, "2017-07-05"),
    Climate(SPRINGFIELD, 12, 0.7, 2017, 2016, "2017-01-04"),
    Climate(SPRINGFIELD, -12, 1, 2016, 2017, "2017-07-05"),
    Climate(SPRINGFIELD, 6, 1.25, 2017, 2017, "2017-07-05"),
    Climate(SPRINGFIELD, -6, 0.85, 2017, 2016, "2017-01-04"),
    Climate(GREAT_BRITAIN, 0, 1, 2021, 2022, "2017-01-04"),
    Climate(GREAT_BRITAIN, 0, 1, 2022, 2021, "2017-07-05"),
    Climate(GREAT_BRITAIN, 12, 1, 2022, 2022, "2017-01-04"),
    Climate(GREAT_BRITAIN, 6, 1.25, 2021, 2022, "2017-07-05"),
)


@cache
def observed_days(climate: Climate) -> Days:
    """Return the daily mean temperatures (°F) of the days with readings."""
    first = climate.baseline_end - pd.DateOffset(days=DAYS_AROUND)
    last = climate.reporting_start + pd.DateOffset(days=DAYS_AROUND - 1)
    return _observed_hours(climate).tz_convert(climate.timezone).resample("D").mean()[first:last]


@cache
def normal_days(climate: Climate) -> Days:
    """Return the daily mean temperatures (°F) of the normal year, with the dates of 2015."""
    index = pd.date_range("2015-01-01", "2016-01-01", freq="h", tz=climate.timezone, inclusive="left")
    hours = _changed(climate, find_place(climate.place).normal)[hour_of_year(index)]
    return pd.Series(hours, index=index).resample("D").mean()


def whole_years(climate: Climate) -> tuple[Days, Days, Days]:
    """Return the daily mean temperatures (°F) of a year before the measure, a year after it, and the normal year."""
    observed = observed_days(climate)
    return observed.iloc[:YEAR], observed.iloc[-YEAR:], normal_days(climate)


@cache
def weather(climate: Climate) -> dict[str, Any]:
    """Return both weather members of a serialized meter input; cached, so each climate's are created only once."""
    normal = _changed(climate, find_place(climate.place).normal).tolist()
    return {
        "weather": _member(climate, _hours_around(climate.measure), _observed_hours(climate).tolist()),
        "weather_normal": _member(climate, _hours_of_2015(), normal),
    }


def _member(climate: Climate, starts: list[str], hours: list[float]) -> dict[str, Any]:
    records = [list(record) for record in zip(starts, hours, strict=True)]
    return {"station": climate.station, "unit": "F", "records": records}


@cache
def _observed_hours(climate: Climate) -> pd.Series:
    hours = pd.DatetimeIndex(_hours_around(climate.measure))
    years = find_place(climate.place).years
    before, after = (_changed(climate, years[year])[hour_of_year(hours)] for year in (climate.before, climate.after))
    return pd.Series(np.where(hours < climate.reporting_start, before, after), index=hours)


def _changed(climate: Climate, hours: Hours) -> Hours:
    mean = np.mean(list(find_place(climate.place).years.values()))
    return np.round(mean + climate.stretch * (hours - mean) + climate.shift, 2)


@cache
def _hours_around(measure: str) -> list[str]:
    """Return the UTC hours around a measure (ISO 8601); climates share these strings."""
    day = pd.Timestamp(measure, tz="UTC")
    first, last = (
        day - pd.Timedelta(days=_MARGIN + DAYS_AROUND + _BLACKOUT),
        day + pd.Timedelta(days=DAYS_AROUND + _MARGIN),
    )
    return [at.isoformat() for at in pd.date_range(first, last, freq="h")]


@cache
def _hours_of_2015() -> list[str]:
    return [hour.isoformat() for hour in pd.date_range("2015-01-01", periods=8760, freq="h", tz="UTC")]
