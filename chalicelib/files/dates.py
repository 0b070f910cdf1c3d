"""Dates and times of a file as texts: their spellings, and whether the day or the month comes first."""

import re
from collections.abc import Iterable
from typing import Literal

from chalicelib.files.options import FileError

Order = Literal["ymd", "dmy", "mdy"]

DATE = (
    r"(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
    r"|(?P<y8>\d{4})(?P<m8>\d\d)(?P<d8>\d\d)"
    r"|(?P<first>\d{1,2})[-/.](?P<second>\d{1,2})[-/.](?P<y2>\d{4}|\d\d)"
    r"|(?P<d3>\d{1,2})[-\s.]?\s*(?P<name3>[A-Za-z]{3,9})\.?[-\s,]\s*(?P<y3>\d{4}|\d\d)"
    r"|(?P<name4>[A-Za-z]{3,9})\.?\s+(?P<d4>\d{1,2}),?\s+(?P<y4>\d{4}))"
)
TIME = (
    r"(?P<hour>\d{1,2})(?::?(?P<minute>\d\d)(?::?(?P<second_>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
)
ZONE = r"\s*(?P<zone>Z|z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?"
MOMENT = rf"^{DATE}(?:(?:T|,?\s+){TIME}{ZONE})?$"
_MOMENT = re.compile(MOMENT)
_CLOCK = re.compile(rf"^{TIME}$")
_PYTHON_ONLY = {"%z": "%#z", ".%f": "%.f", "%-d": "%d", "%-m": "%m", "%-H": "%H", "%-I": "%I"}
_FOR_EXAMPLE = '"date_format": "%m/%d/%Y" if the month comes first, or "%d/%m/%Y" if the day does'


def order_of(texts: Iterable[str], date_format: str | None, column: str) -> Order:
    """Whether year, day or month comes first in the dates of a sample of a column.

    Dates with dots are European. Raises FileError if it is undecidable, or if no text is a date.
    """
    if date_format:
        return "ymd"
    given = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    found = [match for text in given if (match := _MOMENT.match(text))]
    if given and not found:
        raise FileError(
            f'The column "{column}" has no dates that can be recognized, such as "{given[0]}". Give their format, '
            'such as "date_format": "%d.%m.%Y %H:%M"; "%s" is seconds since 1970.'
        )
    numeric = [match for match in found if match["first"]]
    if not numeric:
        return "ymd"
    day_first = sum(int(match["first"]) > 12 or "." in match[0][:6] for match in numeric)
    month_first = sum(int(match["second"]) > 12 and "." not in match[0][:6] for match in numeric)
    if day_first == month_first:
        raise FileError(
            f'The dates in the column "{column}", such as "{numeric[0][0]}", do not show whether the day or the month '
            f"comes first. Give their format: {_FOR_EXAMPLE} (with the time, if there is one, such as %H:%M)."
        )
    return "dmy" if day_first > month_first else "mdy"


def is_clock(text: str) -> bool:
    """Whether a text is a time of the day, without a date."""
    return bool(_CLOCK.match(text.strip()))


def for_polars(date_format: str) -> str:
    """The format with the few directives that polars spells differently."""
    for directive, spelling in _PYTHON_ONLY.items():
        date_format = date_format.replace(directive, spelling)
    return date_format


def likely_format(text: str, order: Order) -> str | None:
    """The format of a date with separators, to parse most cells of a column fast; None for other dates."""
    match = _MOMENT.match(text)
    separator = re.search(r"[-/.]", text)
    if not match or not separator or not (match["y"] or match["first"]):
        return None
    parts = "ymd" if match["y"] else order
    year = "%y" if match["y2"] and len(match["y2"]) == 2 else "%Y"
    date = separator[0].join({"y": year, "m": "%m", "d": "%d"}[part] for part in parts)
    if (parts == "ymd") != bool(match["y"]):
        return None
    if not match["hour"]:
        return date
    if not match["minute"] or ":" not in text or (match["half"] and "." in match["half"]):
        return None
    gap = text[match.end("d" if match["y"] else "y2") : match.start("hour")]
    time = ("%I" if match["half"] else "%H") + ":%M" + (":%S" if match["second_"] else "")
    if match["fraction"]:
        time += "%.f" if "." in text[match.end("second_") :] else ""
    if match["half"]:
        time += text[max(match.end("minute"), match.end("second_")) : match.start("half")] + "%p"
    zone = match["zone"]
    if not zone:
        return date + gap + time
    if zone in ("Z", "z", "UTC", "GMT"):
        return date + gap + time + text[match.end("half") if match["half"] else _time_end(match) :]
    return date + gap + time + "%z" if text[match.start("zone") - 1] != " " else None


def _time_end(match: re.Match[str]) -> int:
    return max(match.end(name) for name in ("hour", "minute", "second_", "fraction"))
