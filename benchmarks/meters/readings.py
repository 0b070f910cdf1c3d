"""The readings of a simulated meter as records of a trace: daily, hourly, or bills."""

from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.meters.climates import Climate, observed_days
from benchmarks.meters.read_schedules import BILL_DAYS, Positions, read_positions

Floats: TypeAlias = npt.NDArray[np.float64]


class Clock(NamedTuple):
    """The starts (ISO 8601) of hours or days with readings, the end of the last, and the day and hour of each start."""

    starts: list[str]
    day: Positions
    hour: Positions


def records(
    draw: np.random.Generator, climate: Climate, energy: Floats, frequency: str, schedule: str
) -> list[dict[str, Any]]:
    """Return the energy of the climate's days as records at this frequency. The last one only marks the end."""
    clock = _clock(climate, "h" if frequency == "hourly" else "D")
    starts, values = clock.starts, energy
    if frequency == "hourly":
        values = _by_hour(draw, clock, energy)
    elif frequency in BILL_DAYS:
        first_weekday = observed_days(climate).index[0].dayofweek
        reads = read_positions(draw, frequency, schedule, len(energy), first_weekday)
        starts, values = [starts[at] for at in reads], np.diff(np.append(0, energy.cumsum())[reads])
    return [
        {"start": start, "value": value, "estimated": False}
        for start, value in zip(starts, [*values.tolist(), None], strict=True)
    ]


def _by_hour(draw: np.random.Generator, clock: Clock, energy: Floats) -> Floats:
    """Split days into hours: a sine wave that differs between meters, and up to ± 20 % for each hour."""
    wave = 1 + draw.uniform(0, 0.5) * np.sin((clock.hour + draw.uniform(0, 24)) * np.pi / 12)
    shares = wave * draw.uniform(0.8, 1.2, len(wave))
    by_hour: Floats = shares * (energy / np.bincount(clock.day, shares))[clock.day]
    return by_hour


@cache
def _clock(climate: Climate, step: str) -> Clock:
    days = pd.DatetimeIndex(observed_days(climate).index)
    starts = pd.date_range(days[0], days[-1] + pd.DateOffset(days=1), freq=step)
    day = days.searchsorted(starts[:-1], "right") - 1
    return Clock([start.isoformat() for start in starts], day, starts[:-1].hour.to_numpy())
