"""From the first bytes of a CSV file, or the schema of a Parquet file, to its layout."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from chalicelib.files.columns import MEASURED, missing, refusal, roles, temperature_unit_in, unit_in
from chalicelib.files.dates import is_clock, order_of
from chalicelib.files.encoding import decoded
from chalicelib.files.intervals import Intervals, intervals
from chalicelib.files.layout import Layout
from chalicelib.files.numbers import Decimal, decimal_of
from chalicelib.files.options import FileError, Options

SAMPLE = 256 * 1024  # bytes; a shorter sample is taken for the whole file

_DELIMITERS = (",", ";", "\t", "|")
_LINES = 60  # in which the header is searched
_DATES = ("baseline_period_start", "baseline_period_end", "reporting_period_start", "reporting_period_end")


class _Header(NamedTuple):
    line: int  # from 1, of its last line
    names: list[str]
    columns: dict[str, int]
    day: Intervals | None
    lacking: list[str]
    delimiter: str


def recognize(sample: bytes, options: Options) -> Layout:
    """The layout of a CSV file, given its first SAMPLE bytes.

    Raises FileError if the columns that the kind needs are not found, or dates or numbers are ambiguous.
    """
    text, encoding, mark = decoded(sample, options.encoding)
    lines = [*_lines(text)]
    if "\n" not in text and "\r" in text:
        raise FileError("The file's lines end with CR alone, as of old Macs; save it with LF or CR LF, as CSV UTF-8.")
    if not text.strip():
        raise FileError("The file is empty; it needs a line of column names and rows.")
    if len(sample) >= SAMPLE and not text.endswith("\n"):
        lines.pop()
    header = _header(lines, options)
    rows = [row for _, row in _rows(lines[header.line :], header.delimiter) if any(cell.strip() for cell in row)]
    columns = _with_clock(header.columns, rows)
    return Layout(
        kind=options.kind,
        format="csv",
        names=tuple(header.names),
        columns=columns,
        intervals=header.day.positions if header.day else (),
        minutes=header.day.minutes if header.day else 0,
        order=order_of(*_dates(rows, columns, header.names, options)),
        date_format=options.date_format,
        hour_ending=_hour_ending(_cells(rows, columns, "time")),
        decimal=_decimal(rows, columns, header, options),
        delimiter=header.delimiter,
        encoding=encoding,
        header_bytes=mark + len("".join(lines[: header.line]).encode(encoding)),
        header_lines=header.line,
        unit=_unit(header.names, columns, header.day, options),
        timezone=options.timezone,
        trace_id=options.trace_id,
        station=options.station,
        dataset=options.dataset,
        interpretation=options.interpretation,
    )


def recognize_parquet(
    schema: Mapping[str, pl.DataType], options: Options, sample: pl.DataFrame | None = None
) -> Layout:
    """The layout of a Parquet file, given its schema, and a sample of its rows, by which dates in texts are decided."""
    names = list(schema)
    columns, day, lacking = _columns(names, options)
    if lacking:
        raise refusal(names, lacking, options.kind, 0)
    rows: list[list[str]] = []
    if sample is not None:
        texts = sample.select(
            pl.when(pl.lit(dtype == pl.String)).then(pl.col(name).cast(pl.String, strict=False)).alias(name)
            if dtype == pl.String
            else pl.lit(None, pl.String).alias(name)
            for name, dtype in schema.items()
        )
        rows = [[cell or "" for cell in row] for row in texts.head(10_000).iter_rows()]
    columns = _with_clock(columns, rows)
    header = _Header(0, names, columns, day, [], ",")
    return Layout(
        kind=options.kind,
        format="parquet",
        names=tuple(names),
        columns=columns,
        intervals=day.positions if day else (),
        minutes=day.minutes if day else 0,
        order=order_of(*_dates(rows, columns, names, options)),
        date_format=options.date_format,
        hour_ending=_hour_ending(_cells(rows, columns, "time")),
        decimal=_decimal(rows, columns, header, options),
        unit=_unit(names, columns, day, options),
        timezone=options.timezone,
        trace_id=options.trace_id,
        station=options.station,
        dataset=options.dataset,
        interpretation=options.interpretation,
    )


def _lines(text: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(r"[^\n]*\n|[^\n]+", text))


def _rows(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows, each with the number of its last line; those after an unreadable row are left out."""
    reader = csv.reader(iter(lines), delimiter=delimiter)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error:
        return


def _header(lines: Sequence[str], options: Options) -> _Header:
    """The first row that names all needed columns. Raises FileError if there is none."""
    closest: _Header | None = None
    complaint: FileError | None = None
    found: list[_Header] = []
    for delimiter in (options.delimiter,) if options.delimiter else _DELIMITERS:
        for line, row in _rows(lines[:_LINES], delimiter):
            names = [cell.strip() for cell in row]
            if not any(names):
                continue
            try:
                columns, day, lacking = _columns(names, options)
            except FileError as error:
                complaint = complaint or error
                continue
            header = _Header(line, names, columns, day, lacking, delimiter)
            if not lacking:
                found.append(header)
                break
            if closest is None or (len(lacking), -len(names)) < (len(closest.lacking), -len(closest.names)):
                closest = header
    if found:
        return max(found, key=lambda header: len(header.names))
    if closest and (closest.columns or not complaint):
        if "start" in closest.lacking and "end" in closest.columns:
            raise FileError(
                f'The file has only the ends of intervals, "{closest.names[closest.columns["end"]]}", but a reading needs the '
                'start of the time it covers. Add a column of starts, or map the column that has them: "columns": '
                '{"start": "the name in your file"}.'
            )
        raise refusal(closest.names, closest.lacking, options.kind, closest.line)
    raise complaint or FileError("The file has no rows.")


def _columns(names: Sequence[str], options: Options) -> tuple[dict[str, int], Intervals | None, list[str]]:
    found = roles(names, options.kind, options.columns)
    day = None
    if options.kind == "trace_records" and "value" not in options.columns:
        day = intervals(names, {position for role, position in found.items() if role not in ("value", "time")})
    if day:
        found = {role: position for role, position in found.items() if role not in ("value", "time", "end", "end_time")}
    lacking = missing(
        found, options.kind, {"trace_id": options.trace_id, "station": options.station, "value": day and "x"}
    )
    return found, day, lacking


def _with_clock(columns: dict[str, int], rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Without `time` if it has dates, too: it is then the start, and the other column only its date."""
    clocks = _cells(rows, columns, "time")[:100]
    if not clocks or any(is_clock(text) for text in clocks):
        return columns
    others = {role: position for role, position in columns.items() if role not in ("time", "end_time", "start")}
    return others | {"start": columns["time"]} | ({"end": columns["end_time"]} if "end_time" in columns else {})


def _cells(rows: Sequence[Sequence[str]], columns: Mapping[str, int], role: str) -> list[str]:
    """The cells of a column that are not blank."""
    position = columns.get(role)
    if position is None:
        return []
    return [cell for row in rows if position < len(row) and (cell := row[position].strip())]


def _dates(
    rows: Sequence[Sequence[str]], columns: Mapping[str, int], names: Sequence[str], options: Options
) -> tuple[list[str], str | None, str]:
    used = [role for role in (*_DATES, "start", "end") if role in columns]
    texts = [text for role in used for text in _cells(rows, columns, role)]
    return texts, options.date_format, names[columns[used[0]]] if used else ""


def _hour_ending(clocks: Sequence[str]) -> bool:
    """Whether times are the numbers of the hours from 1 to 24."""
    hours = {int(text) for text in clocks if re.fullmatch(r"\d{1,2}", text)}
    return 24 in hours and 0 not in hours


def _decimal(rows: Sequence[Sequence[str]], columns: Mapping[str, int], header: _Header, options: Options) -> Decimal:
    if options.decimal:
        return "," if options.decimal == "," else "."
    measured = columns.get(MEASURED.get(options.kind, "heat_content"))
    positions = header.day.positions if header.day else () if measured is None else (measured,)
    texts = [text for position in positions for text in _cells(rows, {"": position}, "")]
    return decimal_of(texts, header.delimiter, header.names[positions[0]]) if positions else "."


def _unit(names: Sequence[str], columns: Mapping[str, int], day: Intervals | None, options: Options) -> str | None:
    if options.unit:
        return options.unit
    if options.kind == "weather_records":
        return temperature_unit_in(names[columns["temperature"]])
    if day:
        return day.unit
    return unit_in(names[columns["value"]]) if options.kind == "trace_records" else None
