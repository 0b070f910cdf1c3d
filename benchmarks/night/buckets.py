"""Token buckets: what AWS accepts of the calls that arrive in a step of the simulation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

LARGEST = 25.0  # units of one request; a bucket holds at least that many, so that every request can succeed
GRANTED = -1


class Bucket:
    """A limit of `rate` units per second on each of `keys` keys. It holds what one second brings.

    ceiling: up to which the limit grows with its use, as that of an on-demand table does; None if it never grows.
    """

    def __init__(self, name: str, rate: float, keys: int = 1, ceiling: float | None = None) -> None:
        self.name, self.rate, self.keys, self.ceiling = name, rate, keys, ceiling
        self.throttled = 0  # calls of workers that were refused
        self.throttled_bulk = 0  # BatchWriteItem calls that were refused
        self.waited = 0.0  # seconds of workers, for pauses and repeated calls
        self.utilisation = 0.0  # the highest ratio of the units requested of a key in one second to the limit
        self.served = 0.0  # units in total
        self._tokens = np.full(keys, float(max(rate, LARGEST)))
        self._requested = np.zeros(keys)
        self._served = np.zeros(keys)
        self._peak = 0.0  # units served in one second

    def refill(self, seconds: float) -> None:
        """Add what so many seconds bring."""
        np.minimum(self._tokens + self.rate * seconds, max(self.rate, LARGEST), out=self._tokens)

    def refused(self, keys: Integers | None, units: Floats) -> Booleans:
        """Which of these requests, in the order of time, are over the limit. keys: None if there is only one."""
        if keys is None:
            return np.asarray(np.cumsum(units) > self._tokens[0] + 1e-9)
        if np.all(np.bincount(keys, units, self.keys) <= self._tokens + 1e-9):
            return np.zeros(keys.size, dtype=bool)
        order = np.argsort(keys, kind="stable")
        running = np.cumsum(units[order])
        first = np.searchsorted(keys[order], keys[order])  # of each request's key
        before = running[first] - units[order][first]
        over = np.empty(keys.size, dtype=bool)
        over[order] = running - before > self._tokens[keys[order]] + 1e-9
        return over

    def request(self, keys: Integers | None, units: Floats) -> None:
        """Count what is asked of this limit: what it serves, and what it refuses itself."""
        self._requested += self._by_key(keys, units)

    def take(self, keys: Integers | None, units: Floats) -> None:
        """Serve requests."""
        taken = self._by_key(keys, units)
        self._tokens -= taken
        self._served += taken

    def end_second(self) -> None:
        """Note the rates of the last second."""
        self.utilisation = max(self.utilisation, float(self._requested.max()) / self.rate)
        self.served += float(self._served.sum())
        self._peak = max(self._peak, float(self._served.max()))
        self._requested[:] = 0
        self._served[:] = 0

    def grow(self) -> None:
        """Double the highest rate so far, if this limit grows."""
        if self.ceiling is not None:
            self.rate = min(self.ceiling, max(self.rate, 2 * self._peak))

    def _by_key(self, keys: Integers | None, units: Floats) -> Floats:
        if keys is None:
            return np.array([units.sum()])
        return np.bincount(keys, units, self.keys).astype(np.float64)


class Demand(NamedTuple):
    """What each of several calls needs of a bucket: units of a key (None: the bucket has only one)."""

    bucket: Bucket
    keys: Integers | None
    units: Floats


def admit(calls: int, demands: Sequence[Demand]) -> Integers:
    """Serve the calls, in the order of time, for which all buckets have enough; none of them counts in part.

    Returns, for each call, GRANTED or the number of the demand that was refused.
    """
    outcome = np.full(calls, GRANTED)
    for number, (bucket, keys, units) in enumerate(demands):
        asking = np.flatnonzero(outcome == GRANTED)
        over = bucket.refused(None if keys is None else keys[asking], units[asking])
        outcome[asking[over]] = number
    for number, (bucket, keys, units) in enumerate(demands):
        granted = outcome == GRANTED
        bucket.take(_of(keys, granted), units[granted])
        asked = granted | (outcome == number)
        bucket.request(_of(keys, asked), units[asked])
    return outcome


def _of(keys: Integers | None, chosen: Booleans) -> Integers | None:
    return None if keys is None else keys[chosen]
