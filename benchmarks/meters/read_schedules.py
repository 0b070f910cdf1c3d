"""When the meters of made-up bills are read.

The days from one read to the next are drawn evenly, each for itself: 28 to 33 for monthly bills, 57 to 64 for bimonthly
ones. So the dates drift. The first read is on any day of the first bill. Half of the meters are never read on a
weekend: such a read is made on the Monday after, and those that follow stay as planned.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

ANY_DAY, NO_WEEKENDS = SCHEDULES = ("any day", "no weekends")
BILL_DAYS = {"billing_monthly": (28, 33), "billing_bimonthly": (57, 64)}  # the shortest and the longest
_SATURDAY, _WEEK = 5, 7

Positions: TypeAlias = npt.NDArray[np.int64]


def read_positions(
    draw: np.random.Generator, frequency: str, schedule: str, days: int, first_weekday: int
) -> Positions:
    """How many of so many days are over at each read; first_weekday: the first day's, from Monday as 0."""
    shortest, longest = BILL_DAYS[frequency]
    lengths = draw.integers(shortest, longest + 1, days // shortest)
    reads: Positions = draw.integers(longest) + np.append(0, lengths.cumsum())
    if schedule == NO_WEEKENDS:
        weekdays = (first_weekday + reads) % _WEEK
        reads = np.where(weekdays >= _SATURDAY, reads + _WEEK - weekdays, reads)
    return reads[reads <= days]
