"""What the readings of each IntervalBlock of a Green Button file are: of which trace, in which unit, and how scaled.

The codes are those of NAESB's ESPI schema (REQ.21), espi.xsd.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chalicelib.files.espi_links import Chain, chains, last_id
from chalicelib.files.espi_xml import Feed, Resource
from chalicelib.files.options import FileError, Options

FORWARD, NET, REVERSE = 1, 4, 19  # FlowDirection
_UNITS = {  # UnitSymbol: the unit, and the power of ten to it
    72: ("Wh", 0),
    31: ("MJ", -6),  # joules
    132: ("Btu", 0),
    169: ("therm", 0),
    42: ("m3", 0),
    119: ("cf", 0),
}
_INTERVALS, _REGISTERS = (0, 4, 9), (1, 2, 3)  # AccumulationBehaviour; 0: not applicable, 4: delta, 9: summation
_KINDS = {0: "electricity", 1: "gas"}  # of ServiceCategory
_COMMODITIES = {1: "electricity", 2: "electricity", 7: "gas"}
_FUELS = {"Wh": "electricity", "therm": "gas"}  # by the unit, if the file says nothing else
_INTERPRETATIONS = {
    ("electricity", FORWARD): "E_C_S",
    ("electricity", REVERSE): "E_OSG_U",
    ("electricity", NET): "E_C_N",
    ("gas", FORWARD): "NG_C_S",
}
_GENERIC = 3  # characters; an id such as 1 or 01 only numbers the meters of one customer
_DAY = range(23 * 3600, 25 * 3600 + 1)  # seconds


class Problem(NamedTuple):
    """Why readings cannot be used: the element, its text, and a sentence."""

    element: str
    value: str
    reason: str


@dataclass
class Meter:
    """What the readings of a block are. problem: why they cannot be used; the rest then means nothing.

    key: the trace_id. power: of ten, by which values are multiplied. length: of a reading in seconds; None: unknown.
    line: where the file names it.
    """

    line: int
    key: str = ""
    direction: int = FORWARD
    fuel: str | None = None
    unit: str = ""
    power: int = 0
    register: bool = False
    length: int | None = None
    phase: str = ""
    quality: int | None = None
    problem: Problem | None = None

    @property
    def interpretation(self) -> str | None:
        """The short code; None: the file does not say."""
        return _INTERPRETATIONS[self.fuel, self.direction] if self.fuel else None


def meters(feed: Feed, options: Options) -> list[Meter]:
    """What the readings of each block of the feed are. Raises FileError if the traces have no names of their own."""
    found = chains(feed)
    has_types = any(one.kind == "ReadingType" for one in feed.resources)
    lengths = _shortest(feed, found)
    made = [_meter(block, chain, has_types, options) for block, chain in zip(feed.blocks, found, strict=True)]
    used = list[tuple[Meter, Chain]]()
    for number, (meter, chain) in enumerate(zip(made, found, strict=True)):
        if meter.problem is None and number in feed.with_readings:
            used.append((meter, chain))
    _name(used, options)
    _keep_finest(used, lengths)
    return made


def _meter(block: Resource, chain: Chain, has_types: bool, options: Options) -> Meter:
    line = chain.point.line if chain.point is not None else block.line
    if chain.type is None and has_types:
        reason = (
            "The file does not link this IntervalBlock to its ReadingType, so its unit is unknown. Correct its links."
        )
        return Meter(line, problem=Problem("IntervalBlock", f"line {block.line}", reason))
    texts = chain.type.fields if chain.type is not None else {}
    kind = chain.point.fields.get("kind", "") if chain.point is not None else ""
    names = ("uom", "powerOfTenMultiplier", "flowDirection", "accumulationBehaviour", "intervalLength", "commodity")
    codes = {name: _code(texts.get(name, "")) for name in names}
    for name, code in codes.items():
        if code is None:
            return Meter(line, problem=Problem(name, texts[name][:100], f"The {name} of the ReadingType is no number."))
    uom, power = codes["uom"] or 0, codes["powerOfTenMultiplier"] or 0
    direction, behaviour = codes["flowDirection"] or FORWARD, codes["accumulationBehaviour"] or 0
    unit, scale = _UNITS.get(uom, (options.unit if not uom else None, 0))
    fuel = _KINDS.get(_code(kind) or 0) if kind else _COMMODITIES.get(codes["commodity"] or 0, _FUELS.get(unit or ""))
    quality = _code(texts.get("defaultQuality", ""))
    meter = Meter(line, "", direction, fuel, unit or "", power + scale, behaviour in _REGISTERS, quality=quality or 0)
    meter.length, meter.phase = max(codes["intervalLength"] or 0, 0) or None, texts.get("phase", "")
    meter.problem = _problem(meter, kind, uom, power, behaviour)
    return meter


def _problem(meter: Meter, kind: str, uom: int, power: int, behaviour: int) -> Problem | None:
    if kind and meter.fuel is None:
        return Problem("kind", kind, "The UsagePoint is neither of electricity (ServiceCategory 0) nor of gas (1).")
    if not meter.unit:
        known = "Wh (72), J (31), Btu (132), therms (169), m3 (42) and cubic feet (119)"
        reason = f"The unit with the code {uom} is none of energy or gas: {known} are read."
        without = f"The file gives no unit (uom). Give the upload a unit, or have one of these codes: {known}."
        return Problem("uom", str(uom) if uom else "", reason if uom else without)
    if not -12 <= power <= 12:
        return Problem("powerOfTenMultiplier", str(power), "The power of ten is not between -12 and 12. Correct it.")
    if meter.direction not in (FORWARD, NET, REVERSE) or (meter.fuel == "gas" and meter.direction != FORWARD):
        reason = "The flowDirection is none of forward (1), reverse (19) and net (4); of gas, only forward is read."
        return Problem("flowDirection", str(meter.direction), reason)
    if behaviour not in _INTERVALS + _REGISTERS:
        reason = "The accumulationBehaviour is that of neither interval data (4) nor register reads (1, 2 or 3)."
        return Problem("accumulationBehaviour", str(behaviour), reason)
    return None


def _code(text: str) -> int | None:
    """An integer; 0 if there is none; None if the text is none, or one with more than nine digits."""
    if not text:
        return 0
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,9}", text) else None


def _shortest(feed: Feed, found: Sequence[Chain]) -> dict[int, int]:
    """The shortest duration of the readings of each ReadingType, as far as the first ones of blocks tell."""
    shortest = dict[int, int]()
    for number, duration in feed.with_readings.items():
        seconds = _code(duration)
        if seconds:
            type = id(found[number].type)
            shortest[type] = min(seconds, shortest.get(type, seconds))
    return shortest


def _name(used: Iterable[tuple[Meter, Chain]], options: Options) -> None:
    """Give each meter its trace_id.

    It is the id of the UsagePoint, or, of a file with only one, the trace_id of the options; of a file with several,
    the latter is put before the ids. What flows to the utility is apart, with -received at the end, and net with -net
    if the UsagePoint also has what flows from it.
    """
    names = dict[int, str | None]()
    forward = set[int]()
    for meter, chain in used:
        names[id(chain.point)] = last_id(chain.point.entry.self) if chain.point is not None else None
        if meter.direction == FORWARD:
            forward.add(id(chain.point))
    if len(names) > 1 and len(set(names.values())) < len(names):
        raise FileError(
            "Several UsagePoints of the file have no id or the same id in their links. Divide the file into one per "
            "UsagePoint, and give each upload a trace_id."
        )
    for meter, chain in used:
        name = names[id(chain.point)]
        if options.trace_id:
            base = options.trace_id if len(names) == 1 else f"{options.trace_id}-{name}"
        elif name is None:
            raise FileError("The file does not name its UsagePoint. Give the upload a trace_id.")
        elif len(name) <= _GENERIC:
            raise FileError(
                f"The file's UsagePoint has the id {name}, which other files probably use for other meters. Give the "
                "upload a trace_id."
            )
        else:
            base = name
        both = meter.direction == NET and id(chain.point) in forward
        meter.key = base + ("-received" if meter.direction == REVERSE else "-net" if both else "")


def _keep_finest(used: Sequence[tuple[Meter, Chain]], lengths: dict[int, int]) -> None:
    """Mark readings that repeat the energy of others of the same trace: in longer intervals, or as register reads."""
    best = dict[str, tuple[bool, int, str, str]]()
    detail = list[tuple[Meter, tuple[bool, int, str, str]]]()
    for meter, chain in used:
        seconds = meter.length or lengths.get(id(chain.type), 0)
        length = 86_400 if seconds in _DAY else 30 * 86_400 if seconds > _DAY[-1] or not seconds else seconds
        signature = (meter.register, length, meter.unit, meter.phase)
        detail.append((meter, signature))
        if meter.key not in best or signature[:2] < best[meter.key][:2]:
            best[meter.key] = signature
    for meter, signature in detail:
        if signature != best[meter.key]:
            reason = (
                f"The file also has the energy of {meter.key} in shorter intervals or of another phase; those are read."
            )
            meter.problem = Problem("IntervalBlock", meter.key, reason)
