"""A building's energy use by daily mean temperature: a base load, and heating and cooling beyond balance points.

    kind             gas heating, electric cooling, or electric heating and cooling, each with a base load; or only a
                     base load, of gas or electricity
    energy           500 to 2,000 THERM or 5,000 to 20,000 KWH in a normal year of weekdays
    base load        20 to 60 % of that; heating is 30 to 70 % of the rest if there is cooling too
    balance points   heating 50 to 68 °F; cooling 60 to 78 °F, and at least 2 °F above heating
    weekend          80 to 120 % of a weekday's load

Each is drawn uniformly, the kind among those that the climate allows. A balance point is only drawn where both years of
the climate and its normal year have at least 500 heating degree days (°F) or 200 cooling degree days. If there is no
such point, the climate does not allow the kinds with that part of the load.
"""

from dataclasses import dataclass
from functools import cache
from math import inf
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.meters.climates import YEAR, Climate, Days, normal_days, whole_years

GAS_HEATING, COOLING, HEATING_AND_COOLING, BASE_LOAD = KINDS = (
    "gas heating",
    "electric cooling",
    "electric heating and cooling",
    "base load",
)
HEATS, COOLS = (GAS_HEATING, HEATING_AND_COOLING), (COOLING, HEATING_AND_COOLING)
_HEATING_DEGREE_DAYS, _COOLING_DEGREE_DAYS = 500, 200  # °F-days a year, minimum
_APART = 2.0  # minimum °F between the balance points

Floats: TypeAlias = npt.NDArray[np.float64]


class Points(NamedTuple):
    """The lowest and highest possible balance points (°F); none is possible if low is above high."""

    low: float
    high: float

    @property
    def possible(self) -> bool:
        """Whether any balance point is possible."""
        return self.low <= self.high


@dataclass(frozen=True)
class Load:
    """The base load of a weekday, and its heating and cooling per °F, in the unit (KWH or THERM).

    weekend: a weekend day's use as a fraction of a weekday's. Without heating or cooling, that point is infinite.
    """

    kind: str
    unit: str
    base: float
    heating: float
    heating_point: float
    cooling: float
    cooling_point: float
    weekend: float

    def __call__(self, temperature: Days, base: float | Floats = 1.0, conditioning: float | Floats = 1.0) -> Days:
        """Return the energy of days with these mean temperatures (°F). base, conditioning: factors for those parts."""
        degrees = temperature.to_numpy(dtype=np.float64)
        heating = self.heating * np.maximum(self.heating_point - degrees, 0)
        cooling = self.cooling * np.maximum(degrees - self.cooling_point, 0)
        weekdays = np.where(pd.DatetimeIndex(temperature.index).dayofweek < 5, 1.0, self.weekend)
        return pd.Series((self.base * base + (heating + cooling) * conditioning) * weekdays, index=temperature.index)


def draw_load(draw: np.random.Generator, climate: Climate) -> Load:
    """Draw a load of a kind that the climate allows."""
    kind = str(draw.choice(kinds(climate)))
    unit = {GAS_HEATING: "THERM", BASE_LOAD: str(draw.choice(["THERM", "KWH"]))}.get(kind, "KWH")
    annual = draw.uniform(500, 2_000) * (10 if unit == "KWH" else 1)
    base, split, weekend = draw.uniform(0.2, 0.6), draw.uniform(0.3, 0.7), draw.uniform(0.8, 1.2)
    base = 1.0 if kind == BASE_LOAD else base
    split = {HEATING_AND_COOLING: split, COOLING: 0.0}.get(kind, 1.0)
    heating_point, cooling_point = _draw_points(draw, kind, climate)
    normal = normal_days(climate).to_numpy(dtype=np.float64)
    return Load(
        kind=kind,
        unit=unit,
        base=annual * base / YEAR,
        heating=annual * (1 - base) * split / max(degree_days(heating_point - normal), 1),
        heating_point=heating_point,
        cooling=annual * (1 - base) * (1 - split) / max(degree_days(normal - cooling_point), 1),
        cooling_point=cooling_point,
        weekend=weekend,
    )


def kinds(climate: Climate) -> list[str]:
    """Return the KINDS that the climate allows."""
    heating, cooling = heating_points(climate).possible, cooling_points(climate).possible
    return [kind for kind in KINDS if (heating or kind not in HEATS) and (cooling or kind not in COOLS)]


@cache
def heating_points(climate: Climate) -> Points:
    """Return the range of heating balance points."""
    return _possible(climate, np.linspace(50, 68, 181), 1, _HEATING_DEGREE_DAYS)


@cache
def cooling_points(climate: Climate) -> Points:
    """Return the range of cooling balance points."""
    return _possible(climate, np.linspace(60, 78, 181), -1, _COOLING_DEGREE_DAYS)


def degree_days(degrees: Floats) -> float:
    """Return the sum of the days' degrees, with negative ones counted as 0."""
    return float(np.maximum(degrees, 0).sum())


def _possible(climate: Climate, points: Floats, sign: int, minimum: float) -> Points:
    lowest = [min(degree_days(sign * (point - year.to_numpy())) for year in whole_years(climate)) for point in points]
    possible = points[np.array(lowest) >= minimum]
    return Points(float(possible[0]), float(possible[-1])) if len(possible) else Points(inf, -inf)


def _draw_points(draw: np.random.Generator, kind: str, climate: Climate) -> tuple[float, float]:
    """Draw the balance points of heating and cooling (°F)."""
    heating, cooling = heating_points(climate), cooling_points(climate)
    heating_point, cooling_point = -inf, inf
    if kind in HEATS:
        highest = cooling.high - _APART if kind in COOLS else inf
        heating_point = draw.uniform(heating.low, min(heating.high, highest))
    if kind in COOLS:
        cooling_point = draw.uniform(max(cooling.low, heating_point + _APART), cooling.high)
    return heating_point, cooling_point
