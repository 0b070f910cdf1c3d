"""Made-up meters whose savings are known, on the real temperatures of Springfield, Illinois.

Of each meter is drawn, evenly within these bounds:

    loads            gas for heating, electricity for cooling, or electricity for both, beside a base load
    base load        20 to 60 % of the normal year's energy; heating and cooling share the rest
    balance points   heating 55 to 65 F, cooling 65 to 75 F, of the day's mean temperature
    weekend          80 to 120 % of a weekday's load
    savings          0 to 20 % of the load, from the day on which the reporting period starts
    noise            normal, in proportion to the load, of mean 0: 10 to 40 % CVRMSE of the true load in the first year
    autocorrelation  of the noise from one day to the next: 0 to 0.6 (AR(1))

Nothing else changes between the two years. Bills are sums of days, and hours are shares of their day.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from infra.local import portfolio

SEED = 2026
TIMEZONE = "America/Chicago"
BILL_DAYS = {"billing_monthly": 30.25, "billing_bimonthly": 60.5}  # so that 12, or 6, are a little less than a year
KINDS = ("gas heating", "electric cooling", "electric heating and cooling")
_FLOOR = 0.01  # of the load: eemeter takes electricity of 0 as missing
_WARM_UP = 100  # days until AR(1) noise has forgotten how it began

Days: TypeAlias = pd.Series  # a value a day, by the day's first instant in TIMEZONE


@dataclass(frozen=True)
class SimulatedMeter:
    """A complete serialized meter input and what it was drawn from; savings, cvrmse, autocorrelation are fractions.

    kind: one of KINDS. load: the energy of each day before the measure, without noise, by its mean temperature (F).
    """

    document: dict[str, Any]
    kind: str
    savings: float
    cvrmse: float
    autocorrelation: float
    load: Callable[[Days], Days]

    def truth(self, interpretation: str, start: str, end: str) -> float:
        """What the load without noise saves: in the normal year, or in a reporting period (ISO 8601)."""
        days = observed_days()[pd.Timestamp(start) : pd.Timestamp(end) - pd.Timedelta("1h")]
        return self.savings * float(self.load(normal_days() if interpretation.startswith("annualized") else days).sum())


def simulate(frequency: str, number: int, *, noise: float = 1.0) -> SimulatedMeter:
    """The meter of that number, read at that frequency: hourly, daily, billing_monthly or billing_bimonthly.

    noise: how much of its noise it has, as a fraction.
    """
    draw = np.random.default_rng([SEED, number])
    kind, load = _load(draw)
    electricity = kind != KINDS[0]
    savings, cvrmse, autocorrelation = draw.uniform(0, 0.2), draw.uniform(0.1, 0.4), draw.uniform(0, 0.6)
    project = _template()["project"]
    periods = project["modeling_period_group"]
    expected = load(observed_days())
    year = expected[: pd.Timestamp(periods["baseline_period"]["end"]) - pd.Timedelta("1h")].iloc[-365:]
    deviation = cvrmse * year.mean() / np.sqrt((year**2).mean())
    saved = np.where(expected.index >= pd.Timestamp(periods["reporting_period"]["start"]), savings, 0.0)
    errors = deviation * _autoregressive(draw, len(expected), autocorrelation) * noise
    days = expected * (1 - saved) * np.maximum(1 + errors, _FLOOR)
    readings = _read(draw, days, frequency)
    trace = {
        "type": "ARBITRARY_START",
        "trace_id": f"{frequency}-{number}",
        "interpretation": f"{'ELECTRICITY' if electricity else 'NATURAL_GAS'}_CONSUMPTION_SUPPLIED",
        "unit": "KWH" if electricity else "THERM",
        "interval": frequency,
        "records": [
            {"start": start.isoformat(), "value": None if np.isnan(value) else float(value), "estimated": False}
            for start, value in zip(pd.DatetimeIndex(readings.index), readings, strict=True)
        ],
    }
    document = _template() | {"trace": trace, "project": project | {"project_id": trace["trace_id"]}}
    return SimulatedMeter(document, kind, savings, cvrmse, autocorrelation, load)


@cache
def observed_hours() -> Days:
    """The temperatures (F) that station 724390 measured, by the hour."""
    hours = pd.Series(dict(_template()["weather"]["records"]))
    return hours.set_axis(pd.to_datetime(hours.index, utc=True).tz_convert(TIMEZONE).as_unit("ns"))


@cache
def normal_hours() -> Days:
    """The temperatures (F) of the normal year, by the hour of the year 2015."""
    hours = [value for _, value in _template()["weather_normal"]["records"]]
    index = pd.date_range("2015-01-01", "2016-01-01", freq="h", tz=TIMEZONE, inclusive="left")
    return pd.Series(np.roll(hours, -6), index=index)  # midnight in Chicago is 06:00 in UTC


@cache
def observed_days() -> Days:
    """The mean temperatures (F) of the whole days that station 724390 measured."""
    return observed_hours().resample("D").mean().iloc[:-1]


@cache
def normal_days() -> Days:
    """The mean temperatures (F) of the days of the normal year."""
    return normal_hours().resample("D").mean()


@cache
def _template() -> dict[str, Any]:
    return portfolio.meter_input("il-electricity-cdd-hdd-daily")


def _load(draw: np.random.Generator) -> tuple[str, Callable[[Days], Days]]:
    """One of KINDS, and its energy by the mean temperatures of days."""
    kind = str(draw.choice(KINDS))
    base, heating_share = draw.uniform(0.2, 0.6), draw.uniform(0.3, 0.7)
    heating_point, cooling_point = draw.uniform(55, 65), draw.uniform(65, 75)
    weekend, annual = draw.uniform(0.8, 1.2), draw.uniform(0.5, 2)
    annual *= 1_000 if kind == KINDS[0] else 10_000
    heating = (1 - base) * dict(zip(KINDS, (1.0, 0.0, heating_share), strict=True))[kind]

    def degrees(temperature: Days) -> tuple[Days, Days]:
        return (heating_point - temperature).clip(lower=0), (temperature - cooling_point).clip(lower=0)

    normal_heating, normal_cooling = (part.sum() for part in degrees(normal_days()))

    def load(temperature: Days) -> Days:
        cold, hot = degrees(temperature)
        shares = base / 365 + heating * cold / normal_heating + (1 - base - heating) * hot / normal_cooling
        return annual * shares * np.where(pd.DatetimeIndex(temperature.index).dayofweek < 5, 1.0, weekend)

    return kind, load


def _autoregressive(draw: np.random.Generator, n: int, autocorrelation: float) -> npt.NDArray[np.float64]:
    """AR(1) noise of mean 0 and variance 1."""
    noise: npt.NDArray[np.float64] = draw.standard_normal(n + _WARM_UP) * np.sqrt(1 - autocorrelation**2)
    for at in range(1, len(noise)):
        noise[at] += autocorrelation * noise[at - 1]
    return noise[_WARM_UP:]


def _read(draw: np.random.Generator, days: Days, frequency: str) -> Days:
    """What the meter shows: a value for the time until the next one, and at last NaN."""
    midnights = pd.date_range(days.index[0], periods=len(days) + 1, freq="D")
    days = days.reindex(midnights)
    if frequency == "hourly":
        hours = pd.date_range(days.index[0], days.index[-1], freq="h")
        shape = 1 + draw.uniform(0, 0.5) * np.sin((hours.hour + draw.uniform(0, 24)) * np.pi / 12)
        shares = pd.Series(shape * draw.uniform(0.8, 1.2, len(hours)), index=hours)
        return shares / shares.groupby(hours.normalize()).transform("sum") * days.reindex(hours, method="ffill")
    if frequency in BILL_DAYS:
        reads = np.arange(draw.integers(0, 15), len(days) - 3, BILL_DAYS[frequency]).astype(int)
        reads[1:] += draw.integers(-2, 3, len(reads) - 1)
        bill = np.searchsorted(reads, np.arange(len(days)), "right") - 1
        sums = days.groupby(bill).sum().reindex(range(len(reads)))
        return sums.where(sums.index < len(reads) - 1).set_axis(days.index[reads])
    return days
