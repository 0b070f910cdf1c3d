"""Register reads, the cumulative values on a meter's register. Consumption is the difference between two reads."""

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

MIN_VALUES = 12  # with fewer values, seasonal consumption can look like a register
MIN_RISES = 8
MAX_FALL_SHARE = 0.05  # share of falling differences: meter exchanges, and registers reset every day or month
MAX_RELATIVE_STEP = 0.1  # of the first value, if there are few: the register has been in use for a long time
MANY = 100  # values; with fewer, a register may fall once
MIN_RISE_SHARE = 0.25  # of the steps; a gas meter may stand still all summer
MAX_ROLLOVER_RATE = 2.0  # times the highest ordinary rate: the limit for consumption across a rollover
JUMP = 20.0  # times the highest ordinary rate: the register has jumped ahead
MAX_JUMPS = 2  # more frequent jumps are real use, as by a pump
MIN_JUMP_SHARE = 0.1  # of the read after the jump
LONGEST_INTERVAL = pd.Timedelta(hours=25)  # anything read less often is a bill
MAX_SPREAD = pd.Timedelta(hours=6)  # consumption over a gap up to this length, or of two intervals, is spread evenly


def looks_like_register(values: Floats) -> bool:
    """Return whether values posted as consumption, in order of time, look like register reads.

    Consumption rises and falls with the seasons and by chance: a dozen readings in random order fall at most once with
    a probability of one in 100,000. Eight to eleven values must rise at every step, by small amounts.
    """
    known = values[~np.isnan(values)]
    steps = np.diff(known)
    falls, rises = int((steps < 0).sum()), int((steps > 0).sum())
    allowed = MAX_FALL_SHARE * len(steps) if len(known) >= MANY else 1
    if len(known) >= MIN_VALUES:
        return falls <= allowed and rises >= max(MIN_RISES, MIN_RISE_SHARE * len(steps))
    return len(known) >= MIN_RISES and rises == len(steps) and float(steps.max()) < MAX_RELATIVE_STEP * float(known[0])


def consumption(reads: pd.DataFrame, kind: str, interpretation: str, energy_per_unit: float) -> pd.DataFrame:
    """Return the consumption between reads: start, end, value (NaN if unknown), estimated, duplicate and exchanged.

    reads: in order of time, with value, and start or end as the instant of the read (kind ARBITRARY_START or
    ARBITRARY_END); a null is not a read. energy_per_unit: of the register, which rolls over at a power of ten units. A
    difference is estimated, or a duplicate, if its last read is.

    If the register falls, it has rolled over at the next power of ten above all its reads, provided that the resulting
    rate is at most twice the highest ordinary rate; otherwise the meter was exchanged or reset, and the consumption in
    between is unknown. It is also unknown if the register jumps ahead, at most twice, by more than 20 times the highest
    ordinary rate and a tenth of the new read. The register of a net meter may run backwards.

    If interval reads are missing, the difference over a short gap is spread evenly over its intervals, which are then
    estimated; over a long gap, it is unknown. Bills may have any length.
    """
    known = reads[reads["value"].notna()]
    at = known["start" if kind == "ARBITRARY_START" else "end"].reset_index(drop=True)
    used = pd.DataFrame({"start": at[:-1].reset_index(drop=True), "end": at[1:].reset_index(drop=True)})
    for flag in ("estimated", "duplicate"):
        used[flag] = known[flag].to_numpy()[1:]
    hours = (used["end"] - used["start"]).dt.total_seconds().to_numpy(dtype=np.float64) / 3600
    backwards = interpretation == "ELECTRICITY_CONSUMPTION_NET"
    units = known["value"].to_numpy(dtype=np.float64) / energy_per_unit
    used["value"] = energy_per_unit * _differences(units, hours, backwards=backwards)
    used["exchanged"] = used["value"].isna()
    return split_long_readings(used)[0]


def split_long_readings(used: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split readings that cover several intervals; also return those that are too long, which count as missing.

    A reading of two intervals, or of up to six hours, is spread evenly over its intervals, which are then estimated.
    Bills are not split.
    """
    seconds = (used["end"] - used["start"]).dt.total_seconds()
    usual = float(seconds.median())
    if not len(used) or usual > LONGEST_INTERVAL.total_seconds():
        return used, used[:0]
    parts = np.maximum((seconds / usual).round().to_numpy(dtype=np.int64), 1)
    if parts.max() == 1:
        return used, used[:0]
    short = parts <= max(2, MAX_SPREAD.total_seconds() // usual)
    long_readings = used[~short & used["value"].notna()]
    used = used.copy()
    used["value"] = (used["value"] / parts).where(short)
    used["estimated"] |= parts > 1
    parts = np.where(short, parts, 1)
    split = used.loc[used.index.repeat(parts)].reset_index(drop=True)
    number = np.arange(len(split)) - np.repeat(np.cumsum(parts) - parts, parts)
    length = pd.to_timedelta(np.repeat(seconds.to_numpy() / parts, parts), unit="s")
    split["start"] += number * length
    split["end"] = split["start"] + length
    return split, long_readings


def _differences(units: Floats, hours: Floats, *, backwards: bool) -> Floats:
    """Return the differences of successive register reads, corrected for rollovers; NaN for exchanges and jumps."""
    decimals = _decimals(units)
    used = np.round(np.diff(units), decimals)
    rate = np.abs(used) / hours
    jumps = np.abs(used) > MIN_JUMP_SHARE * np.abs(units[1:])
    forward = (used >= 0) | backwards
    limit = _highest(rate[forward], jumps[forward])
    capacity = 10.0 ** (math.floor(math.log10(max(units.max(initial=1.0), 1.0))) + 1)
    for at in np.flatnonzero((jumps & (rate > JUMP * limit)) | ((used < 0) & ~(backwards & (rate <= JUMP * limit)))):
        rolled = round(used[at] + capacity, decimals)
        plausible = used[at] < 0 and 0 <= rolled <= MAX_ROLLOVER_RATE * limit * hours[at]
        used[at] = rolled if plausible else math.nan
    return used


def _decimals(units: Floats) -> int:
    """Return the number of significant decimals of a difference; further ones are binary rounding of the reads."""
    largest = float(np.abs(units).max(initial=1.0))
    return max(math.floor(-math.log10(4 * np.finfo(np.float64).eps * largest)), 0)


def _highest(rate: Floats, may_jump: npt.NDArray[np.bool_]) -> float:
    """Return the highest ordinary rate: without up to MAX_JUMPS rates far above the others that may be jumps."""
    order = np.argsort(rate)
    ordered, may_jump = rate[order], may_jump[order]
    for count in range(1, min(MAX_JUMPS, len(ordered) - 1) + 1):
        if may_jump[-count:].all() and ordered[-count] > JUMP * ordered[-count - 1] > 0:
            return float(ordered[-count - 1])
    return float(ordered[-1]) if len(ordered) else 0.0
