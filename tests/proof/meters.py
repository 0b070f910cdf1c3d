"""The meters of the equivalence test: eemeter's samples from Illinois, and simulated ones with fixed seeds."""

import itertools
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

ZONES = ("America/Chicago", "UTC", "Europe/London", "Australia/Sydney", "Asia/Tokyo", "America/New_York")
_SAMPLE = "il-electricity-cdd-hdd-daily"


class Meter(NamedTuple):
    """Readings and hourly temperatures (F), both in the meter's time zone."""

    name: str
    readings: pd.Series
    temperature: pd.Series
    electricity: bool

    def to_plain(self) -> dict[str, Any]:
        """Convert the meter to plain JSON; `from_plain` restores it bit for bit."""
        return {
            "name": self.name,
            "zone": str(pd.DatetimeIndex(self.readings.index).tz),
            "electricity": self.electricity,
            "readings": _plain(self.readings),
            "temperature": _plain(self.temperature),
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "Meter":
        zone = plain["zone"]
        readings, temperature = _series(plain["readings"], zone), _series(plain["temperature"], zone)
        return cls(plain["name"], readings, temperature, plain["electricity"])


def _plain(series: pd.Series) -> list[tuple[int, str]]:
    instants = pd.DatetimeIndex(series.index).tz_convert("UTC").as_unit("ns").asi8
    return [(at, value.hex()) for at, value in zip(instants.tolist(), series.astype(float).tolist(), strict=True)]


def _series(plain: list[tuple[int, str]], zone: str) -> pd.Series:
    index = pd.DatetimeIndex([at for at, _ in plain], tz="UTC").tz_convert(zone)
    return pd.Series([float.fromhex(value) for _, value in plain], index=index)


def samples(frequencies: tuple[str, ...] = ("daily", "billing")) -> Iterator[Meter]:
    """Yield eemeter's daily and billing samples from Illinois, for the year before and the year after the project."""
    from eemeter.eemeter.samples import load_sample
    from eemeter.eemeter.samples import samples as names

    for name in names():
        if name.startswith("il-") and any(f"-{frequency}" in name for frequency in frequencies):
            readings, temperature, about = load_sample(name)
            readings = readings["value"].tz_convert(ZONES[0])
            temperature = temperature.tz_convert(ZONES[0])
            gas = about["interpretation"] == "gas"
            end, start = about["blackout_start_date"], about["blackout_end_date"]
            year = pd.Timedelta(days=365)
            periods = {"before": readings[end - year : end], "after": readings[start : start + year]}
            for period, part in periods.items():
                yield Meter(f"{name} {period}", part, temperature, not gas)


@cache
def _hours() -> pd.Series:
    """Return the temperatures of the samples: a little more than two years of real weather."""
    from eemeter.eemeter.samples import load_sample

    hours: pd.Series = load_sample(_SAMPLE)[1].dropna()
    return hours


Shape = Callable[[np.random.Generator, Floats, pd.DatetimeIndex], Floats]


def _heating(random: np.random.Generator, T: Floats, slope: float = 1.0) -> Floats:
    return slope * random.uniform(0.2, 3) * np.maximum(random.uniform(45, 65) - T, 0)


def _cooling(random: np.random.Generator, T: Floats) -> Floats:
    return random.uniform(0.2, 3) * np.maximum(T - random.uniform(60, 75), 0)


def _noise(random: np.random.Generator, days: Floats, share: float = 0.1) -> Floats:
    return days * (1 + share * random.standard_normal(len(days)))


def _both(random: np.random.Generator, T: Floats) -> Floats:
    return random.uniform(1, 30) + _heating(random, T) + _cooling(random, T)


def _some(random: np.random.Generator, days: Floats, share: float, value: float | Floats) -> Floats:
    return np.where(random.random(len(days)) < share, value, days)


def _smooth(random: np.random.Generator, T: Floats) -> Floats:
    width = random.uniform(2, 12)
    heated = random.uniform(0.3, 2) * width * np.logaddexp(0, (random.uniform(45, 58) - T) / width)
    return 10 + heated + random.uniform(0.3, 2) * width * np.logaddexp(0, (T - random.uniform(64, 75)) / width)


KINDS: dict[str, Shape] = {
    "both": lambda random, T, days: _noise(random, _both(random, T)),
    "heating": lambda random, T, days: _noise(random, 5 + _heating(random, T)),
    "cooling": lambda random, T, days: _noise(random, 5 + _cooling(random, T)),
    "flat": lambda random, T, days: _noise(random, np.full(len(T), random.uniform(1, 50))),
    "noise": lambda random, T, days: random.gamma(random.uniform(0.3, 3), 10, len(T)),
    "exact": lambda random, T, days: _both(random, T),
    "gaps": lambda random, T, days: _some(random, _noise(random, _both(random, T)), random.uniform(0.02, 0.2), np.nan),
    "zeros": lambda random, T, days: _some(random, _noise(random, _both(random, T)), random.uniform(0.1, 0.8), 0.0),
    "outliers": lambda random, T, days: _some(
        random, _noise(random, _both(random, T)), 0.05, 100 * random.standard_cauchy(len(T))
    ),
    "one outlier": lambda random, T, days: np.where(
        np.arange(len(T)) == random.integers(len(T)), 1e6, _noise(random, _both(random, T))
    ),
    "negative": lambda random, T, days: _noise(random, -_both(random, T)),
    "crossing zero": lambda random, T, days: _noise(random, _both(random, T) - 40),
    "same": lambda random, T, days: np.full(len(T), round(random.uniform(-5, 50), random.integers(4))),
    "same but one": lambda random, T, days: np.where(np.arange(len(T)) == random.integers(len(T)), 1e3, 7.0),
    "all zero": lambda random, T, days: np.zeros(len(T)),
    "integers": lambda random, T, days: np.round(_noise(random, _both(random, T)) / 10),
    "two values": lambda random, T, days: np.where(random.random(len(T)) < 0.5, 1.0, 2.0),
    "1e-12": lambda random, T, days: 1e-12 * _noise(random, _both(random, T)),
    "1e12": lambda random, T, days: 1e12 * _noise(random, _both(random, T)),
    "1e150": lambda random, T, days: 1e150 * _noise(random, _both(random, T)),
    "1e-170": lambda random, T, days: 1e-170 * _noise(random, _both(random, T)),
    "1e300": lambda random, T, days: 1e300 * _noise(random, _both(random, T)),
    "step": lambda random, T, days: (
        np.where(np.arange(len(T)) < len(T) / 2, 1.0, 3.0) * _noise(random, _both(random, T))
    ),
    "weekends": lambda random, T, days: np.where(days.dayofweek >= 5, 0.3, 1.0) * _noise(random, _both(random, T)),
    "smooth": lambda random, T, days: _noise(random, _smooth(random, T), 0.03),
    "summers": lambda random, T, days: np.where(
        np.isin(days.month, (6, 7, 8, 9)), 9.0, _noise(random, _both(random, T))
    ),
    "rising": lambda random, T, days: _noise(random, 100 - _both(random, T), 0.02),  # slopes of the wrong sign
}


class _Weather(NamedTuple):
    """A change to the temperatures."""

    name: str
    change: Callable[[np.random.Generator, Floats], Floats]


def _constant_piece(random: np.random.Generator, hours: Floats) -> Floats:
    start = random.integers(len(hours) // 2)
    at = np.arange(len(hours))
    return np.where((start <= at) & (at < start + 2400), 50.0, hours)


def _missing(random: np.random.Generator, hours: Floats) -> Floats:
    missing = random.random(len(hours)) < random.uniform(0.01, 0.1)
    for start in random.integers(len(hours), size=5):
        missing[start : start + random.integers(10, 60)] = True
    return np.where(missing, np.nan, hours)


WEATHERS = (
    _Weather("unchanged", lambda random, hours: hours),
    _Weather("with gaps", _missing),
    _Weather("rounded", lambda random, hours: np.repeat(np.round(hours[::24] / 5) * 5, 24)[: len(hours)]),
    _Weather("constant for 100 days", _constant_piece),
    _Weather("mild", lambda random, hours: 60 + (hours - 60) / 8),
    _Weather("hot", lambda random, hours: hours + 35),
    _Weather("constant", lambda random, hours: np.full(len(hours), 55.0)),
    _Weather("arctic", lambda random, hours: hours - 60),
)
LENGTHS = (365, 365, 365, 365, 400, 330, 200, 90, 45, 20, 9, 3)


def simulated_meter(number: int) -> Meter:
    """Return a simulated meter: its number determines its kind, and seeds everything else."""
    random = np.random.default_rng(number)
    kind = list(KINDS)[number % len(KINDS)]
    weather = WEATHERS[random.choice(len(WEATHERS), p=[0.45, 0.15, 0.1, 0.1, 0.05, 0.05, 0.02, 0.08])]
    length = int(random.choice(LENGTHS))
    zone = str(random.choice(ZONES))
    hours = _hours().tz_convert(zone)
    first = hours.index[0].normalize() + pd.DateOffset(days=1 + int(random.integers(380)))
    hours = hours[first - pd.Timedelta(days=1) : first + pd.DateOffset(days=length + 1)]
    hours = hours[hours.index >= first.normalize()]
    hours = pd.Series(weather.change(random, hours.to_numpy()), index=hours.index)
    by_day = hours.resample("D").mean().iloc[:length]
    days = pd.DatetimeIndex(by_day.index)
    known: Floats = np.asarray(by_day.interpolate(limit_direction="both"), dtype=np.float64)
    readings = pd.Series(KINDS[kind](random, known, days), index=days)
    name = f"{number}: {kind}, {weather.name}, {length} days, {zone}"
    return Meter(name, readings, hours, bool(random.integers(2)))


def short(meter: Meter) -> Meter:
    """Return the first half year of a meter."""
    return meter._replace(name=f"{meter.name}, short", readings=meter.readings.iloc[:180])


def bills(meter: Meter) -> Meter:
    """Return the same meter with monthly readings, or bimonthly ones if its name has an odd length."""
    size = 2 if len(meter.name) % 2 else 1
    months = meter.readings.resample(f"{size}MS").sum(min_count=1)
    return meter._replace(name=f"{meter.name}, bills", readings=months)


def simulated(count: int, first: int = 0) -> Iterator[Meter]:
    """Yield simulated meters with consecutive numbers."""
    return map(simulated_meter, itertools.islice(itertools.count(first), count))
