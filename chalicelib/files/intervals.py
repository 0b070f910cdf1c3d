"""Tables with a row per day and a column per interval: which columns these are, and how long an interval is."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.files.columns import unit_in

_MINUTES_PER_DAY = 1_440
_NUMBERED = re.compile(r"^(?P<prefix>.*?)[\s_\-]*(?P<number>\d{1,4})$")
_CLOCK = re.compile(
    r"^(?P<prefix>.*?)[\s_\-]*(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::00)?\s*(?P<half>[ap]\.?m\.?)?"
    r"(?:\s*(?:-|to|\u2013)\s*\d{1,2}:\d\d(?::00)?\s*(?:[ap]\.?m\.?)?)?$",
    re.IGNORECASE,
)


class Intervals(NamedTuple):
    """The columns of the intervals of a day.

    positions: in the order of time; the columns beyond a day of 24 hours, for the day on which clocks go back, are
    last. minutes: the length of an interval. unit: from the columns' names.
    """

    positions: tuple[int, ...]
    minutes: int
    unit: str | None


def intervals(names: Sequence[str], taken: set[int]) -> Intervals | None:
    """The columns of intervals of a day: 24, 48 or 96, or 25, 50 or 100; None if the table has none.

    Recognized are numbers (`1` to `24`, `HR01`, `interval_96`), and times of the day (`00:30`, `KWH_0015`), each with
    or without text before it. The first column always starts at midnight: times that begin with 00:00 are the
    intervals' starts, and those that end with 24:00 or 00:00 their ends.
    """
    groups: defaultdict[tuple[str, str], list[tuple[int, int, str]]] = defaultdict(list)  # order, position, name
    for position, name in enumerate(names):
        if position in taken:
            continue
        if clock := _CLOCK.match(name.strip()):
            hour = int(clock["hour"])
            if clock["half"]:
                hour = hour % 12 + 12 * (clock["half"][0].lower() == "p")
            groups["clock", clock["prefix"].lower()].append((hour * 60 + int(clock["minute"]), position, name))
        elif number := _NUMBERED.match(name.strip()):
            digits, prefix = number["number"], number["prefix"].lower()
            groups["number", prefix].append((int(digits), position, name))
            if len(digits) == 4 or (len(digits) == 3 and digits[-1] in "05"):
                groups["clock", prefix].append((int(digits[:-2]) * 60 + int(digits[-2:]), position, name))
    candidates = [found for (kind, _), group in groups.items() if (found := _day(kind, group))]
    return max(candidates, key=lambda found: len(found.positions), default=None)


def _day(kind: str, group: list[tuple[int, int, str]]) -> Intervals | None:
    """The intervals if these columns are those of a day."""
    per_day = next((count for count in (24, 48, 96) if len(group) in (count, count + count // 24)), None)
    if per_day is None:
        return None
    minutes = _MINUTES_PER_DAY // per_day
    step = minutes if kind == "clock" else 1
    ordered = list(group)
    if ordered[-1][0] == 0 and ordered[0][0] == step:  # ends of intervals, of which the last is written as 00:00
        ordered[-1] = (per_day * step, *ordered[-1][1:])
    ordered.sort()
    first = ordered[0][0]
    if first not in (0, step) or any(order != first + index * step for index, (order, _, _) in enumerate(ordered)):
        return None
    return Intervals(tuple(position for _, position, _ in ordered), minutes, unit_in(ordered[0][2]))
