"""Ids that two indexes have, without a walk through the whole of either."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import islice

PAGE = 2_000  # ids of an index that are compared at a time: about 15 us each
ITEMS = 100  # ids that cost as much if their items are read, with one BatchGetItem

# The ids in an index with first <= id <= last, ascending and each once, which are read as far as necessary.
Read = Callable[[int, int], Iterator[int]]


def narrowed(one: Read, other: Read, first: int, last: int) -> Iterator[int]:
    """The ids with first <= id <= last that both have, ascending and each once, and possibly some that only one has.

    Where one has far fewer ids, these are returned without reading what the other has up to them: the caller reads the
    items of all ids that are returned, and has to check them.
    """
    ahead = (_Ahead(one, last), _Ahead(other, last))
    while first <= last:
        rarer, denser = sorted((each.of(first) for each in ahead), key=_end(last), reverse=True)
        end = _end(last)(denser)
        known = rarer[: bisect_right(rarer, end)]
        if end == last or len(known) >= ITEMS:
            yield from sorted(set(known).intersection(denser)) or known[-1:]  # so that the caller can stop in time
            first = end + 1
        else:
            yield from rarer[:ITEMS]
            first = rarer[ITEMS - 1] + 1 if len(rarer) >= ITEMS else last + 1


def _end(last: int) -> Callable[[list[int]], int]:
    """Up to which id the next ids of an index are complete."""
    return lambda ids: ids[-1] if len(ids) == PAGE else last


class _Ahead:
    """The next ids of an index, which a new query finds when those that were read are all passed."""

    def __init__(self, read: Read, last: int) -> None:
        self._read, self._last = read, last
        self._next: list[int] = []
        self._ids: Iterator[int] | None = None

    def of(self, first: int) -> list[int]:
        """The ids from `first` on, at most PAGE of them."""
        if self._ids is None or (self._next and self._next[-1] < first - 1):
            self._ids, self._next = self._read(first, self._last), []
        self._next = self._next[bisect_left(self._next, first) :]
        self._next += islice(self._ids, PAGE - len(self._next))
        return self._next
