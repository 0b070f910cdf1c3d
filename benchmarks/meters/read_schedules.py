"""When the meters of simulated bills are read.

The days between two reads are drawn uniformly and independently: 28 to 33 for monthly bills, 57 to 64 for bimonthly
bills. So the read dates drift. The first read is on any day of the first bill. Half of the meters are never read on a
weekend: a read that falls on one is moved to the next Monday, and later reads stay as planned.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

ANY_DAY, NO_WEEKENDS = SCHEDULES = ("any day", "no weekends")
BILL_DAYS = {"billing_monthly": (28, 33), "billing_bimonthly": (57, 64)}  # minimum and maximum
_SATURDAY, _WEEK = 5, 7

Positions: TypeAlias = npt.NDArray[np.int64]


def read_positions(
    draw: np.random.Generator, frequency: str, schedule: str, days: int, first_weekday: int
) -> Positions:
    """Draw the reads as numbers of elapsed days, up to `days`. first_weekday: weekday of the first day, Monday is 0."""
    shortest, longest = BILL_DAYS[frequency]
    lengths = draw.integers(shortest, longest + 1, days // shortest)
    reads: Positions = draw.integers(longest) + np.append(0, lengths.cumsum())
    if schedule == NO_WEEKENDS:
        weekdays = (first_weekday + reads) % _WEEK
        reads = np.where(weekdays >= _SATURDAY, reads + _WEEK - weekdays, reads)
    return reads[reads <= days]
