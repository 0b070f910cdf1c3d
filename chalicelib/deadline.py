"""The time that is left for the work in hand: work that can take long checks it, and stops before Lambda ends it.

A process serves one invocation at a time, so the deadline is that of the process, and holds in its threads as well.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

_end = math.inf  # as time.monotonic() counts


class OutOfTimeError(Exception):
    """The work needs more time than is left."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limit the work inside to so many seconds, or to fewer where an outer limit ends sooner."""
    global _end
    outer = _end
    _end = min(outer, time.monotonic() + seconds)
    try:
        yield
    finally:
        _end = outer


def left() -> float:
    """Seconds until the work has to stop; infinity if it has no limit."""
    return _end - time.monotonic()


def check(needed: float = 0.0) -> None:
    """Raises OutOfTimeError if fewer than `needed` seconds are left."""
    if left() <= needed:
        raise OutOfTimeError(f"{max(left(), 0.0):.1f} seconds are left, and {needed:.1f} are needed")
