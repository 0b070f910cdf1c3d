"""Non-routine events of made-up meters: what changes beside the measure, in the year before it or the one after.

    occupancy   from some day on, the base load is 60 to 160 % of what it was
    vacancy     for 3 to 10 weeks, the base load is 15 % of what it was, and heating and cooling are 40 %
    outliers    2 to 5 days read 5 to 20 times what they would

Everything is drawn evenly. The noise of a day changes as its load does.
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
    """By what the base load, heating and cooling, and the reading of each day are multiplied."""

    base: float | Floats = 1.0
    conditioning: float | Floats = 1.0
    reading: float | Floats = 1.0


def draw_changes(draw: np.random.Generator, event: str | None, days: int, years: tuple[int, int]) -> Changes:
    """What an event changes in so many days; years: where the year before the measure starts, and the one after."""
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
