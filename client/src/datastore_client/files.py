"""Which files to load, and what each holds: recognized from its name and its first lines."""

import csv
import gzip
import io
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from datastore_client.errors import DatastoreError

FORMATS = {".csv": "csv", ".txt": "csv", ".csv.gz": "csv.gz", ".parquet": "parquet", ".xml": "espi"}
READ = 64 * 1024  # bytes, in which the header is

_IN_BRACKETS, _NOT_ALPHANUMERIC = re.compile(r"[(\[].*?[)\]]"), re.compile(r"[\W_]+")
_TMY3_HEADER = re.compile(r"date \(mm/dd/yyyy\),\s*time \(hh:mm\)", re.IGNORECASE)
_START = re.compile(".*(start|begin|from|date|time|day)")
_VALUE = re.compile("value|.*(usage|consum|energy|quantity|reading)|read$|net$|import$")
_UNIT = re.compile(r"\b([kmg]?wh|therms?|dth|[cm]?cf|m3|[km]*btu|mj|gj)\b", re.IGNORECASE)
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}")
_TEMPERATURE = re.compile("temp|airtemp|drybulb|outdoortemp|oat$")
_DATES = re.compile("(baseline|reporting)(period)?(start|end)|(work|installation|project)(start|end|complete)")
_INTERPRETATION = re.compile("(trace)?interpretation$|fuel(type)?$|metertype$")


class Kind(StrEnum):
    """What a file holds; each kind after those that it refers to."""

    PROJECTS = "projects"
    WEATHER_RECORDS = "weather_records"
    TMY3 = "tmy3"
    TRACES = "traces"
    TRACE_RECORDS = "trace_records"


class Format(StrEnum):
    """How a file is written; ESPI is Green Button."""

    CSV = "csv"
    CSV_GZ = "csv.gz"
    PARQUET = "parquet"
    ESPI = "espi"


class UnknownContent(DatastoreError, ValueError):
    """What a file holds cannot be recognized."""


class Recognized(NamedTuple):
    """What a file holds, and how."""

    kind: str
    format: str


def found(paths: Iterable[Path]) -> list[Path]:
    """Return the files: those that are given, and for a directory those in it with a known ending, by name.

    Raises UnknownContent if there are none.
    """
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        inside = sorted(one for one in path.iterdir() if one.is_file() and _format_of(one) is not None)
        if not inside:
            raise UnknownContent(f"{path} has no files that end in {', '.join(FORMATS)}.")
        files += inside
    return list(dict.fromkeys(files))


def recognized(
    path: Path, kind: str | None = None, format: str | None = None, columns: Mapping[str, str] | None = None
) -> Recognized:
    """Return the kind and format of a file. Those that are given are not looked for.

    columns: the file's column for each of the API's names. Raises UnknownContent, which says what to give.
    """
    if not path.stat().st_size:
        raise UnknownContent(f"{path} is empty.")
    format = format or _format_of(path) or "csv"
    if kind is None:
        kind = "trace_records" if format == "espi" else _kind_of(path, format, columns or {})
    return Recognized(kind, format)


def kind_of_columns(names: Iterable[str]) -> str | None:
    """Return the kind of table that has these columns, or None.

    >>> kind_of_columns(["Account", "Start Date", "End Date", "Usage (CCF)"])
    'trace_records'
    >>> kind_of_columns(["project_id", "Baseline Period End", "Reporting Period Start"])
    'projects'
    """
    names = list(names)
    columns = {_NOT_ALPHANUMERIC.sub("", _IN_BRACKETS.sub("", name).lower()) for name in names}

    def some(pattern: re.Pattern[str]) -> bool:
        return any(pattern.match(column) for column in columns)

    if some(_TEMPERATURE) or {"station", "dataset"} <= columns:
        return "weather_records"
    if some(_DATES):
        return "projects"
    has_value = some(_VALUE) or any(_UNIT.search(name.replace("_", " ")) for name in names)
    is_wide = sum(bool(_TIME_OF_DAY.search(name)) for name in names) > 1
    if some(_START) and (has_value or is_wide):
        return "trace_records"
    if some(_INTERPRETATION) or ("traceid" in columns and columns & {"projectid", "projects", "unit"}):
        return "traces"
    return "projects" if "projectid" in columns else None


def _format_of(path: Path) -> str | None:
    name = path.name.lower()
    return next((format for ending, format in FORMATS.items() if name.endswith(ending)), None)


def _kind_of(path: Path, format: str, columns: Mapping[str, str]) -> str:
    advice = f"say what it holds with --kind: {', '.join(Kind)}"
    if format == "parquet":
        raise UnknownContent(f"The columns of {path} are not looked at, since it is a Parquet file; {advice}.")
    first, second = _first_lines(path, format)
    if _TMY3_HEADER.search(second):
        return "tmy3"
    names = _cells(first)
    api_names = {column: name for name, column in columns.items()}
    kind = kind_of_columns(api_names.get(name, name) for name in names)
    if kind is None:
        raise UnknownContent(
            f"{path} has the columns {', '.join(names)}, which are not those of a known table; {advice}, and "
            "which column is which with --column NAME=COLUMN."
        )
    return kind


def _first_lines(path: Path, format: str) -> tuple[str, str]:
    with path.open("rb") as file:
        start = gzip.GzipFile(fileobj=file).read(READ) if format == "csv.gz" else file.read(READ)
    encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    lines = start.decode(encoding, errors="replace").splitlines()
    return (*lines[:2], "", "")[:2]  # type: ignore[return-value]


def _cells(line: str) -> list[str]:
    """Return the cells of a header, whatever delimiter it has."""
    delimiter = max(",;\t|", key=line.count)
    return [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=delimiter), [])]
