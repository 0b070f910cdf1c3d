"""Register reads: what a meter's counter shows. Consumption is the difference of two reads."""

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

FEWEST = 12  # values; of fewer, a season can look like a counter
FEWEST_RISES = 8
FALLS = 0.05  # of the steps of a counter may go down: exchanges, and counters that begin anew each day or month
MANY = 100  # values; of fewer, a counter may go down once
LEAST_RISES = 0.25  # of the steps; a gas meter stands still all summer
HIGHEST_RATE = 2.0  # times the highest ordinary rate: what a counter that rolled over may have counted
JUMP = 20.0  # times the next lower rate: a counter that has jumped ahead
FEW_JUMPS = 0.02  # of the steps
LONGEST_INTERVAL = pd.Timedelta(hours=25)  # what is read less often is a bill
SPREAD = pd.Timedelta(hours=6)  # a difference is spread over the intervals of such a gap, or over two


def looks_like_register(values: Floats) -> bool:
    """Whether known values in the order of time, posted as consumption, are those of a counter.

    Consumption goes up and down with the seasons and by chance: of a dozen readings in random order, one in a hundred
    thousand goes down no more than once.
    """
    known = values[~np.isnan(values)]
    steps = np.diff(known)
    falls, rises = int((steps < 0).sum()), int((steps > 0).sum())
    allowed = FALLS * len(steps) if len(known) >= MANY else 1
    return len(known) >= FEWEST and falls <= allowed and rises >= max(FEWEST_RISES, LEAST_RISES * len(steps))


def consumption(reads: pd.DataFrame, kind: str, interpretation: str, step: float) -> pd.DataFrame:
    """What was used between reads: start, end, value (NaN where not known), estimated, duplicate, and exchanged.

    reads: by time, with value, and start or end as the instant of the read (kind ARBITRARY_START or ARBITRARY_END); a
    null is no read. step: the energy of one unit of the counter, which starts again at a power of ten of them. A
    difference is estimated, or a duplicate, where its last read is.

    A counter that falls has rolled over if it then has counted at no more than twice the highest ordinary rate;
    otherwise the meter was exchanged or reset, and what was used in between is not known. Nor is it where a counter
    jumps ahead, to twenty times the next lower rate. The counter of a net meter may run backwards.

    Where reads of intervals are missing, the difference over a short gap is spread evenly over its intervals, which are
    then estimated; that over a long one is not known. A bill covers what it covers.
    """
    known = reads[reads["value"].notna()]
    at = known["start" if kind == "ARBITRARY_START" else "end"].reset_index(drop=True)
    used = pd.DataFrame({"start": at[:-1].reset_index(drop=True), "end": at[1:].reset_index(drop=True)})
    for flag in ("estimated", "duplicate"):
        used[flag] = known[flag].to_numpy()[1:]
    hours = (used["end"] - used["start"]).dt.total_seconds().to_numpy(dtype=np.float64) / 3600
    backwards = interpretation == "ELECTRICITY_CONSUMPTION_NET"
    used["value"] = step * _differences(known["value"].to_numpy(dtype=np.float64) / step, hours, backwards=backwards)
    used["exchanged"] = used["value"].isna()
    return _spread(used)


def _spread(used: pd.DataFrame) -> pd.DataFrame:
    seconds = (used["end"] - used["start"]).dt.total_seconds()
    usual = float(seconds.median())
    if not len(used) or usual > LONGEST_INTERVAL.total_seconds():
        return used
    parts = np.maximum((seconds / usual).round().to_numpy(dtype=np.int64), 1)
    short = parts <= max(2, SPREAD.total_seconds() // usual)
    used["value"] = (used["value"] / parts).where(short)
    used["estimated"] |= parts > 1
    parts = np.where(short, parts, 1)
    split = used.loc[used.index.repeat(parts)].reset_index(drop=True)
    number = np.arange(len(split)) - np.repeat(np.cumsum(parts) - parts, parts)
    length = pd.to_timedelta(np.repeat(seconds.to_numpy() / parts, parts), unit="s")
    split["start"] += number * length
    split["end"] = split["start"] + length
    return split


def _differences(units: Floats, hours: Floats, *, backwards: bool) -> Floats:
    """Those of successive reads of a counter, NaN where it was exchanged and made whole where it rolled over."""
    used = np.round(np.diff(units), _decimals(units))
    rate = np.abs(used) / hours
    limit = _highest(rate if backwards else rate[used >= 0])
    for at in np.flatnonzero((rate > JUMP * limit) | ((used < 0) & ~(backwards & (rate <= HIGHEST_RATE * limit)))):
        rolled = used[at] + 10.0 ** (math.floor(math.log10(units[at])) + 1) if units[at] >= 1 else math.nan
        plausible = used[at] < 0 and 0 <= rolled <= HIGHEST_RATE * limit * hours[at]
        used[at] = rolled if plausible else math.nan
    return used


def _decimals(units: Floats) -> int:
    """How many decimals of a difference are known: what lies beyond is the rounding of the reads in binary."""
    largest = float(np.abs(units).max(initial=1.0))
    return max(math.floor(-math.log10(4 * np.finfo(np.float64).eps * largest)), 0)


def _highest(rate: Floats) -> float:
    """The highest rate that is no jump."""
    ordered = np.sort(rate)
    if not len(ordered):
        return 0.0
    few = max(1, math.floor(FEW_JUMPS * len(ordered)))
    for last in range(max(len(ordered) - 1 - few, 0), len(ordered) - 1):
        if ordered[last + 1] > JUMP * ordered[last] > 0:
            return float(ordered[last])
    return float(ordered[-1])
