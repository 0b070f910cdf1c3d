"""Non-routine events of simulated meters: changes other than the measure, in the year before it or after it.

    occupancy   from some day on, the base load is 60 to 160 % of its previous value
    vacancy     for 3 to 10 weeks, the base load is 15 % of its usual value, and heating and cooling are 40 %
    outliers    2 to 5 days read 5 to 20 times their usual value

Everything is drawn uniformly. A day's noise scales with its load.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from benchmarks.meters.climates import YEAR

Floats: TypeAlias = npt.NDArray[np.float64]
Positions: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Changes:
    """The factors for the base load, for heating and cooling, and for the reading of each day."""

    base: float | Floats = 1.0
    conditioning: float | Floats = 1.0
    reading: float | Floats = 1.0


def draw_changes(draw: np.random.Generator, event: str | None, days: int, years: tuple[int, int]) -> Changes:
    """Draw an event's changes over `days` days. years: first days of the years before and after the measure."""
    return _EVENTS[event](draw, np.arange(days), years) if event else Changes()


def _occupancy(draw: np.random.Generator, days: Positions, years: tuple[int, int]) -> Changes:
    since = days >= draw.choice(years) + draw.integers(YEAR)
    return Changes(base=np.where(since, draw.uniform(0.6, 1.6), 1.0))


def _vacancy(draw: np.random.Generator, days: Positions, years: tuple[int, int]) -> Changes:
    length = draw.integers(3 * 7, 10 * 7 + 1)
    since = days - draw.choice(years) - draw.integers(YEAR - length + 1)
    vacant = (since >= 0) & (since < length)
    return Changes(base=np.where(vacant, 0.15, 1.0), conditioning=np.where(vacant, 0.4, 1.0))


def _outliers(draw: np.random.Generator, days: Positions, years: tuple[int, int]) -> Changes:
    outliers = draw.choice(np.add.outer(years, np.arange(YEAR)).ravel(), draw.integers(2, 6), replace=False)
    return Changes(reading=np.where(np.isin(days, outliers), draw.uniform(5, 20, len(days)), 1.0))


_EVENTS: dict[str, Callable[[np.random.Generator, Positions, tuple[int, int]], Changes]] = {
    "occupancy": _occupancy,
    "vacancy": _vacancy,
    "outliers": _outliers,
}
EVENTS = tuple(_EVENTS)
