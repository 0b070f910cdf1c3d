"""Which UsagePoint, MeterReading and ReadingType an IntervalBlock of a Green Button file belongs to.

The standard links Atom entries by their hrefs; files without usable links nest resources, or only have an order. An
href is compared from its last UsagePoint or ReadingType on, too, since some utilities mix absolute and relative ones.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import NamedTuple

from chalicelib.files.espi_xml import Feed, Resource

_HOST = re.compile(r"^\s*(?:[a-z]+:)?//[^/]*", re.IGNORECASE)
_ORDER = attrgetter("order")
_ROOTS = ("usagepoint", "meterreading", "readingtype")


class Chain(NamedTuple):
    """What a block belongs to; None: the file does not say."""

    point: Resource | None
    reading: Resource | None
    type: Resource | None


class _Index:
    """Resources by the hrefs that lead to them. A short form that several have leads to none."""

    def __init__(self, resources: Iterable[Resource], children: str) -> None:
        self._full: dict[tuple[str, ...], Resource] = {}
        self._short: dict[tuple[str, ...], Resource | None] = {}
        for resource in resources:
            lists = [href for href in resource.entry.related if children in _segments(href)[-1:]]
            for href in (resource.entry.self, *lists):
                path = _segments(href)
                if not path:
                    continue
                first = self._full.setdefault(path, resource)  # some utilities repeat an entry
                short = _short(path)
                known = self._short.setdefault(short, first)
                if known is not None and known is not first:
                    self._short[short] = None

    def find(self, *hrefs: str) -> Resource | None:
        """The resource that the first of the hrefs, or a beginning of it, leads to."""
        for index, form in ((self._full, _same), (self._short, _short)):
            for href in hrefs:
                for path in _beginnings(form(_segments(href))):
                    if (found := index.get(path)) is not None:
                        return found
        return None


def chains(feed: Feed) -> list[Chain]:
    """For each block of the feed, in its order, what it belongs to."""
    points = [one for one in feed.resources if one.kind == "UsagePoint"]
    readings = [one for one in feed.resources if one.kind == "MeterReading"]
    types = [one for one in feed.resources if one.kind == "ReadingType"]
    point_index = _Index(points, "meterreading")
    reading_index = _Index(readings, "intervalblock")
    type_index = _Index(types, "")
    type_of = {  # by the MeterReading
        id(owner): type
        for type in reversed(types)
        if (owner := _enclosing(type, "MeterReading") or reading_index.find(type.entry.self)) is not None
    }
    sections = sorted(one.order for one in points + readings)

    def chain(block: Resource) -> Chain:
        entry = block.entry
        reading = _enclosing(block, "MeterReading") or reading_index.find(entry.up, entry.self, *entry.related)
        if reading is None:
            reading = _before(block, readings, linked=bool(entry.up or entry.self))
        owners = [one for one in (block, reading) if one is not None]
        point = next((found for one in owners if (found := _enclosing(one, "UsagePoint")) is not None), None)
        hrefs = [href for one in owners for href in (one.entry.up, one.entry.self)]
        point = point or point_index.find(*hrefs)
        if point is None:
            point = _before(reading or block, points, linked=any(hrefs))
        related = [href for one in owners for href in one.entry.related if "readingtype" in _segments(href)]
        type = type_index.find(*related)
        if type is None and reading is not None:
            type = type_of.get(id(reading))
        return Chain(point, reading, type or _in_section(block, types, sections))

    return [chain(block) for block in feed.blocks]


def last_id(href: str) -> str | None:
    """The id of a UsagePoint, as written in its href."""
    parts = _parts(href)
    return parts[-1] if parts and parts[-1].lower() != "usagepoint" else None


def _enclosing(resource: Resource, kind: str) -> Resource | None:
    parent = resource.parent
    while parent is not None and parent.kind != kind:
        parent = parent.parent
    return parent


def _before(resource: Resource, candidates: list[Resource], *, linked: bool) -> Resource | None:
    """The only candidate, or, if the file has no links, the last one before the resource."""
    if len(candidates) == 1:
        return candidates[0]
    if linked:
        return None
    position = bisect_left(candidates, resource.order, key=_ORDER)
    return candidates[position - 1] if position else None


def _in_section(block: Resource, types: list[Resource], sections: list[int]) -> Resource | None:
    """The only ReadingType, or the only one between the UsagePoint or MeterReading before the block and the next one.

    If one comes before the first section, they may all come before theirs, so the order says nothing.
    """
    if len(types) <= 1:
        return types[0] if types else None
    if not sections or types[0].order < sections[0]:
        return None
    next = bisect_left(sections, block.order)
    first = bisect_left(types, sections[next - 1] if next else 0, key=_ORDER)
    last = bisect_left(types, sections[next], key=_ORDER) if next < len(sections) else len(types)
    return types[first] if last - first == 1 else None


def _segments(href: str) -> tuple[str, ...]:
    return tuple(part.lower() for part in _parts(href))


def _parts(href: str) -> list[str]:
    path = re.split("[?#]", _HOST.sub("", href.strip()), maxsplit=1)[0]
    return [part for part in path.split("/") if part]


def _same(path: tuple[str, ...]) -> tuple[str, ...]:
    return path


def _short(path: tuple[str, ...]) -> tuple[str, ...]:
    """A path from its last root on: of a MeterReading that of its UsagePoint, if that is there."""
    for root in _ROOTS:
        if root in path:
            return path[path.index(root) :]
    return path


def _beginnings(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A path, and what remains of it as segments are left out at the end."""
    for length in range(len(path), 0, -1):
        yield path[:length]
