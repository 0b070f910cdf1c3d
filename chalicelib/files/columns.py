"""Which column of a file is what, by the names that meter data, utilities and Portfolio Manager give their columns."""

import re
from collections.abc import Mapping, Sequence

from chalicelib.files.options import FileError, Kind
from chalicelib.files.synonyms import SYNONYMS
from chalicelib.files.units import is_unit

_REQUIRED: dict[Kind, tuple[tuple[str, ...], ...]] = {  # one name of each
    "trace_records": (("trace_id", "trace"), ("start",), ("value",)),
    "weather_records": (("station",), ("start",), ("temperature",)),
    "projects": (("project_id",),),
    "traces": (("trace_id",),),
}
MEASURED = {"trace_records": "value", "weather_records": "temperature"}
_BRACKETED = re.compile(r"[(\[]([^)\]]*)[)\]]")
_SEPARATORS = re.compile(r"[\s_\-./:#*°]+")


def plain(name: str) -> str:
    """The name of a column without what does not matter: case, spaces, `_`, `-` and units in brackets."""
    return _SEPARATORS.sub("", _BRACKETED.sub("", name).strip().lower())


def unit_in(name: str) -> str | None:
    """The unit of energy or gas in the name of a column, such as kWh of `Energy (kWh)` and `usage_kwh`; else None."""
    for text in (*_BRACKETED.findall(name), name, *re.split(r"[\s_\-./:]+", _BRACKETED.sub("", name))):
        if is_unit(text.strip()):
            return str(text.strip())
    return None


def temperature_unit_in(name: str) -> str | None:
    """F or C if the name of a column of temperatures says so; else None."""
    words = re.findall(r"[a-z]+", name.lower())
    if not words or plain(name) in ("f", "c"):
        return None
    last = words[-1].removeprefix("temp").removeprefix("erature")
    return {"f": "F", "fahrenheit": "F", "degf": "F", "tf": "F", "c": "C", "celsius": "C", "degc": "C", "tc": "C"}.get(
        last
    )


def roles(names: Sequence[str], kind: Kind, mapping: Mapping[str, str]) -> dict[str, int]:
    """The position of the column of each API name that the file has.

    mapping: {API name: file column}. Raises FileError if it names a column that is not there, or an unknown API name.
    """
    found = _mapped(names, kind, mapping)
    spellings = [plain(name) for name in names]
    without_unit = [_without_unit(name) for name in names]
    for role, synonyms in SYNONYMS[kind].items():
        if role in found:
            continue
        for spelled in (spellings, without_unit) if role in MEASURED.values() else (spellings,):
            position = next(
                (
                    spelled.index(name)
                    for name in synonyms
                    if name in spelled and spelled.index(name) not in found.values()
                ),
                None,
            )
            if position is not None:
                found[role] = position
                break
    if "trace" in found and "trace_id" not in mapping and "traceid" not in spellings:
        found.pop("trace_id", None)  # a name such as `id` means the trace's own id less surely than `trace`
    measured = MEASURED.get(kind)
    if measured == "value" and "value" not in found:  # a column that is only named after a unit
        for position, name in enumerate(names):
            if position not in found.values() and is_unit(plain(name)):
                found["value"] = position
                break
    if "start" not in mapping and "end" not in found and _is_read_of_bill(found, spellings):
        found["end"] = found.pop("start")
    return _time_of_date(found, spellings)


def missing(found: Mapping[str, int], kind: Kind, given: Mapping[str, str | None]) -> list[str]:
    """The API names of the required columns that the file lacks and the options do not give."""
    return [
        " or ".join(names) for names in _REQUIRED[kind] if not any(name in found or given.get(name) for name in names)
    ]


def refusal(names: Sequence[str], lacking: Sequence[str], kind: Kind, line: int) -> FileError:
    """The error for a file whose header lacks columns."""
    shown = ", ".join(f'"{name}"' for name in names[:40] if name.strip()) or "no names"
    example = lacking[0].split(" ")[0]
    return FileError(
        f"The file has no column for {' and none for '.join(lacking)}. The columns in line {line} are {shown}. Rename "
        f'the columns to the names of the API, or map them: "columns": {{"{example}": "the name in your file"}}.'
        + (" A file without a line of column names cannot be read; add one." if line == 1 else "")
    )


def _mapped(names: Sequence[str], kind: Kind, mapping: Mapping[str, str]) -> dict[str, int]:
    found = {}
    for role, name in mapping.items():
        if role not in SYNONYMS[kind]:
            known = ", ".join(SYNONYMS[kind])
            raise FileError(f'"columns" maps "{role}", which is not a column of {kind}; use {known}.')
        exact = [position for position, given in enumerate(names) if given.strip() == name.strip()]
        alike = [position for position, given in enumerate(names) if plain(given) == plain(name)]
        if not exact and not alike:
            shown = ", ".join(f'"{given}"' for given in names[:40])
            raise FileError(f'"columns" maps "{role}" to "{name}", but the file\'s columns are {shown}.')
        found[role] = (exact or alike)[0]
    return found


def _is_read_of_bill(found: Mapping[str, int], spellings: Sequence[str]) -> bool:
    """Whether the dates are those on which a meter was read after the days that another column counts."""
    days = ("days", "billingdays", "billdays", "numberofdays", "numdays", "daysofservice", "servicedays", "noofdays")
    read = ("readdate", "readingdate", "meterreaddate", "date")
    return "start" in found and spellings[found["start"]] in read and any(name in days for name in spellings)


def _time_of_date(found: dict[str, int], spellings: Sequence[str]) -> dict[str, int]:
    """Of two columns such as `Date` and `Start Time`, the date is `start`, the other one `time`."""
    dates = ("date", "usagedate", "readdate", "readingdate", "datum", "day", "tag", "fecha", "localdate")
    if "start" not in found and "time" in found:
        found["start"] = found.pop("time")
    start, end = found.get("start"), found.get("end")
    date = next((spellings.index(name) for name in dates if name in spellings), None)
    if date is not None and start is not None and spellings[start] == "starttime" and date not in found.values():
        found["time"], found["start"] = start, date
    if end is not None and "time" in found and spellings[end] in ("endtime", "timeend"):
        found["end_time"] = found.pop("end")
    if "time" in found and "start" in found and spellings[found["start"]] not in dates:
        del found["time"]  # the start has its own time
        found.pop("end_time", None)
    return found


def _without_unit(name: str) -> str:
    words = [word for word in re.split(r"[\s_\-./:]+", _BRACKETED.sub("", name)) if word]
    return plain(" ".join(word for word in words if not is_unit(word)))
