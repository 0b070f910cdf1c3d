"""Millions of ids in a few megabytes: sets of ids, ids by id, and pairs of ids."""

from array import array
from collections.abc import Iterable, Iterator

PAGE = 4096  # ids; ids of one kind are close to each other, since they are allocated in order


class IdSet:
    """A set of ids as bits, which takes an eighth of a byte for each id between the lowest and the highest."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._pages: dict[int, bytearray] = {}
        self._count = 0
        for id in ids:
            self.add(id)

    def add(self, id: int) -> None:
        """Add an id."""
        number, offset = divmod(id, PAGE)
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = bytearray(PAGE // 8)
        position, bit = offset >> 3, 1 << (offset & 7)
        if not page[position] & bit:
            page[position] |= bit
            self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        """The ids, ascending."""
        for number in sorted(self._pages):
            for position, bits in enumerate(self._pages[number]):
                if bits:
                    first = number * PAGE + position * 8
                    yield from (first + bit for bit in range(8) if bits >> bit & 1)


class IdMap:
    """An id for each of some ids, which takes eight bytes for each id between the lowest and the highest."""

    def __init__(self) -> None:
        self._pages: dict[int, array[int]] = {}

    def __setitem__(self, id: int, value: int) -> None:
        number, offset = divmod(id, PAGE)
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = array("q", bytes(8 * PAGE))
        page[offset] = value

    def __getitem__(self, id: int) -> int:
        """The value of an id; 0 if it has none."""
        number, offset = divmod(id, PAGE)
        page = self._pages.get(number)
        return page[offset] if page else 0


class IdPairs:
    """Pairs of ids in the order in which they were added, which take sixteen bytes each."""

    def __init__(self) -> None:
        self._first, self._second = array("q"), array("q")

    def add(self, pair: tuple[int, int]) -> None:
        """Add a pair."""
        self._first.append(pair[0])
        self._second.append(pair[1])

    def __len__(self) -> int:
        return len(self._first)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._first, self._second, strict=True)
