"""Register reads: what a meter's counter shows. Consumption is the difference of two reads."""

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

FEWEST = 12  # values; of fewer, a season can look like a counter
FEWEST_RISES = 8
FALLS = 0.05  # of the steps of a counter may go down: exchanges, and counters that begin anew each day or month
SMALL_STEP = 0.1  # of the first value: by what a few values of a counter, which has long counted, go up at most
MANY = 100  # values; of fewer, a counter may go down once
LEAST_RISES = 0.25  # of the steps; a gas meter stands still all summer
HIGHEST_RATE = 2.0  # times the highest ordinary rate: what a counter that rolled over may have counted
JUMP = 20.0  # times the highest ordinary rate: a counter that has jumped ahead
MOST_JUMPS = 2  # what recurs is use, as of a pump
LEAST_JUMP = 0.1  # of what the counter then shows
LONGEST_INTERVAL = pd.Timedelta(hours=25)  # what is read less often is a bill
SPREAD = pd.Timedelta(hours=6)  # a difference is spread over the intervals of such a gap, or over two


def looks_like_register(values: Floats) -> bool:
    """Whether known values in the order of time, posted as consumption, are those of a counter.

    Consumption goes up and down with the seasons and by chance: of a dozen readings in random order, one in a hundred
    thousand goes down no more than once. Eight to eleven values have to go up all the time, by little.
    """
    known = values[~np.isnan(values)]
    steps = np.diff(known)
    falls, rises = int((steps < 0).sum()), int((steps > 0).sum())
    allowed = FALLS * len(steps) if len(known) >= MANY else 1
    if len(known) >= FEWEST:
        return falls <= allowed and rises >= max(FEWEST_RISES, LEAST_RISES * len(steps))
    return len(known) >= FEWEST_RISES and rises == len(steps) and float(steps.max()) < SMALL_STEP * float(known[0])


def consumption(reads: pd.DataFrame, kind: str, interpretation: str, step: float) -> pd.DataFrame:
    """What was used between reads: start, end, value (NaN where not known), estimated, duplicate, and exchanged.

    reads: by time, with value, and start or end as the instant of the read (kind ARBITRARY_START or ARBITRARY_END); a
    null is no read. step: the energy of one unit of the counter, which starts again at a power of ten of them. A
    difference is estimated, or a duplicate, where its last read is.

    A counter that falls has rolled over, at the next power of ten above all that it shows, if it then has counted at no
    more than twice the highest ordinary rate; otherwise the meter was exchanged or reset, and what was used in between
    is not known. Nor is it where a counter jumps ahead, at most twice, by more than twenty times the highest ordinary
    rate and a tenth of what it then shows. The counter of a net meter may run backwards.

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
    return placed(used)[0]


def placed(used: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Readings of which none covers several intervals, and those that did and count as missing.

    What covers a few intervals, two or six hours of them, is spread evenly over them, which are then estimated. Bills
    cover what they cover.
    """
    seconds = (used["end"] - used["start"]).dt.total_seconds()
    usual = float(seconds.median())
    if not len(used) or usual > LONGEST_INTERVAL.total_seconds():
        return used, used[:0]
    parts = np.maximum((seconds / usual).round().to_numpy(dtype=np.int64), 1)
    if parts.max() == 1:
        return used, used[:0]
    short = parts <= max(2, SPREAD.total_seconds() // usual)
    unplaced = used[~short & used["value"].notna()]
    used = used.copy()
    used["value"] = (used["value"] / parts).where(short)
    used["estimated"] |= parts > 1
    parts = np.where(short, parts, 1)
    split = used.loc[used.index.repeat(parts)].reset_index(drop=True)
    number = np.arange(len(split)) - np.repeat(np.cumsum(parts) - parts, parts)
    length = pd.to_timedelta(np.repeat(seconds.to_numpy() / parts, parts), unit="s")
    split["start"] += number * length
    split["end"] = split["start"] + length
    return split, unplaced


def _differences(units: Floats, hours: Floats, *, backwards: bool) -> Floats:
    """Those of successive reads of a counter, NaN where it was exchanged and made whole where it rolled over."""
    decimals = _decimals(units)
    used = np.round(np.diff(units), decimals)
    rate = np.abs(used) / hours
    jumps = np.abs(used) > LEAST_JUMP * np.abs(units[1:])
    forward = (used >= 0) | backwards
    limit = _highest(rate[forward], jumps[forward])
    capacity = 10.0 ** (math.floor(math.log10(max(units.max(initial=1.0), 1.0))) + 1)
    for at in np.flatnonzero((jumps & (rate > JUMP * limit)) | ((used < 0) & ~(backwards & (rate <= JUMP * limit)))):
        rolled = round(used[at] + capacity, decimals)
        plausible = used[at] < 0 and 0 <= rolled <= HIGHEST_RATE * limit * hours[at]
        used[at] = rolled if plausible else math.nan
    return used


def _decimals(units: Floats) -> int:
    """How many decimals of a difference are known: what lies beyond is the rounding of the reads in binary."""
    largest = float(np.abs(units).max(initial=1.0))
    return max(math.floor(-math.log10(4 * np.finfo(np.float64).eps * largest)), 0)


def _highest(rate: Floats, may_jump: npt.NDArray[np.bool_]) -> float:
    """The highest rate that is no jump: without the few highest, where they may be jumps far above the others."""
    order = np.argsort(rate)
    ordered, may_jump = rate[order], may_jump[order]
    for count in range(1, min(MOST_JUMPS, len(ordered) - 1) + 1):
        if may_jump[-count:].all() and ordered[-count] > JUMP * ordered[-count - 1] > 0:
            return float(ordered[-count - 1])
    return float(ordered[-1]) if len(ordered) else 0.0
