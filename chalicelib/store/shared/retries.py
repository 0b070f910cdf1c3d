"""Pauses between the attempts at what other requests, or throttling, may prevent."""

import random
import time
from collections.abc import Iterator

LONGEST = 1.0  # seconds


def attempts(count: int, first: float = 0.02) -> Iterator[int]:
    """Yield the number of each attempt, from 0, with a pause before all but the first.

    The pauses are random, so that requests that met once do not meet again, and grow: up to `first` seconds, then up to
    twice as long each time, but never over LONGEST.
    """
    for attempt in range(count):
        if attempt:
            time.sleep(random.uniform(0, min(LONGEST, first * 2 ** (attempt - 1))))
        yield attempt
