"""The time left for the current invocation: long-running work checks it and stops before Lambda ends it.

A process serves one invocation at a time, so the deadline is that of the process, and holds in its threads as well.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

_end = math.inf  # on the clock of time.monotonic()


class DeadlineExceededError(Exception):
    """The work needs more time than is left."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limit the enclosed work to this many seconds, or to less if an outer limit ends sooner."""
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
    """Raises DeadlineExceededError if fewer than `needed` seconds are left."""
    if left() <= needed:
        raise DeadlineExceededError(f"{max(left(), 0.0):.1f} seconds are left, and {needed:.1f} are needed")
