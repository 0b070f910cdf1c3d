"""One pass over the XML of a Green Button file: its resources, how they are linked, and its readings.

Names are compared without their namespaces and prefixes, which differ between utilities, some of which do not declare
them. No tree is built: memory holds about 40 bytes per reading.
"""

from dataclasses import dataclass, field
from typing import IO, Any, NoReturn
from xml.sax import SAXParseException  # nosec B406  # only the exception
from xml.sax.handler import ContentHandler  # nosec B406  # defusedxml's parser calls it

import polars as pl
from defusedxml import DefusedXmlException, expatreader

from chalicelib.files.espi_readings import TEXTS, typed
from chalicelib.files.options import FileError

CHUNK = 1_000_000  # bytes
ROWS = 200_000  # readings per block
_MAX_DEPTH = 100  # elements; Green Button has about 10
_MAX_RESOURCES = 1_000_000  # an IntervalBlock usually is a day
_LONGEST = 1_000  # characters of a text

# The texts that count, by the names of their parent and their element in lower case.
_FIELDS = {
    ("timeperiod", "start"): "start",
    ("timeperiod", "duration"): "duration",
    ("intervalreading", "value"): "value",
    ("readingquality", "quality"): "quality",
    ("interval", "start"): "start",
    ("interval", "duration"): "duration",
    ("servicecategory", "kind"): "kind",
    ("localtimeparameters", "tzoffset"): "tzOffset",
} | {
    ("readingtype", name.lower()): name
    for name in (
        "accumulationBehaviour", "commodity", "defaultQuality", "flowDirection", "intervalLength", "phase",
        "powerOfTenMultiplier", "uom",
    )
}  # fmt: skip
_RESOURCES = {
    name.lower(): name for name in ("UsagePoint", "MeterReading", "ReadingType", "IntervalBlock", "LocalTimeParameters")
}
_GOOD_QUALITIES = ("0", "17", "18", "19")  # of several qualities of a reading, another one counts


@dataclass(eq=False)
class Entry:
    """The links of an Atom entry."""

    self: str = ""
    up: str = ""
    related: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Resource:
    """A resource: what it is, its line, its place in the order of the file, and its fields as texts.

    entry: its links; empty in files without Atom. parent: the resource in which it is nested.
    """

    kind: str
    line: int
    order: int
    entry: Entry
    parent: "Resource | None"
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Feed:
    """What a file has: the resources in its order, those of them that are IntervalBlocks, and the readings.

    readings: the columns espi_readings.READINGS, in parts, and rejected: REJECTED; both empty unless they are wanted.
    with_readings: the numbers of the blocks that have some, and the duration of the first of each;
    with_one_reading: those with just one.
    """

    resources: list[Resource] = field(default_factory=list)
    blocks: list[Resource] = field(default_factory=list)
    readings: list[pl.DataFrame] = field(default_factory=list)
    rejected: list[pl.DataFrame] = field(default_factory=list)
    with_readings: dict[int, str] = field(default_factory=dict)
    with_one_reading: set[int] = field(default_factory=set)


def read(file: IO[bytes], *, readings: bool) -> Feed:
    """What a Green Button file has. readings: whether to return them. Raises FileError.

    Refuses document type definitions, and so entities and all that they can do.
    """
    parser = expatreader.create_parser(forbid_dtd=True)
    handler = _Handler(parser, readings)
    parser.setContentHandler(handler)
    try:
        while chunk := file.read(CHUNK):
            parser.feed(chunk)
        if not handler.root:
            parser.feed(b" ")  # an empty file is not noticed otherwise
        parser.close()
    except SAXParseException as error:
        raise FileError(
            f"The file is not valid XML: {error.getMessage()} in line {error.getLineNumber()}, column "
            f"{(error.getColumnNumber() or 0) + 1}. It may be truncated: download it again."
        ) from None
    except DefusedXmlException:
        raise FileError(
            "The file has a document type definition (<!DOCTYPE ...>), which may be an attack. Green Button files have "
            "none: remove it."
        ) from None
    except LookupError:
        raise FileError("The encoding that the XML declaration names is unknown. Save the file as UTF-8.") from None
    if not handler.feed.resources and handler.root != "feed":
        raise FileError(
            f"The file is no Green Button file: it has none of its elements, and begins with <{handler.root}>. "
            "Download it again, as XML."
        )
    handler.flush()
    return handler.feed


class _Handler(ContentHandler):
    """Collects what counts as the parser meets it."""

    def __init__(self, locator: Any, keep: bool) -> None:
        super().__init__()
        self.feed = Feed()
        self.root = ""
        self._keep = keep
        self._locator = locator
        self._lower: dict[str, str] = {}  # names as they are written: without their prefixes, in lower case
        self._path = [""]
        self._entries: list[Entry] = []
        self._nested: list[Resource] = []
        self._field: str | None = None
        self._text = ""
        self._reading: dict[str, str] | None = None
        self._line = self._position = 0
        self._rows: list[tuple[int, int, int, str | None, str | None, str | None, str | None]] = []

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        lower = self._lower.get(name)
        if lower is None:
            lower = self._lower[name] = name.rpartition(":")[2].lower()
        self._field = _FIELDS.get((self._path[-1], lower))
        self._text = ""
        self._path.append(lower)
        self.root = self.root or lower
        if lower == "intervalreading":
            self._reading, self._line = {}, self._locator.getLineNumber()
        elif lower in _RESOURCES:
            self._begin(_RESOURCES[lower])
        elif lower == "entry":
            self._entries.append(Entry())
        elif lower == "link" and self._entries:
            self._link(attrs.get("rel", ""), attrs.get("href", ""))
        elif len(self._path) > _MAX_DEPTH:
            self._refuse(f"more than {_MAX_DEPTH} elements are nested in each other")

    def characters(self, content: str) -> None:
        if self._field is not None and len(self._text) < _LONGEST:
            self._text += content

    def endElement(self, name: str) -> None:  # noqa: N802
        ended = self._path.pop()
        if self._field is not None:
            self._note(self._field, self._text.strip())
            self._field = None
        elif ended == "intervalreading":
            self._end_reading()
        elif ended in _RESOURCES:
            self._nested.pop()
        elif ended == "entry":
            self._entries.pop()

    def flush(self) -> None:
        """Pack the rows that have been read."""
        if self._rows:
            columns = zip(TEXTS, zip(*self._rows, strict=True), strict=True)
            readings, rejected = typed(pl.DataFrame(dict(columns), schema=TEXTS))
            self.feed.readings.append(readings)
            self.feed.rejected.append(rejected)
            self._rows = []

    def _begin(self, kind: str) -> None:
        entry = self._entries[-1] if self._entries else Entry()
        parent = self._nested[-1] if self._nested else None
        found = Resource(kind, self._locator.getLineNumber(), len(self.feed.resources), entry, parent)
        if found.order > _MAX_RESOURCES:
            self._refuse(f"it has more than {_MAX_RESOURCES:,} resources; divide it into several")
        self.feed.resources.append(found)
        self._nested.append(found)
        if kind == "IntervalBlock":
            self.feed.blocks.append(found)
            self._position = 0

    def _link(self, rel: str, href: str) -> None:
        entry = self._entries[-1]
        if rel == "self":
            entry.self = entry.self or href
        elif rel == "up":
            entry.up = entry.up or href
        elif rel == "related" and href not in entry.related:
            entry.related.append(href)

    def _note(self, name: str, text: str) -> None:
        if self._reading is None:
            if self._nested:
                self._nested[-1].fields.setdefault(name, text)
        elif name != "quality" or self._reading.get(name, "0") in _GOOD_QUALITIES:
            self._reading[name] = text

    def _end_reading(self) -> None:
        reading = self._reading or {}
        self._reading = None
        if not self._nested or self._nested[-1].kind != "IntervalBlock":
            self._refuse("it has an IntervalReading outside of an IntervalBlock")
        number = len(self.feed.blocks) - 1
        if not self._position:
            self.feed.with_readings[number] = reading.get("duration", "")
            self.feed.with_one_reading.add(number)
        elif self._position == 1:
            self.feed.with_one_reading.discard(number)
        if self._keep:
            texts = (reading.get("start"), reading.get("duration"), reading.get("value"), reading.get("quality"))
            self._rows.append((self._line, number, self._position, *texts))
            if len(self._rows) >= ROWS:
                self.flush()
        self._position += 1

    def _refuse(self, problem: str) -> NoReturn:
        line = self._locator.getLineNumber()
        raise FileError(f"The file is no Green Button file that can be read: {problem} (line {line}).")
